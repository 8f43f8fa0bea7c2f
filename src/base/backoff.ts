/** How long to wait between attempts. All times in milliseconds. */
export interface BackoffPolicy {
  /** Wait before the second retry; the first retry comes at once. Doubles with each further failure. */
  readonly baseMs: number;
  /** Longest wait. */
  readonly capMs: number;
  /** Share of the wait that is random: 0.5 means a wait of 10 s becomes 5 to 10 s. */
  readonly jitter: number;
}

export const LINK_BACKOFF: BackoffPolicy = { baseMs: 1_000, capMs: 120_000, jitter: 0.5 };

/**
 * Wait before retry number `failures` (1 = the first retry, which comes at once). `random` is in [0, 1). Jitter only
 * shortens, so that the cap is a cap.
 */
export function backoffMs(policy: BackoffPolicy, failures: number, random: number): number {
  if (failures <= 1) return 0;
  const fullMs = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(failures - 2, 40));
  return Math.round(fullMs * (1 - policy.jitter * random));
}
