import type { Clock } from "../../base/clock.ts";

/** Cancels what was planned; no effect when it has happened. */
export type Cancel = () => void;

/** Delayed calls that all end with one link. */
export class Timers {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #onFault: (thrown: unknown) => void;

  constructor(clock: Clock, signal: AbortSignal, onFault: (thrown: unknown) => void) {
    this.#clock = clock;
    this.#signal = signal;
    this.#onFault = onFault;
  }

  after(waitMs: number, work: () => void): Cancel {
    const cancelled = new AbortController();
    const signal = AbortSignal.any([this.#signal, cancelled.signal]);
    this.#clock.sleep(waitMs, signal).then(() => {
      try {
        work();
      } catch (thrown) {
        this.#onFault(thrown);
      }
    }, () => {});
    return () => cancelled.abort();
  }
}
