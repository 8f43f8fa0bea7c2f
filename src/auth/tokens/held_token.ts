import type { CachedToken } from "../../store/files/token_cache.ts";
import { readJwt } from "./jwt.ts";
import { USUAL_LIFE_MS } from "./token_source.ts";

/** A login token in use. Times are milliseconds since the UNIX epoch, by this machine's clock. */
export interface HeldToken {
  readonly token: string;
  readonly origin: "cache" | "login";
  readonly expiresAtMs: number;
  readonly savedAtMs: number;
  /** When it came from a login, by the monotonic clock; null for a token from the cache. */
  readonly loginAtMonotonic: number | null;
}

/** A difference of clocks that is worth telling: shorter ones change nothing. */
const SKEW_MS = 3_600_000;

/** The token of the cache. Its own date of expiry counts; the file's only where it has none. */
export function fromCache(cached: CachedToken): HeldToken {
  const expiresAtMs = readJwt(cached.token)?.expiresAtMs ?? cached.expiresAtMs;
  const { token, savedAtMs } = cached;
  return { token, origin: "cache", expiresAtMs, savedAtMs, loginAtMonotonic: null };
}

/**
 * The token that a login gave. `skewMs` is not 0 when it proves this machine's clock wrong (positive: we are behind); the
 * expiry is then moved so that it is right by our clock.
 */
export function fromLogin(
  token: string,
  now: { readonly nowMs: number; readonly monotonicMs: number },
): { readonly held: HeldToken; readonly skewMs: number } {
  const { nowMs, monotonicMs } = now;
  const claims = readJwt(token);
  const expiresAtMs = claims?.expiresAtMs ?? nowMs + USUAL_LIFE_MS;
  const skewMs = clockSkewMs(claims?.issuedAtMs ?? null, expiresAtMs, nowMs);
  const held: HeldToken = {
    token,
    origin: "login",
    expiresAtMs: expiresAtMs - skewMs,
    savedAtMs: nowMs,
    loginAtMonotonic: monotonicMs,
  };
  return { held, skewMs };
}

/**
 * A new token can't come from the future, nor be over already. One issued long ago proves nothing: the service may hand
 * out a session's old token again.
 */
function clockSkewMs(issuedAtMs: number | null, expiresAtMs: number, nowMs: number): number {
  if (issuedAtMs === null || issuedAtMs >= expiresAtMs) return 0;
  const isWrong = issuedAtMs - nowMs > SKEW_MS || expiresAtMs <= nowMs;
  return isWrong ? issuedAtMs - nowMs : 0;
}

/** What goes into the cache file: there the token's own date stands, whatever our clock shows. */
export function toCache(held: HeldToken, email: string): CachedToken {
  const { token, savedAtMs } = held;
  const expiresAtMs = readJwt(token)?.expiresAtMs ?? held.expiresAtMs;
  return { token, email, expiresAtMs, savedAtMs };
}
