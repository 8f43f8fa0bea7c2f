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

/**
 * The same clock, whose `now` never jumps: it starts at the machine's time and goes on by the monotonic one. For ages:
 * somebody who sets the machine's clock must not make what was just taken over look a year old.
 */
export function steadied(clock: Clock): Clock {
  const startMs = clock.now() - clock.monotonic();
  return {
    now: () => startMs + clock.monotonic(),
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
