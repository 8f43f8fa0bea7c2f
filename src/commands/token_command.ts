import type { Command } from "commander";
import type { Registrar } from "./registration.ts";
import { tokenClear, tokenImport, type TokenOptions, tokenRefresh, tokenStatus } from "./token.ts";

/** `token status|refresh|clear|import`. */
export function registerToken(registrar: Registrar): void {
  const token = registrar.program.command("token")
    .description("look at and change the cached Kosmi tokens")
    .addHelpText(
      "after",
      `
Examples:
  kosmi-relay token status                          whose tokens there are, and when they expire
  kosmi-relay token refresh                         log in now, not at the next start
  kosmi-relay token import < token.txt              take one from your own browser
  kosmi-relay token clear --account kosmi.movienight`,
    );
  addStatus(registrar, token);
  addRefresh(registrar, token);
  addClear(registrar, token);
  addImport(registrar, token);
}

function add(token: Command, name: string, description: string): Command {
  return token.command(name).description(description)
    .option("--account <account>", "only this account, such as kosmi.movienight");
}

function optionsOf(registrar: Registrar, command: Command): TokenOptions {
  return { ...registrar.common(), account: command.opts<{ account?: string }>().account ?? null };
}

function addStatus(registrar: Registrar, token: Command): void {
  const status = add(token, "status", "tell whose the tokens are and when they expire; no token")
    .option("--json", "for programs", false)
    .addHelpText("after", "\nExample:\n  kosmi-relay token status --json | jq .");
  status.action(async () => {
    const { json } = status.opts<{ json: boolean }>();
    registrar.done(await tokenStatus({ ...optionsOf(registrar, status), json }));
  });
}

function addRefresh(registrar: Registrar, token: Command): void {
  const refresh = add(token, "refresh", "log in now and cache the new token")
    .addHelpText("after", "\nExample:\n  kosmi-relay token refresh --account kosmi.movienight");
  refresh.action(async () =>
    registrar.done(await tokenRefresh(optionsOf(registrar, refresh), registrar.stopping))
  );
}

function addClear(registrar: Registrar, token: Command): void {
  const clear = add(token, "clear", "forget the cached token: the next start logs in")
    .addHelpText("after", "\nExample:\n  kosmi-relay token clear --account kosmi.movienight");
  clear.action(async () => registrar.done(await tokenClear(optionsOf(registrar, clear))));
}

function addImport(registrar: Registrar, token: Command): void {
  const fromInput = add(token, "import", "cache a token that is read from standard input")
    .addHelpText("after", "\nExample:\n  kosmi-relay token import < token.txt");
  fromInput.action(async () => registrar.done(await tokenImport(optionsOf(registrar, fromInput))));
}
