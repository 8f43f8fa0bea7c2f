import type { Clock } from "../../base/clock.ts";
import type { Fence } from "./fence.ts";
import type { Timers } from "./timers.ts";

export interface KeepaliveOptions {
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
