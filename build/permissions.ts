import { USUAL_BROWSERS } from "../src/auth/browser/local_browser.ts";

/** What a binary is built to touch. Relative paths count from the folder where it is started. */
export interface BakedPaths {
  readonly dataDirectory: string;
  readonly config: string;
  /** Whether it may start a browser, to log in with Email and Password. */
  readonly browser: boolean;
}

/** The names under which the configuration is looked for in the folder where the program is started. */
const USUAL_CONFIGS = [
  "matterbridge.toml",
  "matterbridge.local.toml",
  "matterbridge.yaml",
  "matterbridge.yml",
  "matterbridge.json",
];

/** Where clouds give credentials to whoever asks from one of their machines. No chat server is there. */
const METADATA_HOSTS = [
  "169.254.169.254",
  "[fd00:ec2::254]",
  "100.100.100.200",
  "metadata.google.internal",
];

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
  const browsers = paths.browser ? browsersOf(platform) : [];
  const systemd = platform === "linux" ? [SYSTEMD_NOTIFY] : [];
  const credentials = platform === "linux" ? [SYSTEMD_CREDENTIAL] : [];
  const { dataDirectory, config } = paths;
  const configs = config === USUAL_CONFIGS[0] ? USUAL_CONFIGS : [config];
  return [
    "--no-prompt",
    // Nothing is imported from elsewhere while it runs.
    "--no-remote",
    list("--allow-read", [dataDirectory, ...configs, ...credentials, ...systemd, ...browsers]),
    list("--allow-write", [dataDirectory, ...systemd]),
    ...(browsers.length === 0 ? [] : [list("--allow-run", browsers)]),
    list("--allow-env", ENVIRONMENT),
    "--ignore-env",
    // Whose the data directory should be: for the hint that tells the chown to run.
    ...(platform === "windows" ? [] : ["--allow-sys=uid"]),
    // Which servers it speaks to is written in the configuration, after it was built.
    "--allow-net",
    list("--deny-net", METADATA_HOSTS),
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
