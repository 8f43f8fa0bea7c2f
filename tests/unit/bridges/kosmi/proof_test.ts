import assert from "node:assert/strict";
import { messageIn } from "../../../../src/bridges/kosmi/protocol/decode.ts";
import { KnownOperations } from "../../../../src/bridges/kosmi/protocol/known_operations.ts";
import type { Plan } from "../../../../src/bridges/kosmi/protocol/plan.ts";
import type { Field } from "../../../../src/bridges/kosmi/protocol/roles.ts";
import { protocolWith } from "./support.ts";

const leaf = (key: string): Field => ({ key, fields: [] });
/** As a bundle shows it: names, no types, and the names mean nothing. */
const PLAN: Plan = {
  title: "NewMessageSubscription",
  kind: "subscription",
  field: "stream",
  root: "stream",
  text: "subscription NewMessageSubscription { stream { a1 a2 a3 a4 a5 { b1 b2 } } }",
  variables: [],
  fields: [
    ...["a1", "a2", "a3", "a4"].map(leaf),
    { key: "a5", fields: ["b1", "b2"].map(leaf) },
  ],
};
const message = (a3: string, b1: string, id = 1) => ({
  a1: `7c9e6679-7425-40de-944b-e07fc1f9000${id}`,
  a2: "plain words of a theme",
  a3,
  a4: 1_760_000_000 + id,
  a5: { b1, b2: b1 === OWN_ID ? "relay" : "alice" },
});
const OWN_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const ALICE_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae8";
const own = { texts: ["<bob> hello", "second"], userIds: new Set([OWN_ID]) };

function known() {
  const operations = new KnownOperations(protocolWith(), {
    plan: (name) => name === "newMessage" ? PLAN : null,
    forget: () => {},
    lacks: () => false,
  });
  const statement = operations.statement("newMessage", {});
  return (value: unknown, words: typeof own | null = own) =>
    messageIn(operations.read(statement, value, words));
}

Deno.test("a message of ours proves which field is the text and who wrote it", () => {
  const read = known();
  assert.notEqual(read(message("from alice", ALICE_ID))?.text, "from alice");
  const ours = read(message("<bob> hello", OWN_ID, 2));
  assert.equal(ours?.text, "<bob> hello");
  assert.equal(ours?.sender?.id, OWN_ID);
  // From now on also what others write is read, and without looking for ours.
  const next = read(message("from alice again", ALICE_ID, 3), null);
  assert.deepEqual([next?.text, next?.sender?.id, next?.sender?.name], [
    "from alice again",
    ALICE_ID,
    "alice",
  ]);
  assert.equal(next?.id, "7c9e6679-7425-40de-944b-e07fc1f90003");
});

Deno.test("another's message proves nothing, nor does a text of ours that the service altered", () => {
  const read = known();
  const before = read(message("from alice", ALICE_ID))?.text;
  for (const value of [message("<bob> hello", ALICE_ID, 2), message("<bob> he…", OWN_ID, 3)]) {
    assert.equal(read(value)?.text, before);
  }
  assert.equal(read(message("<bob> hello", OWN_ID), { ...own, texts: [] })?.text, before);
});

Deno.test("what is read rightly stays: an answer that cites us is not taken for ours", () => {
  const operations = new KnownOperations(protocolWith());
  const statement = operations.statement("newMessage", {});
  const value = {
    id: "m1",
    body: "I agree",
    time: 1_760_000_000,
    user: { id: ALICE_ID, displayName: "alice" },
    replyTo: { id: "m0", body: "second", user: { id: OWN_ID, displayName: "relay" } },
  };
  const read = messageIn(operations.read(statement, value, own));
  assert.deepEqual([read?.text, read?.sender?.id], ["I agree", ALICE_ID]);
});
