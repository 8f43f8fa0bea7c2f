import { USUAL_BROWSERS } from "../src/auth/browser/local_browser.ts";

/** What a binary is built to touch. Relative paths count from the folder where it is started. */
export interface BakedPaths {
  readonly dataDirectory: string;
  readonly config: string;
}

/** Read by our own code. Of all other variables the program learns nothing, not even that they are there. */
const ENVIRONMENT = [
  "MATTERBRIDGE_*",
  "CHROME_PATH",
  "HOME",
  "NO_COLOR",
  "NOTIFY_SOCKET",
  "OTEL_DENO_CONSOLE",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
];

/** Where systemd puts the configuration for the unit in packaging/systemd, and where it listens for notices. */
const SYSTEMD_CREDENTIAL = "/run/credentials/kosmi-relay.service/matterbridge.toml";
const SYSTEMD_NOTIFY = "/run/systemd/notify";

/** Targets as `deno compile` names them. */
export type Platform = "linux" | "darwin" | "windows";

export function platformOf(target: string): Platform {
  if (target.includes("windows")) return "windows";
  return target.includes("darwin") ? "darwin" : "linux";
}

/** Everything the binary may do, as flags of `deno compile`. What is not named here is refused by the runtime. */
export function permissionFlags(paths: BakedPaths, platform: Platform): string[] {
  const browsers = browsersOf(platform);
  const systemd = platform === "linux" ? [SYSTEMD_NOTIFY] : [];
  const credentials = platform === "linux" ? [SYSTEMD_CREDENTIAL] : [];
  const { dataDirectory, config } = paths;
  return [
    "--no-prompt",
    list("--allow-read", [dataDirectory, config, ...credentials, ...systemd, ...browsers]),
    list("--allow-write", [dataDirectory, ...systemd]),
    list("--allow-run", browsers),
    list("--allow-env", ENVIRONMENT),
    "--ignore-env",
    // Whose the data directory should be: for the hint that tells the chown to run.
    ...(platform === "windows" ? [] : ["--allow-sys=uid"]),
    // Which servers it speaks to is written in the configuration, after it was built.
    "--allow-net",
  ];
}

function browsersOf(platform: Platform): readonly string[] {
  const isMac = (path: string) => path.startsWith("/Applications/");
  if (platform === "windows") return WINDOWS_BROWSERS;
  return USUAL_BROWSERS.filter((path) => isMac(path) === (platform === "darwin"));
}

const WINDOWS_BROWSERS = [
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

function list(flag: string, values: readonly string[]): string {
  return `${flag}=${values.map(escapeComma).join(",")}`;
}

/** Deno reads two commas as one that belongs to the path. */
function escapeComma(path: string): string {
  return path.replaceAll(",", ",,");
}
