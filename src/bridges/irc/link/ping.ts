import type { Clock } from "../../../base/clock.ts";
import type { Timers } from "../../../base/timers.ts";
import type { OutLine } from "../wire/message.ts";

/** What a fence needs of the link. */
interface FenceOptions {
  readonly send: (line: OutLine) => void;
  readonly monotonic: () => number;
  /** One measured round trip; includes the time that the server let our lines wait. */
  readonly onRoundTrip: (roundTripMs: number) => void;
}

/**
 * Tells when the server has worked off everything sent so far: it handles a connection's lines in order, so that the
 * PONG to a PING stands behind all answers to what went before. At most one PING is under way; who asks meanwhile
 * shares the next.
 */
export class Fence {
  readonly #options: FenceOptions;
  #count = 0;
  #sentAtMs = 0;
  #under: (() => void)[] = [];
  #waiting: (() => void)[] = [];

  constructor(options: FenceOptions) {
    this.#options = options;
  }

  /** True while a PING waits for its PONG. */
  get open(): boolean {
    return this.#under.length > 0;
  }

  /** Calls `reached` once all that was sent before this call has been worked off. */
  after(reached: () => void): void {
    this.#waiting.push(reached);
    if (!this.open) this.#ping();
  }

  /** Takes the text of a PONG; false when it is not ours. */
  pong(token: string): boolean {
    if (!this.open || token !== this.#token()) return false;
    this.#options.onRoundTrip(this.#options.monotonic() - this.#sentAtMs);
    const reached = this.#under;
    this.#under = [];
    if (this.#waiting.length > 0) this.#ping();
    reached.forEach((call) => call());
    return true;
  }

  #ping(): void {
    this.#under = this.#waiting;
    this.#waiting = [];
    this.#count++;
    this.#sentAtMs = this.#options.monotonic();
    this.#options.send({ command: "PING", params: [this.#token()] });
  }

  #token(): string {
    return `relay-${this.#count}`;
  }
}

interface KeepaliveOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly fence: Fence;
  readonly pingDelayMs: number;
  readonly deadMs: number;
  readonly dead: () => void;
}

/**
 * Notices a link on which nothing comes any more, though no packet says so: asks after `pingDelayMs` of silence, gives
 * up after `deadMs` of it.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #lastMs: number;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#lastMs = options.clock.monotonic();
    this.#watchDeath();
    this.#ask();
  }

  /** Bytes came in. */
  alive(): void {
    this.#lastMs = this.#options.clock.monotonic();
  }

  #ask(): void {
    const { pingDelayMs, timers, fence } = this.#options;
    const leftMs = this.#lastMs + pingDelayMs - this.#options.clock.monotonic();
    if (leftMs > 0) return void timers.after(leftMs, () => this.#ask());
    if (!fence.open) fence.after(() => {});
    timers.after(pingDelayMs, () => this.#ask());
  }

  #watchDeath(): void {
    const leftMs = this.#lastMs + this.#options.deadMs - this.#options.clock.monotonic();
    if (leftMs <= 0) return this.#options.dead();
    this.#options.timers.after(leftMs, () => this.#watchDeath());
  }
}
