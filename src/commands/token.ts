import { isJwt } from "../auth/jwt.ts";
import { systemClock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Config, KosmiAccountConfig } from "../config/types.ts";
import { printErrorLine, printLine, stderrIsTerminal } from "../observability/terminal.ts";
import { TokenCaches } from "../store/token_cache.ts";
import { normalEmail } from "../store/token_cache_name.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import {
  anonymousReport,
  cacheReport,
  configuredReport,
  reportTable,
  type TokenReport,
} from "./token_report.ts";
import { lifeOf, type TokenOptions, withTokenSession } from "./token_session.ts";
import { TokenSources } from "./wire_tokens.ts";

export { tokenImport } from "./token_import.ts";
export type { TokenOptions };

/** Tells of every account's token all but the token itself; works beside a running relay. */
export async function tokenStatus(
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
  if (account.token !== null) return configuredReport(account.id, account.token, nowMs);
  if (account.email === null) return anonymousReport(account.id);
  const reading = await caches.of(account.email).load();
  return cacheReport(account.id, account.email, reading, nowMs);
}

/** Logs in now, through the browser, and caches the new token. The steps are shown on a terminal. */
export async function tokenRefresh(
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
  return accounts.filter(({ email }) => {
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
  const { id, email } = account;
  if (email === null) return false;
  try {
    await sources.of({ ...account, token: null }).renew(stopping);
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
export async function tokenClear(options: TokenOptions): Promise<ExitCode> {
  return await withTokenSession(options, "own", async ({ config, data, logging, accounts }) => {
    const { caches } = new TokenSources(config, { data, logging, clock: systemClock });
    for (const { id, email } of accounts) {
      const wasThere = email !== null && await caches.of(email).clear();
      printLine(`${id}: ${wasThere ? "cached token removed" : "no token was cached"}`);
    }
    return EXIT.ok;
  });
}

function emailsOf(config: Config): string[] {
  return config.accounts.flatMap((account) =>
    account.protocol === "kosmi" && account.email !== null ? [account.email] : []
  );
}
