import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type net from "node:net";
import { answerDials } from "./memory_net.ts";

/** What happens at the other end of a socket. */
export interface FarEnd {
  /** The relay dials. */
  dialled(socket: LineSocket): void;
  /** It wrote a line. */
  wrote(line: string): void;
  /** It closed. */
  closed(): void;
}

/** A socket as node has them, whose other end is a simulated server. */
export class LineSocket extends EventEmitter {
  writable = true;
  /** What is written is read at once. */
  readonly writableLength = 0;
  readonly writableNeedDrain = false;
  #far: FarEnd | null = null;
  #rest = "";

  attach(far: FarEnd): void {
    this.#far = far;
    far.dialled(this);
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  get destroyed(): boolean {
    return !this.writable;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  write(bytes: Uint8Array, written?: () => void): boolean {
    const lines = (this.#rest + Buffer.from(bytes).toString("utf8")).split("\r\n");
    this.#rest = lines.pop() ?? "";
    if (this.writable) { for (const line of lines) this.#far?.wrote(line); }
    written?.();
    return true;
  }

  end(): void {
    this.destroy();
  }

  destroy(): this {
    if (!this.writable) return this;
    this.writable = false;
    this.#far?.closed();
    queueMicrotask(() => this.emit("close"));
    return this;
  }

  /** The server's words. */
  hand(line: string): void {
    if (this.writable) this.emit("data", Buffer.from(`${line}\r\n`));
  }

  /** The link is gone: by an error, or because the server closed. */
  gone(error: Error | null): void {
    if (!this.writable) return;
    if (error === null) return void this.emit("end");
    this.writable = false;
    this.emit("error", error);
    this.emit("close");
  }
}

/** From now on connections to this host come to `accept`. */
export function serveAt(host: string, accept: () => FarEnd): void {
  answerDials(host, () => {
    const socket = new LineSocket();
    socket.attach(accept());
    return socket as unknown as net.Socket;
  });
}
