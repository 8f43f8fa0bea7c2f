import fc from "fast-check";
import assert from "node:assert/strict";
import { backoffMs, LINK_BACKOFF } from "../../../src/base/backoff.ts";

const POLICY = { baseMs: 1_000, capMs: 30_000, jitter: 0.5 };

Deno.test("backoffMs() tries at once, then doubles up to the cap", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 1e9].map((failures) =>
    backoffMs(POLICY, failures, 0)
  );
  assert.deepEqual(waits, [
    0,
    0,
    1_000,
    2_000,
    4_000,
    8_000,
    16_000,
    30_000,
    30_000,
    30_000,
    30_000,
  ]);
});

Deno.test("backoffMs() shortens by the share that is random", () => {
  assert.equal(backoffMs(POLICY, 4, 0.5), 3_000);
  assert.equal(backoffMs({ ...POLICY, jitter: 0 }, 4, 0.99), 4_000);
});

Deno.test("backoffMs() stays between the unjittered half and the cap, and never shrinks for more failures", () => {
  const failures = fc.integer({ min: 2, max: 10_000 });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(failures, random, (count, drawn) => {
    const fullMs = backoffMs(LINK_BACKOFF, count, 0);
    const waitMs = backoffMs(LINK_BACKOFF, count, drawn);
    assert.ok(waitMs <= fullMs && fullMs <= LINK_BACKOFF.capMs);
    assert.ok(waitMs >= Math.floor(fullMs * (1 - LINK_BACKOFF.jitter)));
    assert.ok(backoffMs(LINK_BACKOFF, count + 1, drawn) >= waitMs);
  }));
});
