import type { Clock } from "../../base/clock.ts";

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
