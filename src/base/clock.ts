/** Where time comes from. Everything that reads or waits for time takes one, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since the UNIX epoch; may jump when somebody sets the machine's clock. */
  now(): number;
  /** Milliseconds since an unspecified start; never jumps. Use it to measure how long something took. */
  monotonic(): number;
  /**
   * Resolves after `waitMs`. On abort it rejects at once with the signal's reason and leaves no timer behind.
   */
  sleep(waitMs: number, signal: AbortSignal): Promise<void>;
}

/** setTimeout takes a signed 32-bit count: a longer wait would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(waitMs, signal) {
    let leftMs = waitMs;
    do {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      await sleepOnce(stepMs, signal);
      leftMs -= stepMs;
    } while (leftMs > 0);
  },
};

/** Two readings may differ by so much without anybody having set the clock. */
const SAME_MS = 2_000;
/** A clock that has been different for so long will not be set back. */
const SETTLED_MS = 60_000;
/** No machine sleeps for so long: its clock was set. */
const LONGEST_SLEEP_MS = 30 * 86_400_000;

/**
 * The same clock, whose `now` does not jump at once when somebody sets the machine's: what was just taken over must not
 * look a year old. What the machine has said for a minute is believed, if it can have slept for so long.
 */
export function steadied(clock: Clock): Clock {
  let startMs = clock.now() - clock.monotonic();
  let differentSinceMs: number | null = null;
  const now = () => {
    const monotonicMs = clock.monotonic();
    const differenceMs = clock.now() - monotonicMs - startMs;
    const size = Math.abs(differenceMs);
    if (size < SAME_MS || size > LONGEST_SLEEP_MS) differentSinceMs = null;
    else {
      differentSinceMs ??= monotonicMs;
      if (monotonicMs - differentSinceMs >= SETTLED_MS) {
        startMs += differenceMs;
        differentSinceMs = null;
      }
    }
    return startMs + monotonicMs;
  };
  return {
    now,
    monotonic: () => clock.monotonic(),
    sleep: (waitMs, signal) => clock.sleep(waitMs, signal),
  };
}

function sleepOnce(waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, Math.max(0, waitMs));
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
