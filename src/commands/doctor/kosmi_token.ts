import { findBrowser, startBrowser } from "../../auth/browser/local_browser.ts";
import { connectBrowser } from "../../auth/browser/remote_browser.ts";
import { isJwt } from "../../auth/tokens/jwt.ts";
import { withDeadline } from "../../base/abort.ts";
import { anonLogin } from "../../bridges/kosmi/link/anonymous_login.ts";
import type { KosmiAccountConfig } from "../../config/options/config.ts";
import { TokenCaches } from "../../store/files/token_cache.ts";
import { endpointsOf } from "../setup/kosmi.ts";
import { TokenSources } from "../setup/tokens.ts";
import { cacheReport, configuredReport, type TokenReport } from "../token/token_report.ts";
import { adviceOf } from "./checks.ts";
import type { KosmiChecks } from "./kosmi.ts";

/** A token to connect with. */
export interface TokenFinding {
  readonly token: string;
  readonly expectsLogin: boolean;
  /** True when it is not the relay's, but an anonymous visitor's, because the relay's can't be had. */
  readonly standsIn: boolean;
  /** What to do should Kosmi refuse it. */
  readonly remedy: string;
}

const REFRESH = "kosmi-relay token refresh";

/** Whose token would the relay use, and for how long? Logs in by browser only with --login. */
export async function findToken(
  checks: KosmiChecks,
  httpWorks: boolean,
  signal: AbortSignal,
): Promise<TokenFinding | null> {
  const { account } = checks;
  if (account.options.token === null && account.options.email === null) {
    return await visitor(checks, httpWorks, false, signal);
  }
  const own = account.options.token === null
    ? await cachedToken(checks, account.options.email ?? "", signal)
    : configuredToken(checks, account.options.token);
  return own ?? await visitor(checks, httpWorks, true, signal);
}

function configuredToken(checks: KosmiChecks, token: string): TokenFinding | null {
  const { account, context } = checks;
  const report = configuredReport(account.id, token, context.clock.now());
  const remedy = account.options.email === null
    ? "put a new Token into the configuration, or set Email and Password"
    : "put a new Token into the configuration, or take Token out so that Email and Password are used";
  const isGood = tellReport(checks, report, remedy);
  return isGood ? { token, expectsLogin: true, standsIn: false, remedy } : null;
}

async function cachedToken(
  checks: KosmiChecks,
  email: string,
  signal: AbortSignal,
): Promise<TokenFinding | null> {
  const { account, context, rows } = checks;
  const { clock, data, logging } = context;
  if (data === null) {
    rows.skipped("token", "not looked at: there is no data directory yet, or it can't be read");
    return null;
  }
  if (context.login && account.options.password !== null) await logIn(checks, signal);
  const emails = context.config.accounts.flatMap((one) =>
    one.protocol === "kosmi" && one.options.email !== null ? [one.options.email] : []
  );
  const caches = new TokenCaches({
    directory: data,
    emails,
    isToken: isJwt,
    now: () => clock.now(),
    log: logging.logger("doctor"),
    readOnly: true,
  });
  const reading = await caches.of(email).load();
  const report = cacheReport(account.id, email, reading, clock.now());
  const remedy = account.options.password === null
    ? "kosmi-relay token import, or set Password"
    : REFRESH;
  if (!tellReport(checks, report, remedy) || reading.kind !== "found") return null;
  const { token } = reading.cached;
  logging.secrets.add(token);
  return { token, expectsLogin: true, standsIn: false, remedy };
}

/** A person asked for it: takes a good cached token, else logs in. */
async function logIn(checks: KosmiChecks, signal: AbortSignal): Promise<void> {
  const { account, context, rows } = checks;
  const { config, data, logging, clock } = context;
  if (data === null) return;
  if (context.beside !== null) {
    return rows.skipped(
      "browser login",
      "not tried: the running relay renews its tokens by itself",
    );
  }
  try {
    const source = new TokenSources(config, { data, logging, clock }).of({
      ...account,
      options: { ...account.options, token: null },
    });
    const { token } = await source.get(signal);
    logging.secrets.add(token);
    rows.ok(
      "browser login",
      `logged in as ${account.options.email}, or the cached token is still good`,
    );
  } catch (error) {
    const { seen, remedy } = adviceOf(error, "see docs/token-persistence.md");
    rows.broken("browser login", seen, remedy);
  }
}

/** True when the token may be used. */
function tellReport(checks: KosmiChecks, report: TokenReport, remedy: string): boolean {
  const { account, rows } = checks;
  const where = report.source === "configuration" ? "configured" : "cached";
  const whose = report.email ?? (report.userId === null ? "a login" : `user ${report.userId}`);
  const until = report.expires === null ? "" : ` until ${report.expires} (${report.daysLeft} days)`;
  const logsInItself = report.source !== "configuration" && account.options.password !== null;
  switch (report.state) {
    case "valid":
      rows.ok("token", `${where} token of ${whose}, good${until}`);
      return true;
    case "expires soon":
      if (logsInItself) {
        rows.ok("token", `${where} token of ${whose}, good${until}: the relay renews it by itself`);
      } else rows.warn("token", `${where} token of ${whose}, good only${until}`, remedy);
      return true;
    case "expired": {
      const seen = `the ${where} token of ${whose} expired on ${report.expires}`;
      if (logsInItself) {
        rows.warn("token", `${seen}: the next startup logs in`, `${remedy} (or doctor --login)`);
      } else rows.broken("token", seen, remedy);
      return false;
    }
    case "none": {
      const seen = report.note ?? "no token is cached";
      if (logsInItself) rows.warn("token", seen, `${remedy} logs in now (or doctor --login)`);
      else {rows.broken(
          "token",
          `no token of ${whose} is cached, and no Password is set to log in with`,
          remedy,
        );}
      return false;
    }
    case "unusable":
      rows.broken("token", report.note ?? "it can't be used", remedy);
      return false;
  }
}

/** An anonymous visitor of our own: the relay's is left alone. */
async function visitor(
  { account, protocol, context, rows, inquiry }: KosmiChecks,
  httpWorks: boolean,
  standsIn: boolean,
  signal: AbortSignal,
): Promise<TokenFinding | null> {
  if (!httpWorks) {
    rows.skipped(standsIn ? "visitor" : "token", "no anonymous login tried: HTTP must work first");
    return null;
  }
  const { clock, logging } = context;
  try {
    const { app } = inquiry;
    const token = await anonLogin(
      { endpoints: endpointsOf(account), protocol, app, clock },
      signal,
    );
    logging.secrets.add(token);
    const seen = standsIn
      ? "the rest is looked at as an anonymous visitor, who can't enter private rooms"
      : "an anonymous visitor's, as configured (neither Email nor Token is set)";
    rows.ok(standsIn ? "visitor" : "token", seen);
    return { token, expectsLogin: false, standsIn, remedy: NEW_VISITOR };
  } catch (error) {
    const { seen, remedy } = adviceOf(error, "try again later, or set Email and Password");
    rows.broken(standsIn ? "visitor" : "token", seen, remedy);
    return null;
  }
}

const NEW_VISITOR = "try again later; Kosmi may want a login: set Email and Password";

/** Does the account log in by browser at all? */
function logsIn(account: KosmiAccountConfig): boolean {
  return account.options.email !== null && account.options.password !== null;
}

const LIMIT_MS = 40_000;

/** Is there a browser to log in with, and does it start? Only where the account logs in. */
export async function checkBrowser(checks: KosmiChecks, signal: AbortSignal): Promise<void> {
  const { account, context, rows } = checks;
  if (!logsIn(account)) {
    return rows.skipped("browser", "not needed: no Email and Password to log in with");
  }
  const { clock } = context;
  const deadline = { clock, signal, limitMs: LIMIT_MS, action: "start the browser" };
  try {
    const { path, version } = await withDeadline(deadline, (inner) => start(checks, inner));
    rows.ok("browser", `${path} starts: ${version}`);
  } catch (error) {
    const { seen, remedy } = adviceOf(error, "install Chromium, or set BrowserPath or BrowserURL");
    rows.broken("browser", seen, remedy);
  }
}

async function start({ account, context }: KosmiChecks, signal: AbortSignal) {
  const { clock, config, data, logging } = context;
  if (account.options.browserUrl !== null) {
    const browser = await connectBrowser({ url: account.options.browserUrl, clock }, signal);
    const version = await browser.page.browser().version().finally(() => browser.close());
    return { path: "the browser at BrowserURL", version };
  }
  const path = await findBrowser({
    path: account.options.browserPath,
    env: (name) => Deno.env.get(name),
  });
  // A folder for this run alone, also beside a running relay: the browser's sandbox and ours want it there.
  const makeScratch = () =>
    data?.makeScratch() ?? Promise.reject(new Error("there is no data directory"));
  const sandbox = config.general.browserSandbox;
  const log = logging.logger("doctor");
  const folders = { makeScratch };
  const browser = await startBrowser({ executable: path, folders, sandbox, clock, log }, signal);
  const version = await browser.page.browser().version().finally(() => browser.close());
  return { path, version };
}
