import assert from "node:assert/strict";
import { fromCache, fromLogin, toCache } from "../../../src/auth/tokens/held_token.ts";
import { USUAL_LIFE_MS } from "../../../src/auth/tokens/token_source.ts";
import { makeJwt } from "./tokens.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 1_800_000_000_000;
const NOW = { nowMs: NOW_MS, monotonicMs: 77 };

/** A token with these times, in milliseconds; null leaves a claim out. */
function token(issuedAtMs: number | null, expiresAtMs: number | null): string {
  const seconds = (ms: number | null) => ms === null ? undefined : ms / 1_000;
  return makeJwt({ sub: "u", iat: seconds(issuedAtMs), exp: seconds(expiresAtMs) });
}

function skewOf(issuedAtMs: number | null, expiresAtMs: number | null): number {
  return fromLogin(token(issuedAtMs, expiresAtMs), NOW).skewMs;
}

Deno.test("fromLogin() takes a token that is no JWT for one that lives as long as usual", () => {
  const { held, skewMs } = fromLogin("opaque", NOW);
  assert.deepEqual(held, {
    token: "opaque",
    origin: "login",
    expiresAtMs: NOW_MS + USUAL_LIFE_MS,
    savedAtMs: NOW_MS,
    loginAtMonotonic: 77,
  });
  assert.equal(skewMs, 0);
});

Deno.test("fromLogin() sees that our clock is wrong only where the token proves it", () => {
  const endMs = NOW_MS + 24 * HOUR_MS;
  assert.equal(skewOf(NOW_MS, endMs), 0);
  assert.equal(skewOf(NOW_MS + HOUR_MS, endMs), 0, "an hour is not worth telling");
  assert.equal(skewOf(NOW_MS + HOUR_MS + 1_000, endMs), HOUR_MS + 1_000);
  assert.equal(skewOf(NOW_MS - 900 * HOUR_MS, endMs), 0, "an old session's token");
  assert.equal(skewOf(NOW_MS - 10 * HOUR_MS, NOW_MS + 1_000), 0);
  assert.equal(skewOf(NOW_MS - 10 * HOUR_MS, NOW_MS), -10 * HOUR_MS, "over at once");
  assert.equal(skewOf(null, NOW_MS - HOUR_MS), 0, "it does not say when it was issued");
  assert.equal(skewOf(NOW_MS + 9 * HOUR_MS, NOW_MS + 9 * HOUR_MS), 0, "issued as it ends");
});

Deno.test("fromLogin() moves the end so that it is right by our clock, and the cache keeps the token's own", () => {
  const issuedMs = NOW_MS + 48 * HOUR_MS;
  const { held, skewMs } = fromLogin(token(issuedMs, issuedMs + HOUR_MS), NOW);
  assert.equal(skewMs, 48 * HOUR_MS);
  assert.equal(held.expiresAtMs, NOW_MS + HOUR_MS);
  const cached = toCache(held, "a@b.c");
  assert.equal(cached.expiresAtMs, issuedMs + HOUR_MS);
  assert.deepEqual([cached.email, cached.savedAtMs, cached.token], ["a@b.c", NOW_MS, held.token]);
});

Deno.test("fromCache() goes by the token's own end, and by the file's only where it has none", () => {
  const cached = (text: string) => ({ token: text, email: "", expiresAtMs: 5, savedAtMs: 4 });
  assert.equal(fromCache(cached(token(null, NOW_MS))).expiresAtMs, NOW_MS);
  assert.equal(fromCache(cached(token(NOW_MS, null))).expiresAtMs, 5);
  assert.deepEqual(fromCache(cached("opaque")), {
    token: "opaque",
    origin: "cache",
    expiresAtMs: 5,
    savedAtMs: 4,
    loginAtMonotonic: null,
  });
  assert.equal(toCache(fromCache(cached("opaque")), "e").expiresAtMs, 5);
});
