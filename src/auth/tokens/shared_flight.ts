interface Flight<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * One run of `work` at a time: who asks while it is under way gets the same result. When the last one who waits gives
 * up the work is aborted, and that one is let go only after the work has ended (the browser is gone). Then the next may
 * start.
 */
export class SharedFlight<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  #flight: Flight<T> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  /** Rejects with the signal's reason on abort; else as the work does. */
  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const flight = this.#flight ?? this.#start();
    flight.waiting++;
    try {
      return await untilAborted(flight.result, signal);
    } finally {
      flight.waiting--;
      if (flight.waiting === 0 && this.#flight === flight) await this.#stop(flight, signal);
    }
  }

  /** Resolves when nothing is under way any more; a run that is still wanted is waited for. */
  async ended(): Promise<void> {
    await this.#last;
  }

  #start(): Flight<T> {
    const stop = new AbortController();
    const result = this.#last.then(() => {
      stop.signal.throwIfAborted();
      return this.#work(stop.signal);
    });
    const flight: Flight<T> = { result, stop, waiting: 0 };
    this.#flight = flight;
    this.#last = result.catch(() => {}).finally(() => {
      if (this.#flight === flight) this.#flight = null;
    });
    return flight;
  }

  async #stop(flight: Flight<T>, signal: AbortSignal): Promise<void> {
    this.#flight = null;
    flight.stop.abort(signal.reason);
    await flight.result.catch(() => {});
  }
}

/** The promise's outcome, or the abort's reason, whichever is first. Leaves no listener behind. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
