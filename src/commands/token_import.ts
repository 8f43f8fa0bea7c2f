import { findJwt, readJwt } from "../auth/jwt.ts";
import { tokenAge, USUAL_LIFE_MS } from "../auth/token_age.ts";
import { systemClock } from "../base/clock.ts";
import { printErrorLine, printLine, stdinIsTerminal } from "../observability/terminal.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { readSecret } from "./read_secret.ts";
import { lifeOf, type TokenOptions, withTokenSession } from "./token_session.ts";
import { TokenSources } from "./wire_tokens.ts";

/** Caches a token from standard input: for people who take it from their own browser. */
export async function tokenImport(options: TokenOptions): Promise<ExitCode> {
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
  accounts: readonly { readonly id: string; readonly email: string | null }[],
): { id: string; email: string } | null {
  const able = accounts.flatMap(({ id, email }) => email === null ? [] : [{ id, email }]);
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
  const isTerminal = stdinIsTerminal();
  if (isTerminal) {
    printErrorLine(
      `In a browser where ${email} is logged in, open the console on Kosmi's page, enter\n` +
        '  copy(localStorage.getItem("token"))\n' +
        "and paste here, then press Enter (what you paste is not shown):",
    );
  }
  const text = await readSecret(isTerminal);
  const token = text === null ? null : findJwt(text);
  if (token === null) {
    printErrorLine(
      "This is not a token (a JWT: three parts with dots between): nothing was changed.",
    );
  }
  return token;
}
