import type { Clock } from "./clock.ts";

/** Cancels what was planned; no effect when it has happened. */
export type Cancel = () => void;

/** Delayed calls that all end with one link. */
export class Timers {
  readonly #clock: Clock;
  readonly #onFault: (thrown: unknown) => void;
  /** One controller each, and no combined signals: those would gather on a signal that lives for months. */
  readonly #planned = new Set<AbortController>();
  #ended = false;

  constructor(clock: Clock, onFault: (thrown: unknown) => void) {
    this.#clock = clock;
    this.#onFault = onFault;
  }

  after(waitMs: number, work: () => void): Cancel {
    if (this.#ended) return () => {};
    const planned = new AbortController();
    this.#planned.add(planned);
    this.#clock.sleep(waitMs, planned.signal).then(() => {
      this.#planned.delete(planned);
      this.#run(work);
    }, () => {});
    return () => {
      this.#planned.delete(planned);
      planned.abort();
    };
  }

  /** Cancels all; nothing can be planned any more. */
  end(): void {
    this.#ended = true;
    for (const planned of this.#planned) planned.abort();
    this.#planned.clear();
  }

  #run(work: () => void): void {
    if (this.#ended) return;
    try {
      work();
    } catch (thrown) {
      this.#onFault(thrown);
    }
  }
}

/**
 * Many deadlines over one sleeping timer: operations come by the thousand a second, and nearly all are answered long
 * before their limit, so a timer each would be waste.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #entries = new Set<{ readonly atMs: number; readonly expire: () => void }>();
  #sleeper: { readonly untilMs: number; readonly abort: AbortController } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `expire` once after `limitMs`, unless the returned function is called before. */
  add(limitMs: number, expire: () => void): () => void {
    const entry = { atMs: this.#clock.monotonic() + limitMs, expire };
    this.#entries.add(entry);
    this.#sleepUntil(entry.atMs);
    return () => void this.#entries.delete(entry);
  }

  /** Forgets all of them and stops the timer. */
  close(): void {
    this.#entries.clear();
    this.#sleeper?.abort.abort();
    this.#sleeper = null;
  }

  #sleepUntil(atMs: number): void {
    if (this.#sleeper !== null && this.#sleeper.untilMs <= atMs) return;
    this.#sleeper?.abort.abort();
    const sleeper = { untilMs: atMs, abort: new AbortController() };
    this.#sleeper = sleeper;
    const waitMs = Math.max(0, atMs - this.#clock.monotonic());
    this.#clock.sleep(waitMs, sleeper.abort.signal).then(() => this.#wake(sleeper), () => {});
  }

  #wake(sleeper: { readonly untilMs: number }): void {
    if (this.#sleeper !== sleeper) return;
    this.#sleeper = null;
    const now = this.#clock.monotonic();
    let nextMs = Infinity;
    for (const entry of [...this.#entries]) {
      if (entry.atMs > now) {
        nextMs = Math.min(nextMs, entry.atMs);
        continue;
      }
      this.#entries.delete(entry);
      entry.expire();
    }
    if (nextMs < Infinity) this.#sleepUntil(nextMs);
  }
}
