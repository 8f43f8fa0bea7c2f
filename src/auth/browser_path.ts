import { LoginError } from "./login_error.ts";

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

export interface BrowserChoice {
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
      `Cannot find a browser at ${named.path}, which ${named.source} names. ${REMEDY}`,
    );
  }
  for (const path of choice.usual ?? USUAL_BROWSERS) {
    const seen = await look(path);
    if (seen === "there" || (seen === "hidden" && await mayRun(path))) return await runnable(path);
  }
  throw new LoginError("noBrowser", `Cannot find a browser to log in with. ${REMEDY}`);
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
      `${
        USUAL_BROWSERS.slice(0, 3).join(", ")
      }. Set BrowserPath to one of them or BrowserURL to a ` +
      "browser elsewhere, or run the relay from its source",
  );
}

async function mayRun(path: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "run", command: path })).state === "granted";
}
