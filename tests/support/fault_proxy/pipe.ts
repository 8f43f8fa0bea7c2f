import type net from "node:net";
import type { Way } from "./shape.ts";

/** Bytes of one direction that may wait inside the proxy before it stops reading. */
const HIGH_WATER = 262_144;

interface Piece {
  readonly bytes: Uint8Array;
  /** When it came (performance.now()). */
  readonly atMs: number;
}

/**
 * One direction of one connection: reads from `source`, holds what must wait, writes to `sink` in order. When `source`
 * ends and all is written, `sink` ends.
 */
export class Pipe {
  readonly #source: net.Socket;
  readonly #sink: net.Socket;
  readonly #passed: (bytes: Uint8Array) => void;
  #way: Way;
  #held: Piece[] = [];
  #heldBytes = 0;
  #sourceEnded = false;
  #closed = false;
  #blocked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the throttled line will be free again. */
  #freeAtMs = 0;

  constructor(source: net.Socket, sink: net.Socket, way: Way, passed: (bytes: Uint8Array) => void) {
    this.#source = source;
    this.#sink = sink;
    this.#way = way;
    this.#passed = passed;
    source.on("data", (bytes: Uint8Array) => this.#hold(bytes));
    source.on("end", () => {
      this.#sourceEnded = true;
      this.#flush();
    });
    sink.on("drain", () => {
      this.#blocked = false;
      this.#flush();
    });
    this.reshape(way);
  }

  reshape(way: Way): void {
    this.#way = way;
    this.#freeAtMs = Math.min(this.#freeAtMs, performance.now());
    this.#flush();
  }

  /** Ends this direction now; what comes or waits is dropped. */
  end(): void {
    if (this.#closed) return;
    this.close();
    this.#sink.end();
  }

  /** Writes nothing more and leaves no timer. Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#held = [];
    this.#heldBytes = 0;
    // What still comes is read and dropped, so that the end of the source is seen.
    this.#source.resume();
  }

  #hold(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#held.push({ bytes, atMs: performance.now() });
    this.#heldBytes += bytes.length;
    this.#flush();
  }

  #flush(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    while (!this.#blocked && !this.#way.stalled) {
      const piece = this.#held[0];
      if (piece === undefined) break;
      const waitMs = this.#waitMs(piece);
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#flush(), waitMs);
        break;
      }
      this.#write(piece);
    }
    this.#askForMore();
    if (this.#sourceEnded && this.#held.length === 0) this.end();
  }

  #waitMs(piece: Piece): number {
    const dueMs = Math.max(piece.atMs + this.#way.delayMs, this.#freeAtMs);
    return Math.ceil(dueMs - performance.now());
  }

  #write(piece: Piece): void {
    const bytes = this.#cutToPace(piece);
    this.#heldBytes -= bytes.length;
    this.#passed(bytes);
    if (Number.isFinite(this.#way.bytesPerSecond)) {
      const costMs = bytes.length / this.#way.bytesPerSecond * 1_000;
      this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + costMs;
    }
    this.#blocked = !this.#sink.write(bytes);
  }

  /** Takes the piece off the queue, or as much of it as a throttled line carries in 50 ms. */
  #cutToPace(piece: Piece): Uint8Array {
    const most = Math.max(1, Math.ceil(this.#way.bytesPerSecond / 20));
    if (piece.bytes.length <= most) {
      this.#held.shift();
      return piece.bytes;
    }
    this.#held[0] = { bytes: piece.bytes.subarray(most), atMs: piece.atMs };
    return piece.bytes.subarray(0, most);
  }

  /** A stalled direction reads nothing: the sender's own buffers fill up, as on a dead link. */
  #askForMore(): void {
    if (this.#way.stalled || this.#heldBytes >= HIGH_WATER) this.#source.pause();
    else this.#source.resume();
  }
}
