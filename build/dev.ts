/**
 * Runs the relay from source with the permissions of the binary, again after every change of the source; its data is in
 * ~/.matterbridge. SIGINT and SIGTERM end both this and the relay, cleanly.
 */
import { permissionFlags, platformOf } from "./permissions.ts";

const ROOT = new URL("../", import.meta.url).pathname;
/** Editors write a file in several steps. */
const SETTLE_MS = 200;
/** After Ctrl-C the terminal has told the relay as well: only one that nobody told, or that hangs, is ended by us. */
const PATIENCE_MS = 5_000;

// Watchers and signal listeners would keep the program alive.
if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const home = Deno.env.get("HOME") ?? "";
  if (home === "") {
    print("Cannot run: HOME is not set, and data would be in ~/.matterbridge.");
    return 1;
  }
  const dataDirectory = Deno.env.get("MATTERBRIDGE_DATA_DIR") ?? `${home}/.matterbridge`;
  const stop = stopOnSignals();
  while (true) {
    const child = start(dataDirectory);
    const ended = child.status.then(({ code }) => ({ kind: "ended", code }) as const);
    const happened = await Promise.race([
      ended,
      stop.promise.then((signal) => ({ kind: "signal", signal }) as const),
      sourceChanges().then(() => ({ kind: "changed" }) as const),
    ]);
    switch (happened.kind) {
      case "ended":
        if (await isChangedAfter(happened.code, stop.promise)) break;
        return happened.code;
      case "signal":
        return await end(child, happened.signal);
      case "changed":
        print("The source has changed: starting again.");
        child.kill("SIGTERM");
        await ended;
    }
  }
}

function start(dataDirectory: string): Deno.ChildProcess {
  const paths = { dataDirectory, config: "matterbridge.toml", browser: true };
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--unstable-net",
      ...permissionFlags(paths, platformOf(Deno.build.target)),
      `${ROOT}src/main.ts`,
      ...Deno.args,
    ],
    env: { MATTERBRIDGE_DATA_DIR: dataDirectory },
  }).spawn();
}

/** A relay that ended of a fault is started again when the source is mended; one that was stopped is not. */
async function isChangedAfter(code: number, stopped: Promise<unknown>): Promise<boolean> {
  if (code === 0 || code === 2) return false;
  print("The relay has ended: it starts again after a change of the source.");
  return await Promise.race([
    sourceChanges().then(() => true),
    stopped.then(() => false),
  ]);
}

async function end(child: Deno.ChildProcess, signal: Deno.Signal): Promise<number> {
  const kill = () => child.kill("SIGTERM");
  const timer = signal === "SIGTERM" ? (kill(), null) : setTimeout(kill, PATIENCE_MS);
  const { code } = await child.status;
  if (timer !== null) clearTimeout(timer);
  return code;
}

function stopOnSignals(): { readonly promise: Promise<Deno.Signal> } {
  const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, () => resolve(signal));
  return { promise };
}

/** Resolves after the next change of the source. */
async function sourceChanges(): Promise<void> {
  using watcher = Deno.watchFs(`${ROOT}src`);
  for await (const { kind, paths } of watcher) {
    if (kind !== "access" && paths.some((path) => /\.(?:ts|json)$/.test(path))) break;
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

function print(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
