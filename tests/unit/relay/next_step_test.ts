import assert from "node:assert/strict";
import { type Ending, nextStep } from "../../../src/relay/links/next_step.ts";
import type { LinkEnd } from "../../../src/relay/port/bridge.ts";

const LOST: LinkEnd = { kind: "lost", reason: "gone" };

function step(more: Partial<Ending>): ReturnType<typeof nextStep> {
  return nextStep({ end: LOST, readyMs: 0, failures: 1, outageMs: 0, random: 0, ...more });
}

const ROWS: readonly [
  why: string,
  ending: Partial<Ending>,
  expected: ReturnType<typeof nextStep>,
][] = [
  ["stops when it was stopped", { end: { kind: "stopped", reason: "" } }, { kind: "stop" }],
  ["retries at once the first time", {}, { kind: "retry", waitMs: 0, failures: 1 }],
  ["waits a little the second time", { failures: 2 }, { kind: "retry", waitMs: 500, failures: 2 }],
  ["doubles", { failures: 4 }, { kind: "retry", waitMs: 2_000, failures: 4 }],
  ["stays below 3 s while the outage is young", { failures: 9, outageMs: 29_000 }, {
    kind: "retry",
    waitMs: 2_500,
    failures: 9,
  }],
  ["waits longer when the outage is old", { failures: 9, outageMs: 60_000 }, {
    kind: "retry",
    waitMs: 15_000,
    failures: 9,
  }],
  ["does not jump when the outage is 40 s old", { failures: 20, outageMs: 40_000 }, {
    kind: "retry",
    waitMs: 10_000,
    failures: 20,
  }],
  ["does not wait long for a server that lets us in for a moment only", {
    failures: 12,
    readyMs: 5_000,
  }, { kind: "retry", waitMs: 30_000, failures: 12 }],
  ["waits long where it is throttled again and again", {
    end: { kind: "throttled", reason: "slow" },
    failures: 12,
  }, { kind: "retry", waitMs: 300_000, failures: 12 }],
  ["is capped", { failures: 500, outageMs: 9e9 }, {
    kind: "retry",
    waitMs: 300_000,
    failures: 500,
  }],
  ["starts anew after a good link", { failures: 9, readyMs: 60_000 }, {
    kind: "retry",
    waitMs: 0,
    failures: 1,
  }],
  ["does not start anew after a short link", { failures: 4, readyMs: 59_999 }, {
    kind: "retry",
    waitMs: 8_000,
    failures: 4,
  }],
  ["waits as long as a service wants that throttles", {
    end: { kind: "throttled", reason: "slow", retryAfterMs: 30_000 },
  }, { kind: "retry", waitMs: 30_000, failures: 1 }],
  ["is slow where a person must mend it", { end: { kind: "refused", reason: "banned" } }, {
    kind: "retry-slowly",
    waitMs: 900_000,
    failures: 1,
  }],
];

for (const [why, ending, expected] of ROWS) {
  Deno.test(`nextStep() ${why}`, () => assert.deepEqual(step(ending), expected));
}

Deno.test("nextStep() shortens by chance, never lengthens", () => {
  const full = step({ failures: 9, outageMs: 60_000 });
  const short = step({ failures: 9, outageMs: 60_000, random: 0.999 });
  assert.ok(full.kind === "retry" && short.kind === "retry");
  assert.ok(short.waitMs < full.waitMs && short.waitMs >= full.waitMs / 2);
});

Deno.test("nextStep() comes again within max(30 s, T/4) after an outage of T, and within 5 minutes", () => {
  for (const random of [0, 0.5, 0.999]) {
    let outageMs = 0;
    for (let failures = 1; outageMs < 86_400_000; failures++) {
      const next = step({ failures, outageMs, random });
      assert.ok(next.kind === "retry");
      assert.ok(next.waitMs <= Math.min(300_000, Math.max(30_000, outageMs / 4)), `${outageMs}`);
      outageMs += Math.max(20, next.waitMs);
    }
  }
});
