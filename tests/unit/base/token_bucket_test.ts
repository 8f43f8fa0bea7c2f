import fc from "fast-check";
import assert from "node:assert/strict";
import { TokenBucket } from "../../../src/base/token_bucket.ts";

Deno.test("TokenBucket lets a burst go at once, then one for each refill", () => {
  const bucket = new TokenBucket({ capacity: 3, refillMs: 1_000 }, 0);
  assert.deepEqual([0, 0, 0, 0, 0].map((nowMs) => bucket.take(nowMs)), [0, 0, 0, 1_000, 2_000]);
  assert.equal(bucket.take(2_500), 500);
});

Deno.test("TokenBucket never holds more than its capacity", () => {
  const bucket = new TokenBucket({ capacity: 2, refillMs: 100 }, 0);
  assert.deepEqual([1, 2, 3].map(() => bucket.take(1e9)), [0, 0, 100]);
});

Deno.test("TokenBucket counts a cost, and waits for nothing without a limit", () => {
  const bucket = new TokenBucket({ capacity: 5, refillMs: 100 }, 0);
  assert.equal(bucket.take(0, 4), 0);
  assert.equal(bucket.take(0, 4), 300);
  const free = new TokenBucket({ capacity: 1, refillMs: 0 }, 0);
  for (let i = 0; i < 100; i++) assert.equal(free.take(0, 50), 0);
});

Deno.test("TokenBucket.drain() takes what is left, not more; debt stays", () => {
  const bucket = new TokenBucket({ capacity: 5, refillMs: 100 }, 0);
  bucket.drain(0);
  assert.equal(bucket.take(0), 100);
  bucket.drain(0);
  assert.equal(bucket.take(0), 200);
});

Deno.test("TokenBucket.retune() keeps what was taken, at the new pace", () => {
  const bucket = new TokenBucket({ capacity: 2, refillMs: 100 }, 0);
  for (let i = 0; i < 3; i++) bucket.take(0);
  bucket.retune({ capacity: 2, refillMs: 1_000 }, 0);
  assert.equal(bucket.take(0), 2_000);
  const full = new TokenBucket({ capacity: 9, refillMs: 100 }, 0);
  full.retune({ capacity: 1, refillMs: 100 }, 0);
  assert.deepEqual([full.take(0), full.take(0)], [0, 100]);
});

Deno.test("TokenBucket lets no window pass more than capacity plus its refills", () => {
  const pace = fc.record({
    capacity: fc.integer({ min: 1, max: 10 }),
    refillMs: fc.integer({ min: 1, max: 2_000 }),
  });
  const gaps = fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(pace, gaps, (options, pauses) => {
    const bucket = new TokenBucket(options, 0);
    let nowMs = 0;
    const sentAtMs = pauses.map((pauseMs) => {
      nowMs += pauseMs;
      return nowMs + bucket.take(nowMs);
    });
    for (const [first, fromMs] of sentAtMs.entries()) {
      for (const [last, toMs] of sentAtMs.entries()) {
        if (last < first) continue;
        // Waits are rounded up to whole milliseconds: two of them may lie that much closer.
        const allowed = options.capacity + (toMs - fromMs + 1) / options.refillMs;
        assert.ok(last - first + 1 <= allowed + 1e-6, `${last - first + 1} > ${allowed}`);
      }
    }
  }));
});
