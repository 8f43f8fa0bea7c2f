import type { Command } from "commander";
import { findJwt, isJwt, readJwt } from "../../auth/tokens/jwt.ts";
import { tokenAge, USUAL_LIFE_MS } from "../../auth/tokens/token_source.ts";
import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import { formatRfc3339 } from "../../base/times.ts";
import type { Config, KosmiAccountConfig } from "../../config/options/config.ts";
import { printErrorLine, printLine, stderrIsTerminal } from "../../log/terminal.ts";
import { normalEmail } from "../../store/files/file_names.ts";
import { TokenCaches } from "../../store/files/token_cache.ts";
import { TokenSources } from "../setup/tokens.ts";
import { readSecret } from "../shared/ask.ts";
import { EXIT, type ExitCode, type Registrar } from "../shared/command.ts";
import {
  anonymousReport,
  cacheReport,
  configuredReport,
  reportTable,
  type TokenReport,
} from "./token_report.ts";
import { lifeOf, type TokenOptions, withTokenSession } from "./token_session.ts";

/** Tells of every account's token all but the token itself; works beside a running relay. */
async function tokenStatus(
  options: TokenOptions & { readonly json: boolean },
): Promise<ExitCode> {
  return await withTokenSession(options, "look", async ({ config, data, logging, accounts }) => {
    const caches = new TokenCaches({
      directory: data,
      emails: emailsOf(config),
      isToken: isJwt,
      now: () => systemClock.now(),
      log: logging.logger("token"),
      readOnly: true,
    });
    const reports = await Promise.all(accounts.map((account) => reportOf(account, caches)));
    printLine(options.json ? JSON.stringify(reports, null, 2) : reportTable(reports));
    return EXIT.ok;
  });
}

async function reportOf(account: KosmiAccountConfig, caches: TokenCaches): Promise<TokenReport> {
  const nowMs = systemClock.now();
  if (account.options.token !== null) {
    return configuredReport(account.id, account.options.token, nowMs);
  }
  if (account.options.email === null) return anonymousReport(account.id);
  const reading = await caches.of(account.options.email).load();
  return cacheReport(account.id, account.options.email, reading, nowMs);
}

/** Logs in now, through the browser, and caches the new token. The steps are shown on a terminal. */
async function tokenRefresh(
  options: TokenOptions,
  stopping: AbortSignal,
): Promise<ExitCode> {
  return await withTokenSession(options, "own", async ({ config, data, logging, accounts }) => {
    const onStep = (account: string, step: string) => {
      if (stderrIsTerminal()) printErrorLine(`${account}: ${step} …`);
    };
    const sources = new TokenSources(config, {
      data,
      logging,
      clock: systemClock,
      onStep,
    });
    const loginAccounts = onePerEmail(accounts);
    if (loginAccounts.length === 0) {
      printErrorLine("No account has an Email to log in with.");
      return EXIT.failed;
    }
    let code: ExitCode = EXIT.ok;
    for (const account of loginAccounts) {
      if (!await refreshOne(account, sources, stopping)) code = EXIT.failed;
    }
    return code;
  });
}

/** Accounts that share an email share its token. */
function onePerEmail(accounts: readonly KosmiAccountConfig[]): KosmiAccountConfig[] {
  const seen = new Set<string>();
  return accounts.filter(({ options: { email } }) => {
    if (email === null || seen.has(normalEmail(email))) return false;
    seen.add(normalEmail(email));
    return true;
  });
}

async function refreshOne(
  account: KosmiAccountConfig,
  sources: TokenSources,
  stopping: AbortSignal,
): Promise<boolean> {
  const { id, options } = account;
  const { email } = options;
  if (email === null) return false;
  try {
    await sources.of({ ...account, options: { ...options, token: null } }).renew(stopping);
  } catch (error) {
    printErrorLine(`${id}: ${stopping.aborted ? "stopped" : describeError(error)}`);
    return false;
  }
  const reading = await sources.caches.of(email).load();
  if (reading.kind !== "found") {
    printErrorLine(`${id}: the login succeeded, but its token could not be stored`);
    return false;
  }
  printLine(`${id}: new token of ${email} cached, ${lifeOf(reading.cached.expiresAtMs)}`);
  return true;
}

/** Removes cached tokens, so that the next start logs in. */
async function tokenClear(options: TokenOptions): Promise<ExitCode> {
  return await withTokenSession(options, "own", async ({ config, data, logging, accounts }) => {
    const { caches } = new TokenSources(config, { data, logging, clock: systemClock });
    for (const { id, options: { email } } of accounts) {
      const wasThere = email !== null && await caches.of(email).clear();
      printLine(`${id}: ${wasThere ? "cached token removed" : "no token was cached"}`);
    }
    return EXIT.ok;
  });
}

function emailsOf(config: Config): string[] {
  return config.accounts.flatMap((account) =>
    account.protocol === "kosmi" && account.options.email !== null ? [account.options.email] : []
  );
}

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
  const status = add(token, "status", "show token owners and expiry dates, never a token")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kosmi-relay token status --json | jq .");
  status.action(async () => {
    const { json = false } = status.opts<{ json?: boolean }>();
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
  const clear = add(token, "clear", "delete the cached token; the next startup logs in")
    .addHelpText("after", "\nExample:\n  kosmi-relay token clear --account kosmi.movienight");
  clear.action(async () => registrar.done(await tokenClear(optionsOf(registrar, clear))));
}

function addImport(registrar: Registrar, token: Command): void {
  const fromInput = add(token, "import", "cache a token that is read from standard input")
    .addHelpText("after", "\nExample:\n  kosmi-relay token import < token.txt");
  fromInput.action(async () => registrar.done(await tokenImport(optionsOf(registrar, fromInput))));
}

/** Caches a token from standard input: for people who take it from their own browser. */
async function tokenImport(options: TokenOptions): Promise<ExitCode> {
  return await withTokenSession(options, "own", async ({ config, data, logging, accounts }) => {
    const account = theOne(accounts);
    if (account === null) return EXIT.usage;
    const token = await askForToken(account.email);
    if (token === null) return EXIT.failed;
    const nowMs = systemClock.now();
    const expiresAtMs = readJwt(token)?.expiresAtMs ?? nowMs + USUAL_LIFE_MS;
    if (tokenAge(expiresAtMs, nowMs) === "expired") {
      printErrorLine(`This token expired at ${formatRfc3339(expiresAtMs)}: nothing was changed.`);
      return EXIT.failed;
    }
    const { caches } = new TokenSources(config, { data, logging, clock: systemClock });
    const { email } = account;
    await caches.of(email).save({ token, email, expiresAtMs, savedAtMs: nowMs });
    printLine(`${account.id}: token cached for ${email}, ${lifeOf(expiresAtMs)}`);
    return EXIT.ok;
  });
}

/** The one account that a token can be imported for. */
function theOne(
  accounts: readonly KosmiAccountConfig[],
): { id: string; email: string } | null {
  const able = accounts.flatMap(({ id, options: { email } }) =>
    email === null ? [] : [{ id, email }]
  );
  const [only, another] = able;
  if (only !== undefined && another === undefined) return only;
  printErrorLine(
    only === undefined
      ? "Cannot import: no such account has an Email, and the cache belongs to an email. Set Email first."
      : `Cannot import: say for which account with --account: ${
        able.map(({ id }) => id).join(", ")
      }.`,
  );
  return null;
}

async function askForToken(email: string): Promise<string | null> {
  const text = await readSecret(
    `In a browser where ${email} is logged in, open the console on Kosmi's page, enter\n` +
      '  copy(localStorage.getItem("token"))\n' +
      "and paste here, then press Enter (what you paste is not shown):",
  );
  const token = text === null ? null : findJwt(text);
  if (token === null) {
    printErrorLine(
      "This is not a token (a JWT: three parts with dots between): nothing was changed.",
    );
  }
  return token;
}
