import fc from "fast-check";
import assert from "node:assert/strict";
import { takePack } from "../../../src/relay/delivery/backlog.ts";
import { plainText, textOf } from "../../../src/relay/port/rich_text.ts";
import { delivery, messageId, outgoing } from "./builders.ts";

const POLICY = { separator: " | ", maxLength: 20 };

function packed(...args: Parameters<typeof takePack>): { ids: number[]; text: string } | null {
  const pack = takePack(...args);
  if (pack === null) return null;
  const text = pack.outgoing.kind === "message" ? textOf(pack.outgoing.text) : "";
  return { ids: pack.deliveries.map((one) => one.id), text };
}

Deno.test("takePack() joins what one speaker said in a row", () => {
  const waiting = ["a", "b", "c"].map((text, at) => delivery(at + 1, outgoing(text)));
  assert.deepEqual(packed(waiting, POLICY), { ids: [1, 2, 3], text: "a | b | c" });
});

Deno.test("takePack() takes one where nothing is packed", () => {
  const waiting = ["a", "b"].map((text, at) => delivery(at + 1, outgoing(text)));
  assert.deepEqual(packed(waiting, null), { ids: [1], text: "a" });
  assert.equal(packed([], POLICY), null);
});

const ENDS: readonly [why: string, second: ReturnType<typeof delivery>][] = [
  ["another speaker", delivery(2, outgoing("b"), { speaker: "bob" })],
  ["another prefix", delivery(2, outgoing("b", { prefix: plainText("<al> ") }))],
  ["an action", delivery(2, outgoing("b", { action: true }))],
  ["a reply", delivery(2, outgoing("b", { replyTo: messageId("1") }))],
  ["several lines", delivery(2, outgoing("b\nc"))],
  ["no speaker", delivery(2, outgoing("b"), { speaker: null })],
  ["a deletion", delivery(2, { kind: "deletion", target: messageId("1") })],
  ["too much text", delivery(2, outgoing("b".repeat(30)))],
];
for (const [why, second] of ENDS) {
  Deno.test(`takePack() ends before ${why}`, () => {
    const waiting = [delivery(1, outgoing("a")), second, delivery(3, outgoing("c"))];
    assert.deepEqual(packed(waiting, POLICY), { ids: [1], text: "a" });
  });
}

Deno.test("takePack() loses nothing and keeps the order, whatever waits", () => {
  const one = fc.record({
    text: fc.string({ maxLength: 12 }),
    speaker: fc.constantFrom("alice", "bob"),
    action: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(one, { maxLength: 30 }), (messages) => {
    let waiting = messages.map(({ text, speaker, action }, at) =>
      delivery(at + 1, outgoing(text, { action }), { speaker })
    );
    const seen: number[] = [];
    for (let pack = takePack(waiting, POLICY); pack !== null; pack = takePack(waiting, POLICY)) {
      seen.push(...pack.deliveries.map((each) => each.id));
      waiting = waiting.slice(pack.deliveries.length);
    }
    assert.deepEqual(seen, messages.map((_, at) => at + 1));
  }));
});

Deno.test("takePack() joins what was caught up, though each has its own time", () => {
  const late = (text: string, minute: number) =>
    outgoing(text, {
      prefix: plainText(`<al> [21:${String(minute).padStart(2, "0")}] `),
      isMarked: true,
      atMs: minute * 60_000,
    });
  const waiting = [0, 1, 9, 30].map((minute, at) => delivery(at + 1, late("x", minute)));
  assert.deepEqual(packed(waiting, POLICY), { ids: [1, 2, 3], text: "x | x | x" });
  const other = [delivery(1, late("x", 0)), delivery(2, outgoing("x"))];
  assert.deepEqual(packed(other, POLICY), { ids: [1], text: "x" });
  const ends: readonly [second: ReturnType<typeof outgoing>, isJoined: boolean][] = [
    [late("y", 10), true],
    [late("y", 11), false],
    [{ ...late("y", 5), atMs: -1 }, false],
    [{ ...late("y", 5), prefix: plainText("<bo> [21:05] ") }, false],
    [{ ...late("y", 5), isMarked: false }, false],
  ];
  for (const [second, isJoined] of ends) {
    const pack = packed([delivery(1, late("x", 0)), delivery(2, second)], POLICY);
    assert.deepEqual(pack?.ids, isJoined ? [1, 2] : [1]);
  }
});

Deno.test("takePack() joins late messages of one speaker that were said within ten minutes", () => {
  const minute = 60_000;
  const late = (id: number, atMs: number | null, prefix = `<alice> [12:0${id}] `) =>
    delivery(
      id,
      outgoing("a", {
        prefix: plainText(prefix),
        isMarked: true,
        ...(atMs === null ? {} : { atMs }),
      }),
    );
  const ids = (...waiting: ReturnType<typeof late>[]) => packed(waiting, POLICY)?.ids;
  assert.deepEqual(ids(late(1, minute), late(2, 11 * minute)), [1, 2]);
  assert.deepEqual(ids(late(1, minute), late(2, 11 * minute + 1)), [1]);
  assert.deepEqual(ids(late(1, minute), late(2, minute)), [1, 2]);
  assert.deepEqual(ids(late(1, minute), late(2, minute - 1)), [1]);
  assert.deepEqual(ids(late(1, minute), late(2, null)), [1]);
  assert.deepEqual(ids(late(1, null), late(2, minute)), [1]);
  assert.deepEqual(ids(late(1, minute), late(2, minute, "<al> [12:02] ")), [1]);
  const now = delivery(2, outgoing("a", { atMs: minute }));
  assert.deepEqual(ids(late(1, minute), now), [1]);
});
