import { startBrowser } from "../../auth/browser.ts";
import { findBrowser } from "../../auth/browser_path.ts";
import { connectBrowser } from "../../auth/remote_browser.ts";
import { withDeadline } from "../../base/abort.ts";
import { describeError } from "../../base/errors.ts";
import { inTwo } from "./in_two.ts";
import type { KosmiChecks } from "./kosmi_account.ts";
import { logsIn } from "./kosmi_token.ts";

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
    const { seen, remedy } = inTwo(
      describeError(error),
      "install Chromium, or set BrowserPath or BrowserURL",
    );
    rows.broken("browser", seen, remedy);
  }
}

async function start({ account, context }: KosmiChecks, signal: AbortSignal) {
  const { clock, data } = context;
  if (account.browserUrl !== null) {
    const browser = await connectBrowser({ url: account.browserUrl, clock }, signal);
    const version = await browser.page.browser().version().finally(() => browser.close());
    return { path: "the browser at BrowserURL", version };
  }
  const path = await findBrowser({ path: account.browserPath, env: (name) => Deno.env.get(name) });
  // A folder for this run alone, also beside a running relay: the browser's sandbox and ours want it there.
  const makeScratch = () =>
    data?.makeScratch() ?? Promise.reject(new Error("there is no data directory"));
  const browser = await startBrowser({ executable: path, folders: { makeScratch }, clock }, signal);
  const version = await browser.page.browser().version().finally(() => browser.close());
  return { path, version };
}
