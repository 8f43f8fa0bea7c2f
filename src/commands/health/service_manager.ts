import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";

/** systemd, or whoever else speaks its notification protocol (sd_notify). Nothing of it throws. */
export interface ServiceManager {
  ready(): void;
  /** A sign of life, and how things stand in one line. Call it about once a second; what is due is sent. */
  beat(status: string): void;
  stopping(): void;
  /** Waits until what was said has left. Idempotent. */
  close(): Promise<void>;
}

/** The part of Deno's datagram sockets that is needed; they are there only with `--unstable-net`. */
interface Datagram {
  send(bytes: Uint8Array, to: { transport: "unixpacket"; path: string }): Promise<number>;
  close(): void;
}

const NOBODY: ServiceManager = {
  ready() {},
  beat() {},
  stopping() {},
  close: () => Promise.resolve(),
};

interface ServiceManagerOptions {
  readonly env: (name: string) => string | undefined;
  /** Where our end of the socket may lie: a folder that we may write. */
  readonly folder: string;
  readonly log: Logger;
}

/** The manager that started us, by NOTIFY_SOCKET; where none did, one that does nothing. */
export function serviceManager(options: ServiceManagerOptions): ServiceManager {
  const { env, folder, log } = options;
  const path = env("NOTIFY_SOCKET") ?? "";
  if (path === "") return NOBODY;
  const own = `${folder}/.tmp-notify-${Deno.pid}`;
  try {
    if (!path.startsWith("/")) throw new Error("only sockets with a path can be reached");
    return new Notifier({ socket: openDatagram(own), own, path, watchdogMs: watchdogMs(env), log });
  } catch (error) {
    log.warn("Cannot tell the service manager at {path} how the relay stands: {error}", {
      path,
      error: describeError(error),
    });
    return NOBODY;
  }
}

/** Half the time after which the manager takes us for dead; null when it does not watch us. */
function watchdogMs(env: (name: string) => string | undefined): number | null {
  const limitUs = Number(env("WATCHDOG_USEC"));
  const watched = env("WATCHDOG_PID") ?? "";
  if (!Number.isFinite(limitUs) || limitUs <= 0) return null;
  return watched === "" || watched === String(Deno.pid) ? limitUs / 2_000 : null;
}

function openDatagram(path: string): Datagram {
  const listen: unknown = Reflect.get(Deno, "listenDatagram");
  if (typeof listen !== "function") {
    throw new Error("this program runs without --unstable-net");
  }
  return listen({ transport: "unixpacket", path });
}

interface NotifierOptions {
  readonly socket: Datagram;
  /** Path of our end, and of the manager's. */
  readonly own: string;
  readonly path: string;
  readonly watchdogMs: number | null;
  readonly log: Logger;
}

class Notifier implements ServiceManager {
  readonly #options: NotifierOptions;
  #status = "";
  #petAtMs = -Infinity;
  #isClosed = false;
  #failed = false;
  /** The socket sends one at a time. */
  #sending: Promise<unknown> = Promise.resolve();

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  ready(): void {
    this.#send("READY=1");
  }

  beat(status: string): void {
    const lines: string[] = [];
    if (status !== this.#status) lines.push(`STATUS=${status.replaceAll("\n", " ")}`);
    this.#status = status;
    const { watchdogMs } = this.#options;
    const nowMs = systemClock.monotonic();
    // One beat early: the next one may come a little late.
    if (watchdogMs !== null && nowMs - this.#petAtMs > watchdogMs - 1_000) {
      lines.push("WATCHDOG=1");
      this.#petAtMs = nowMs;
    }
    if (lines.length > 0) this.#send(lines.join("\n"));
  }

  stopping(): void {
    this.#send("STOPPING=1\nSTATUS=stopping");
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#sending;
    this.#isClosed = true;
    this.#options.socket.close();
    try {
      Deno.removeSync(this.#options.own);
    } catch {
      // The next start removes it with the other leftovers.
    }
  }

  #send(text: string): void {
    const { socket, path, log } = this.#options;
    const bytes = new TextEncoder().encode(text);
    this.#sending = this.#sending.then(async () => {
      if (!this.#isClosed) await socket.send(bytes, { transport: "unixpacket", path });
    }).catch((error) => {
      if (this.#failed || this.#isClosed) return;
      this.#failed = true;
      log.warn("Cannot notify the service manager: {error}", { error: describeError(error) });
    });
  }
}
