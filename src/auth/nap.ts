import type { Clock } from "../base/clock.ts";

/** A sleep that somebody else may end early. One sleeper at a time. */
export class Nap {
  readonly #clock: Clock;
  #woken: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `waitMs` or on `wake`; rejects with the signal's reason on abort. */
  async sleep(waitMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#woken = woken;
    try {
      await this.#clock.sleep(waitMs, AbortSignal.any([signal, woken.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      this.#woken = null;
    }
  }

  /** Without effect when nobody sleeps. */
  wake(): void {
    this.#woken?.abort();
  }
}
