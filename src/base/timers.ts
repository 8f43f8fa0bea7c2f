import type { Clock } from "./clock.ts";

/** Cancels what was planned; no effect when it has happened. */
export type Cancel = () => void;

/** Delayed calls that all end with one link. */
export class Timers {
  readonly #deadlines: Deadlines;
  readonly #onFault: (thrown: unknown) => void;
  #ended = false;

  constructor(clock: Clock, onFault: (thrown: unknown) => void) {
    this.#deadlines = new Deadlines(clock);
    this.#onFault = onFault;
  }

  after(waitMs: number, work: () => void): Cancel {
    return this.#ended ? () => {} : this.#deadlines.add(waitMs, () => this.#run(work));
  }

  /** Cancels all; nothing can be planned any more. */
  end(): void {
    this.#ended = true;
    this.#deadlines.close();
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

/** Given to `abort`: without a reason it makes an error with a stack each time, and nobody reads it. */
const NO_LONGER_WANTED = "no longer wanted";

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
  add(limitMs: number, expire: () => void): Cancel {
    const entry = { atMs: this.#clock.monotonic() + limitMs, expire };
    this.#entries.add(entry);
    this.#sleepUntil(entry.atMs);
    return () => void this.#entries.delete(entry);
  }

  /** Forgets all of them and stops the timer. */
  close(): void {
    this.#entries.clear();
    this.#sleeper?.abort.abort(NO_LONGER_WANTED);
    this.#sleeper = null;
  }

  #sleepUntil(atMs: number): void {
    if (this.#sleeper !== null && this.#sleeper.untilMs <= atMs) return;
    this.#sleeper?.abort.abort(NO_LONGER_WANTED);
    const sleeper = { untilMs: atMs, abort: new AbortController() };
    this.#sleeper = sleeper;
    const waitMs = Math.max(0, atMs - this.#clock.monotonic());
    this.#clock.sleep(waitMs, sleeper.abort.signal).then(() => this.#wake(sleeper), () => {});
  }

  #wake(sleeper: { readonly untilMs: number }): void {
    if (this.#sleeper !== sleeper) return;
    this.#sleeper = null;
    const now = this.#clock.monotonic();
    const due = [...this.#entries].filter(({ atMs }) => atMs <= now);
    for (const entry of due.sort((one, other) => one.atMs - other.atMs)) {
      // One that came before may have cancelled it.
      if (this.#entries.delete(entry)) entry.expire();
    }
    let nextMs = Infinity;
    for (const { atMs } of this.#entries) nextMs = Math.min(nextMs, atMs);
    if (nextMs < Infinity) this.#sleepUntil(nextMs);
  }
}
