/** How long a test waits for a state before it fails: long, because a loaded machine is no fault of the code. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Something that a test waited for did not come. The message says what, for how long, and what was there instead. */
export class WaitTimeoutError extends Error {
  override readonly name = "WaitTimeoutError";
}

/** The promise's result, or a WaitTimeoutError that names `what`. Leaves no timer behind. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
  seen?: () => string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeoutError(what, timeoutMs, seen)), timeoutMs);
  });
  // The loser of the race may reject later: nobody waits for it any more.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function timeoutError(what: string, timeoutMs: number, seen?: () => string): WaitTimeoutError {
  const instead = seen === undefined ? "" : `\nseen instead:\n${seen()}`;
  return new WaitTimeoutError(`Waited ${timeoutMs / 1000} s in vain for ${what}${instead}`);
}

/**
 * Asks again every few milliseconds until `probe` answers something other than false, null or undefined. Only for states that nobody
 * announces (a port, a file, another process): what can announce itself uses `Changes`.
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
  options: { everyMs?: number; seen?: () => string } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const endMs = performance.now() + timeoutMs;
  while (true) {
    const answer = await probe();
    if (isThere(answer)) return answer;
    if (performance.now() >= endMs) throw timeoutError(what, timeoutMs, options.seen);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 10));
  }
}

function isThere<T>(answer: T): answer is Exclude<T, false | null | undefined> {
  return answer !== false && answer !== null && answer !== undefined;
}

/** Lets tests wait for a state without polling: its owner calls `notify` after every change. */
export class Changes {
  readonly #checks = new Set<() => void>();

  /** Something changed: every waiter looks again. Cheap when nobody waits. */
  notify(): void {
    for (const check of this.#checks) check();
  }

  /** Resolves with the first answer of `probe` that is not false, null or undefined: at once, or after a change. */
  until<T>(
    probe: () => T,
    what: string,
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
    seen?: () => string,
  ): Promise<Exclude<T, false | null | undefined>> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#checks.delete(check);
        settle();
      };
      const check = () => {
        try {
          const answer = probe();
          if (isThere(answer)) finish(() => resolve(answer));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const timer = setTimeout(
        () => finish(() => reject(timeoutError(what, timeoutMs, seen))),
        timeoutMs,
      );
      this.#checks.add(check);
      check();
    });
  }
}
