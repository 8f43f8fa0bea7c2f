import type { Clock } from "./clock.ts";

/** A step took longer than it may. The message names the step and the limit. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  constructor(action: string, readonly limitMs: number) {
    super(`Cannot ${action}: no answer within ${limitMs / 1000} s`);
  }
}

/**
 * Runs `work` with a signal that aborts when the parent does or when `limitMs` have passed. Rejects with a
 * DeadlineError that names `action`, even when `work` never looks at its signal. Leaves no timer behind.
 */
export async function withDeadline<T>(
  options: { clock: Clock; signal: AbortSignal; limitMs: number; action: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal, limitMs, action } = options;
  signal.throwIfAborted();
  const ended = new AbortController();
  const inner = AbortSignal.any([signal, ended.signal]);
  const deadline = clock.sleep(limitMs, inner).then(() => {
    throw new DeadlineError(action, limitMs);
  });
  // The loser of the race may reject later: nobody waits for it any more.
  deadline.catch(() => {});
  try {
    const result = work(inner);
    result.catch(() => {});
    return await Promise.race([result, deadline]);
  } finally {
    ended.abort();
  }
}
