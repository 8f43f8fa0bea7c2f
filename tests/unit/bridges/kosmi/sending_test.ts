import assert from "node:assert/strict";
import { Deadlines } from "../../../../src/base/timers.ts";
import type { KosmiMessage } from "../../../../src/bridges/kosmi/protocol/decode.ts";
import { sameText, type Sending, SentMatcher } from "../../../../src/bridges/kosmi/room/sender.ts";
import type { MessageId } from "../../../../src/relay/port/ids.ts";
import { startKosmi } from "../../../sandbox/kosmi/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { runBridge, send } from "./support.ts";

function sending(wire: string): Sending {
  return { wire, answeredId: null, seenId: null };
}

function shown(id: string, text: string): KosmiMessage {
  return { id: id as MessageId, text, atMs: null, sender: null, reply: null };
}

Deno.test("SentMatcher finds by id first, then the oldest of the same text", () => {
  const matcher = new SentMatcher<Sending>();
  const [first, second, third] = [sending("a"), sending("a"), sending("b")];
  for (const each of [first, second, third]) if (each !== undefined) matcher.expect(each);
  if (second !== undefined) second.answeredId = "2" as MessageId;
  assert.equal(matcher.shown(shown("2", "a"))?.sending, second);
  assert.equal(matcher.shown(shown("1", "a"))?.sending, first);
  assert.deepEqual(matcher.shown(shown("9", "altered")), { sending: third, certain: false });
  assert.equal(matcher.shown(shown("10", "b")), null);
});

Deno.test("SentMatcher does not guess among several", () => {
  const matcher = new SentMatcher<Sending>();
  matcher.expect(sending("a"));
  matcher.expect(sending("b"));
  assert.equal(matcher.shown(shown("1", "something else")), null);
});

Deno.test("sameText() looks past white space, normal forms and HTML escaping", () => {
  assert.ok(sameText("a  b\n", "a b"));
  assert.ok(sameText("e\u0301", "é"));
  assert.ok(sameText("<a> & 'b'", "&lt;a&gt; &amp; &#39;b&#39;"));
  assert.ok(!sameText("a", "A"));
});

Deno.test("Deadlines expire in time, once, and leave no timer behind", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const expired: string[] = [];
  deadlines.add(300, () => expired.push("late"));
  deadlines.add(100, () => expired.push("early"));
  const cancel = deadlines.add(200, () => expired.push("cancelled"));
  cancel();
  await clock.advance(99);
  assert.deepEqual([...expired], []);
  await clock.advance(1);
  assert.deepEqual([...expired], ["early"]);
  await clock.advance(1_000);
  assert.deepEqual([...expired], ["early", "late"]);
  assert.deepEqual(clock.sleeps, []);
  deadlines.add(100, () => expired.push("never"));
  deadlines.close();
  await clock.advance(1_000);
  assert.deepEqual(clock.sleeps, []);
  assert.deepEqual(expired.slice(2), []);
});

Deno.test("a rate limit in the middle of many sends under way changes nothing of their order", async () => {
  const rateLimit = { count: 5, perMs: 1_000, message: "slow down", how: "error" } as const;
  await using kosmi = await startKosmi({ variants: { rateLimit } });
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  const texts = Array.from({ length: 12 }, (_, index) => `line ${index}`);
  const receipts = await Promise.all(texts.map((text) => send(running, text)));
  assert.deepEqual(receipts.flat().map((each) => each.outcome), texts.map(() => "confirmed"));
  assert.deepEqual(kosmi.messages("@movienight").map((each) => each.text), texts);
});

for (
  const [error, outcome] of [["INTERNAL_ERROR", "unsent"], ["Something went wrong", "unsent"], [
    "No pets in here",
    "rejected",
  ]] as const
) {
  Deno.test(`a send that is answered "${error}" on end is ${outcome}`, async () => {
    await using kosmi = await startKosmi({ variants: { failing: { sendMessage: error } } });
    await using running = runBridge({ kosmi });
    await running.host.waitUp();
    const [receipt] = await send(running, "hello");
    assert.equal(receipt?.outcome, outcome, JSON.stringify(receipt));
  });
}
