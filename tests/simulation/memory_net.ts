import { Buffer } from "node:buffer";
import net from "node:net";
import { Duplex } from "node:stream";
import type { HttpConn } from "../../src/base/http_port.ts";
import type { Process } from "./process.ts";
import type { Timeline } from "./timeline.ts";

type Fetched = (path: string, init: RequestInit) => Promise<Response>;

const dials = new Map<string, () => net.Socket>();
const fetches = new Map<string, Fetched>();
const ports = new Map<string, MemoryPort>();
let isInstalled = false;

/** Forgets all that another world has left. */
export function emptyNet(): void {
  for (const all of [dials, fetches, ports]) all.clear();
}

/** From now on connections to this host come to `dial`. */
export function answerDials(host: string, dial: () => net.Socket): void {
  install();
  dials.set(host, dial);
}

/** From now on requests to this host come to `answer`. */
export function answerFetches(host: string, answer: Fetched): void {
  install();
  fetches.set(host, answer);
}

/** Where the relay listens under this name; null while it does not. */
export function portOf(host: string): MemoryPort | null {
  install();
  return ports.get(host) ?? null;
}

/** Nothing of the program reaches a real network any more. */
function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  const connect = (options: net.TcpNetConnectOpts) => found(dials, options.host ?? "")();
  Object.assign(net, { connect });
  const listen = ({ hostname = "" }: Deno.ListenOptions) => {
    const port = new MemoryPort(() => void ports.delete(hostname));
    ports.set(hostname, port);
    return port;
  };
  const createHttpClient = () => ({ close: () => {} });
  Object.assign(Deno, { listen, createHttpClient });
  globalThis.fetch = (input, init = {}) => {
    const { host, pathname } = new URL(String(input));
    return found(fetches, host)(pathname, init);
  };
}

function found<T>(all: ReadonlyMap<string, T>, host: string): T {
  const one = all.get(host);
  if (one === undefined) throw new Error(`Cannot connect to ${host}: no such server`);
  return one;
}

/** A port on which the relay listens. */
export class MemoryPort {
  readonly addr = { transport: "tcp", hostname: "", port: 80 } as const;
  readonly #onClose: () => void;
  #waiting: HttpConn[] = [];
  #accept: PromiseWithResolvers<HttpConn> | null = null;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  accept(): Promise<HttpConn> {
    const conn = this.#waiting.shift();
    if (conn !== undefined) return Promise.resolve(conn);
    this.#accept = Promise.withResolvers();
    return this.#accept.promise;
  }

  offer(conn: HttpConn): void {
    const accept = this.#accept;
    this.#accept = null;
    if (accept === null) this.#waiting.push(conn);
    else accept.resolve(conn);
  }

  close(): void {
    this.#onClose();
    this.#accept?.reject(new Deno.errors.BadResource("the port is closed"));
    this.#accept = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

interface WayOptions {
  readonly timeline: Timeline;
  readonly process: Process;
  readonly latencyMs: () => number;
}

/** The way between the relay and a service: what is sent on it comes in order, late, or never. */
export class Way {
  readonly #options: WayOptions;
  #isCut = false;
  #stalledUntilMs = 0;
  #lastUpMs = 0;
  #lastDownMs = 0;

  constructor(options: WayOptions) {
    this.#options = options;
  }

  /** Nothing passes, and neither end hears of it. */
  get isDead(): boolean {
    return this.#stalledUntilMs === Infinity;
  }

  /** Nothing passes any more. */
  cut(): void {
    this.#isCut = true;
  }

  stall(forMs: number, dies: boolean): void {
    this.#stalledUntilMs = dies ? Infinity : this.#options.timeline.nowMs + forMs;
  }

  toService(act: () => void): void {
    this.#lastUpMs = this.#at(this.#lastUpMs);
    this.#send(this.#lastUpMs, act);
  }

  toRelay(act: () => void): void {
    this.#lastDownMs = this.#at(this.#lastDownMs);
    this.#send(this.#lastDownMs, () => this.#options.process.when(() => this.#isCut || act()));
  }

  #at(lastMs: number): number {
    const { timeline, latencyMs } = this.#options;
    return Math.max(lastMs, timeline.nowMs + latencyMs(), this.#stalledUntilMs);
  }

  #send(atMs: number, act: () => void): void {
    if (atMs === Infinity || this.#isCut) return;
    this.#options.timeline.at(atMs, () => this.#isCut || act());
  }
}

/** The relay's end of a connection that somebody made to it. */
export class RelayEnd implements HttpConn {
  readonly #way: Way;
  readonly #far: { data(bytes: Uint8Array): void; end(): void };
  #chunks: Uint8Array[] = [];
  #reading: (() => void) | null = null;
  #isEnded = false;
  #isClosed = false;

  constructor(way: Way, far: { data(bytes: Uint8Array): void; end(): void }) {
    this.#way = way;
    this.#far = far;
  }

  give(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#wake();
  }

  /** The other side has ended, or is gone. */
  ended(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (!this.#isClosed) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        const part = chunk.subarray(0, into.length);
        if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length));
        into.set(part);
        return part.length;
      }
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => this.#reading = resolve);
    }
    throw new Deno.errors.BadResource("the connection is closed");
  }

  /** What the machine holds for the other side is written, whether or not it ever gets there. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#isClosed || this.#isEnded) {
      return Promise.reject(new Deno.errors.BrokenPipe("the connection is gone"));
    }
    const copy = bytes.slice();
    this.#way.toService(() => this.#far.data(copy));
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    this.#way.toService(() => this.#far.end());
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#way.toService(() => this.#far.end());
    this.#wake();
  }

  #wake(): void {
    const reading = this.#reading;
    this.#reading = null;
    reading?.();
  }
}

/** One end of a socket as node has them. */
export class MemorySocket extends Duplex {
  connecting = false;
  /** How what is written gets to the other end. */
  send: (bytes: Buffer) => void = () => {};
  /** This end was closed. */
  left: () => void = () => {};

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.send(Buffer.from(chunk));
    done();
  }

  override _final(done: () => void): void {
    this.left();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.left();
    done(error);
  }

  give(bytes: Buffer): void {
    if (!this.destroyed) this.push(bytes);
  }

  /** The other end has closed. */
  ended(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
