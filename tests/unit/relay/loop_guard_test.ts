import assert from "node:assert/strict";
import { LoopGuard } from "../../../src/relay/intake/recent.ts";
import type { EndpointId, UserId } from "../../../src/relay/port/ids.ts";

const HERE = "a.one room" as EndpointId;
const THERE = "b.two #room" as EndpointId;
const OTHER = "other relay" as UserId;
const ADA = "ada" as UserId;

/** What the guard says of a message that another relay brings back, round after round. */
function rounds(guard: LoopGuard, count: number, fromMs = 0): string[] {
  let text = "hello";
  return Array.from({ length: count }, (_, round) => {
    guard.relayed(HERE, "[one] <Zoë> ", text, fromMs + round * 100);
    text = `[two] <relay> [one]  <Z\u200boë> ${text}`;
    return guard.judge(HERE, OTHER, text, fromMs + round * 100 + 50);
  });
}

Deno.test("LoopGuard notices another relay after three returns", () => {
  const guard = new LoopGuard();
  assert.deepEqual(rounds(guard, 6), [
    ...["tolerated", "tolerated", "tolerated", "begins", "goes-on", "goes-on"],
  ]);
  assert.deepEqual(rounds(guard, 2, 2_000), ["goes-on", "goes-on"]);
  assert.deepEqual(rounds(guard, 2, 120_000), ["tolerated", "tolerated"]);
});

Deno.test("LoopGuard lets people quote, and other senders and places alone", () => {
  const guard = new LoopGuard();
  rounds(guard, 6);
  guard.relayed(HERE, "[one] <Ada> ", "lunch?", 1_000);
  const quote = "who wrote [one] <Ada> lunch?";
  assert.equal(guard.judge(HERE, ADA, quote, 1_100), "tolerated");
  assert.equal(guard.judge(THERE, OTHER, quote, 1_100), "none");
  assert.equal(guard.judge(HERE, ADA, quote, 70_000), "none");
  assert.equal(guard.judge(HERE, OTHER, "lunch?", 1_100), "none");
});

Deno.test("LoopGuard tells nothing by lines without a prefix", () => {
  const guard = new LoopGuard();
  for (let round = 0; round < 10; round++) {
    guard.relayed(HERE, "", "ok", round);
    assert.equal(guard.judge(HERE, ADA, "ok", round), "none");
  }
});
