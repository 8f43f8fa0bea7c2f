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
  ["waits longer when the outage is old", { failures: 5, outageMs: 60_000 }, {
    kind: "retry",
    waitMs: 32_000,
    failures: 5,
  }],
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
