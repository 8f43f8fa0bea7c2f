const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A token is renewed when it does not live longer than this any more. */
export const RENEW_BEFORE_MS = 7 * DAY_MS;
/** How often a running relay looks whether its token needs renewal. */
export const CHECK_EVERY_MS = DAY_MS;
/** A token without any date of expiry is taken to live so long from now: what the service's tokens do. */
export const USUAL_LIFE_MS = 365 * DAY_MS;

/** `valid`: more than 7 days left. `soon`: still good, to be renewed. */
export type TokenAge = "valid" | "soon" | "expired";

export function tokenAge(expiresAtMs: number, nowMs: number): TokenAge {
  const leftMs = expiresAtMs - nowMs;
  if (leftMs <= 0) return "expired";
  return leftMs > RENEW_BEFORE_MS ? "valid" : "soon";
}

/** Whole hours left, rounded: what the log lines show. */
export function hoursLeft(expiresAtMs: number, nowMs: number): number {
  return Math.max(0, Math.round((expiresAtMs - nowMs) / HOUR_MS));
}

/** Whole days left, rounded down; negative for an expired token. */
export function daysLeft(expiresAtMs: number, nowMs: number): number {
  return Math.floor((expiresAtMs - nowMs) / DAY_MS);
}
