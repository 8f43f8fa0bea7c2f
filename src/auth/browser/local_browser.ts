import type { Browser, Page } from "puppeteer-core";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LoginError } from "../tokens/login_error.ts";
import { untilAborted } from "../tokens/shared_flight.ts";

/** A browser with one empty page, for one login. */
export interface LoginBrowser {
  readonly page: Page;
  /** True once the browser has gone by itself. */
  readonly isGone: () => boolean;
  /** Ends the browser, by force after a moment, and removes its profile. Never throws. Idempotent. */
  close(): Promise<void>;
}

/** A folder for one run of the browser. */
export interface ScratchFolders {
  /** Makes a new one; its path. */
  makeScratch(): Promise<string>;
}

/** `auto`: without Chromium's own sandbox where the system lets it have none. */
export type BrowserSandbox = "on" | "auto" | "off";

interface LocalBrowser {
  readonly executable: string;
  readonly folders: ScratchFolders;
  readonly sandbox: BrowserSandbox;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What keeps Chromium quiet, small and away from everything but the login page. */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-breakpad",
  "--disable-crash-reporter",
  "--password-store=basic",
  "--use-mock-keychain",
  "--mute-audio",
  "--lang=en-US",
];
const SYSTEM_TMP = "/tmp";
const NO_SANDBOX = ["--no-sandbox"];
const PROFILE_BYTES = 8 * 1024 * 1024;
const LONGEST_TMPDIR = 60;
const START_LIMIT_MS = 30_000;
const CLOSE_LIMIT_MS = 2_000;
export const VIEWPORT = { width: 1280, height: 900 };

/** Starts a browser of this machine. Throws a LoginError, or the signal's reason; then nothing is left running. */
export async function startBrowser(
  options: LocalBrowser,
  signal: AbortSignal,
): Promise<LoginBrowser> {
  const { folders, clock } = options;
  const profile = await profileFolder(folders);
  try {
    const browser = await launchSandboxed(options, profile, signal);
    return await localBrowser(browser, profile, clock, signal);
  } catch (error) {
    await removeFolder(profile, clock);
    signal.throwIfAborted();
    throw cannotStart(options, error);
  }
}

/** Without its sandbox a browser that a page takes over has all the rights of its user: never silently. */
async function launchSandboxed(
  { executable, sandbox, log }: LocalBrowser,
  profile: string,
  signal: AbortSignal,
): Promise<Browser> {
  const unguarded = (why: string) => {
    log.warn("The browser runs without its sandbox: {why}", { why });
    return launch(executable, profile, NO_SANDBOX, signal);
  };
  if (sandbox === "off") return await unguarded('BrowserSandbox="off"');
  if (await belongsToRoot(profile)) {
    return await unguarded("the relay runs as root, where Chromium has none. Use another user");
  }
  const guarded = launch(executable, profile, [], signal);
  if (sandbox === "on") return await guarded;
  // What Chromium says of missing user namespaces can't be read through the pipe.
  return await guarded.catch(() => unguarded('it did not start with it (BrowserSandbox="auto")'));
}

/** Whose folder it is tells who we are; where it is not there yet the sandbox is tried first. */
async function belongsToRoot(folder: string): Promise<boolean> {
  return await Deno.stat(folder).then(({ uid }) => uid === 0, () => false);
}

async function launch(
  executable: string,
  profile: string,
  extra: readonly string[],
  signal: AbortSignal,
): Promise<Browser> {
  signal.throwIfAborted();
  // Only a login pays for loading the library.
  const { launch } = await import("puppeteer-core");
  return await launch({
    executablePath: executable,
    // Through a pipe Chromium ends with us, however we end, and no port is opened.
    pipe: true,
    headless: true,
    userDataDir: profile,
    env: {
      HOME: profile,
      TMPDIR: shortEnough(profile),
      PATH: "/usr/local/bin:/usr/bin:/bin",
      LANG: "en_US.UTF-8",
    },
    args: [...QUIET, ...extra],
    defaultViewport: VIEWPORT,
    timeout: START_LIMIT_MS,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    signal,
  });
}

/**
 * A folder with room for the browser's profile: in the data directory, else (on a read-only or full disk) one that the
 * browser makes for itself. What a login leaves in it is no secret: the page lives in memory.
 */
async function profileFolder(folders: ScratchFolders): Promise<string> {
  let scratch: string | null = null;
  try {
    scratch = await folders.makeScratch();
    const probe = `${scratch}/probe`;
    await Deno.writeFile(probe, new Uint8Array(PROFILE_BYTES));
    await Deno.remove(probe);
    return scratch;
  } catch {
    if (scratch !== null) await Deno.remove(scratch, { recursive: true }).catch(() => {});
    return `${SYSTEM_TMP}/kosmi-relay-${crypto.randomUUID().slice(0, 8)}`;
  }
}

/**
 * Chromium ends at once when the path of a socket below its TMPDIR is longer than the system's 108 bytes, or when that
 * folder is not there yet.
 */
function shortEnough(folder: string): string {
  const isShort = new TextEncoder().encode(folder).length <= LONGEST_TMPDIR;
  return isShort && !folder.startsWith(`${SYSTEM_TMP}/kosmi-relay-`) ? folder : SYSTEM_TMP;
}

async function localBrowser(
  browser: Browser,
  profile: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<LoginBrowser> {
  let isGone = false;
  browser.on("disconnected", () => isGone = true);
  let closing: Promise<void> | null = null;
  const close = () =>
    closing ??= endBrowser(browser, clock).then(() => removeFolder(profile, clock));
  try {
    const page = await untilAborted(firstPage(browser), signal);
    return { page, isGone: () => isGone, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** In a context that lives in memory: nothing of the login is written into the profile. */
async function firstPage(browser: Browser): Promise<Page> {
  const context = await browser.createBrowserContext();
  return await context.newPage();
}

async function endBrowser(browser: Browser, clock: Clock): Promise<void> {
  const process = browser.process();
  const exited = new Promise<void>((resolve) => {
    if (process === null || process.exitCode !== null || process.signalCode !== null) resolve();
    else process.once("exit", () => resolve());
  });
  const closed = browser.close().catch(() => {});
  if (!await inTime(Promise.all([closed, exited]), clock)) process?.kill("SIGKILL");
  await inTime(exited, clock);
}

/** False when the promise took longer. Never throws. */
export async function inTime(
  work: Promise<unknown>,
  clock: Clock,
  limitMs: number = CLOSE_LIMIT_MS,
): Promise<boolean> {
  const over = new AbortController();
  const deadline = clock.sleep(limitMs, over.signal).then(() => false, () => false);
  try {
    return await Promise.race([work.then(() => true, () => true), deadline]);
  } finally {
    over.abort();
  }
}

/** A browser that was killed may still be writing for a moment. What stays is removed at the next start. */
async function removeFolder(path: string, clock: Clock): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      await clock.sleep(50, new AbortController().signal);
    }
  }
}

function cannotStart({ executable, sandbox }: LocalBrowser, thrown: unknown): LoginError {
  if (thrown instanceof LoginError) return thrown;
  // The library's message goes on for pages with Chromium's own output.
  const seen = describeError(thrown).slice(0, 300);
  const unguarded = sandbox === "on"
    ? '. Where the system has no user namespaces, as in many containers, BrowserSandbox="auto" lets it run without its sandbox'
    : "";
  return new LoginError(
    "browserFailed",
    `Cannot start the browser ${executable}: ${seen}`,
    "Check that it starts by itself (as this user, with --headless), or set BrowserPath or BrowserURL" +
      unguarded,
  );
}

/** Where Chromium and its kin usually are. The compiled binary may run these and no others. */
export const USUAL_BROWSERS: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
  "/snap/bin/chromium",
  "/usr/lib/chromium/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

const REMEDY = "Install Chromium (on Debian: apt install chromium), set BrowserPath to one, " +
  "or BrowserURL to a browser elsewhere; or take a token from your own browser: kosmi-relay token import";

interface BrowserChoice {
  /** BrowserPath of the configuration. */
  readonly path: string | null;
  readonly env: (name: string) => string | undefined;
  /** For tests. */
  readonly usual?: readonly string[];
}

/** The browser to start: BrowserPath, else CHROME_PATH, else the first of the usual places. Throws a LoginError. */
export async function findBrowser(choice: BrowserChoice): Promise<string> {
  const named = namedBrowser(choice);
  if (named !== null) {
    if (await look(named.path) !== "missing") return await runnable(named.path);
    throw new LoginError(
      "noBrowser",
      `Cannot find a browser at ${named.path}, which ${named.source} names`,
      REMEDY,
    );
  }
  for (const path of choice.usual ?? USUAL_BROWSERS) {
    const seen = await look(path);
    if (seen === "there" || (seen === "hidden" && await mayRun(path))) return await runnable(path);
  }
  throw new LoginError("noBrowser", "Cannot find a browser to log in with", REMEDY);
}

function namedBrowser(choice: BrowserChoice): { path: string; source: string } | null {
  if (choice.path !== null && choice.path !== "") {
    return { path: choice.path, source: "BrowserPath" };
  }
  const path = choice.env("CHROME_PATH")?.trim() ?? "";
  return path === "" ? null : { path, source: "CHROME_PATH" };
}

/** `hidden`: the sandbox of the compiled binary does not let us see it. */
async function look(path: string): Promise<"there" | "missing" | "hidden"> {
  try {
    return (await Deno.stat(path)).isFile ? "there" : "missing";
  } catch (error) {
    return error instanceof Deno.errors.NotCapable ? "hidden" : "missing";
  }
}

/** Without this permission the library's error speaks of something else. */
async function runnable(path: string): Promise<string> {
  if (await mayRun(path)) return path;
  throw new LoginError(
    "browserBlocked",
    `Cannot start ${path}: this program may only run browsers at their usual places, such as ` +
      USUAL_BROWSERS.slice(0, 3).join(", "),
    "Set BrowserPath to one of them or BrowserURL to a browser elsewhere, or run the relay from its source",
  );
}

async function mayRun(path: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "run", command: path })).state === "granted";
}
