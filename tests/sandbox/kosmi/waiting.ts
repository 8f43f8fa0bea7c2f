interface Waiter {
  readonly check: () => boolean;
  readonly resolve: () => void;
}

/** Lets tests wait for a state instead of sleeping: conditions are looked at again after every change. */
export class Waiting {
  readonly #waiters = new Set<Waiter>();

  /** Something changed. Free when nobody waits. */
  changed(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) {
      if (!waiter.check()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves once `check` is true; rejects after `timeoutMs` with what was waited for. */
  async until(check: () => boolean, timeoutMs: number, what: string): Promise<void> {
    if (check()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { check, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(
      () => reject(new Error(`Cannot see ${what}: not there within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }
}
