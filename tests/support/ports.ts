import type net from "node:net";
import { until } from "./wait.ts";

/** Below Linux's range for outgoing connections (32768 and up), so that a port stays ours while its server is down. */
const LOWEST = 15_000;
const HIGHEST = 32_000;
const SLICE = 250;
/** The state's number in Linux's tables. */
const LISTENING = "0A";

// Test files run side by side, each in a worker of its own that knows nothing of the others. Each takes a slice of the
// ports and holds it by listening on the slice's first: without it, two might be given one port while its server is down.
const first = takeSlice();
let next = 0;

/**
 * A TCP port of 127.0.0.1 that nobody listens on, for a server that must come back on the port it had.
 *
 * Looks it up and does not try it: a process that another worker starts at that moment holds a copy of our socket until it becomes
 * the program it is to run, and the port is in use although we closed it.
 */
export function freePort(): number {
  const taken = portsInUse();
  for (let attempt = 1; attempt < SLICE; attempt++) {
    const port = first + 1 + next++ % (SLICE - 1);
    if (!taken.has(port)) return port;
  }
  throw new Error(`Cannot find a free port between ${first} and ${first + SLICE} on 127.0.0.1`);
}

/** Listens on a port that `freePort` gave; again too, when the last listener's copies (see there) have gone. */
export function listenOn(server: net.Server, port: number): Promise<unknown> {
  return oncePortIsFree(port, () =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    }));
}

/** What `listen` answers, as soon as the port is free. Rejects with its error if it stays in use. */
export async function oncePortIsFree<T>(
  port: number,
  listen: () => T | Promise<T>,
): Promise<T> {
  const [listener] = await until(async () => {
    try {
      return [await listen()];
    } catch (error) {
      if (isInUse(error)) return null;
      throw error;
    }
  }, `port ${port} to be free`);
  return listener as T;
}

function isInUse(error: unknown): boolean {
  return error instanceof Deno.errors.AddrInUse ||
    error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

/** Where Linux lists sockets; elsewhere the slice alone must do. */
function portsInUse(): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    let text;
    try {
      text = Deno.readTextFileSync(table);
    } catch {
      continue;
    }
    for (const [, port = "", state] of text.matchAll(/^ *\d+: \w+:(\w+) \w+:\w+ (\w+)/gm)) {
      if (state === LISTENING) ports.add(parseInt(port, 16));
    }
  }
  return ports;
}

function takeSlice(): number {
  const slices = Math.floor((HIGHEST - LOWEST) / SLICE);
  const start = Math.floor(Math.random() * slices);
  for (let n = 0; n < slices; n++) {
    const port = LOWEST + ((start + n) % slices) * SLICE;
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).unref();
      return port;
    } catch (error) {
      if (!isInUse(error)) throw error;
    }
  }
  throw new Error(
    `Cannot find a free slice of ports between ${LOWEST} and ${HIGHEST} on 127.0.0.1`,
  );
}
