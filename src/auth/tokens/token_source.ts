/** A token for one connection attempt. */
export interface TokenGrant {
  readonly token: string;
  /** A login was configured: when the service shows us as anonymous all the same, somebody should be told. */
  readonly expectsLogin: boolean;
}

/** Where the token in use comes from. */
type TokenOrigin = "anonymous" | "configured" | "cache" | "login";

/** What may be shown of a token; never the token itself. Times are milliseconds since the UNIX epoch. */
export interface TokenStatus {
  /** Null as long as there is none. */
  readonly origin: TokenOrigin | null;
  readonly email: string | null;
  readonly userId: string | null;
  readonly savedAtMs: number | null;
  readonly expiresAtMs: number | null;
  /** Why the last login failed; null when it did not. */
  readonly fault: string | null;
}

/** Gives an account its token, keeps it fresh, and never asks the service more often than is decent. */
export interface TokenSource {
  /**
   * The token to connect with; called before every connection attempt. Several callers share one login. Rejects with a
   * NeedsPersonError (wait at least its `retryAfterMs`), another Error (back off and try again), or the signal's reason
   * after everything it started has ended.
   */
  get(signal: AbortSignal): Promise<TokenGrant>;
  /** The service refused this token: it is discarded, and the next `get` gives another one where it can. */
  refused(token: string): void;
  /**
   * Renews in good time while the program runs. Rejects only with the signal's reason, when that aborts; no browser of ours is
   * running then, provided that those who called `get` have given up too.
   */
  maintain(signal: AbortSignal): Promise<void>;
  /** Logs in now, whatever is cached: a person asked for it. */
  renew(signal: AbortSignal): Promise<void>;
  status(): TokenStatus;
}

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
