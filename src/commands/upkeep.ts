/** Work that goes on beside a link: a token is kept fresh. */
export interface Upkeep {
  /** Rejects when `signal` aborts, and has ended everything it started by then. */
  maintain(signal: AbortSignal): Promise<void>;
}

/** Sees that each upkeep that any account wants goes on, and goes on once. */
export class Upkeeps {
  readonly #running = new Map<Upkeep, AbortController>();
  /** Also of those that were told to stop. */
  readonly #unfinished = new Set<Promise<void>>();

  /** Exactly these are wanted from now on. */
  want(upkeeps: readonly (Upkeep | null)[]): void {
    const wanted = new Set(upkeeps.filter((one) => one !== null));
    for (const [upkeep, stop] of this.#running) {
      if (wanted.has(upkeep)) continue;
      this.#running.delete(upkeep);
      stop.abort(new Error("no account wants it any more"));
    }
    for (const upkeep of wanted) {
      if (!this.#running.has(upkeep)) this.#start(upkeep);
    }
  }

  /** Resolves when all have ended. */
  async end(): Promise<void> {
    this.want([]);
    await Promise.all(this.#unfinished);
  }

  #start(upkeep: Upkeep): void {
    const stop = new AbortController();
    this.#running.set(upkeep, stop);
    const done = upkeep.maintain(stop.signal).catch(() => {});
    this.#unfinished.add(done);
    void done.then(() => this.#unfinished.delete(done));
  }
}
