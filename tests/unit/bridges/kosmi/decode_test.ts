import fc from "fast-check";
import assert from "node:assert/strict";
import { readFrame } from "../../../../src/bridges/kosmi/link/socket.ts";
import * as decode from "../../../../src/bridges/kosmi/protocol/decode.ts";
import { readErrors } from "../../../../src/bridges/kosmi/protocol/graphql_error.ts";
import { KOSMI_PROTOCOL } from "../../../../src/bridges/kosmi/protocol/operations.ts";
import type { ShapeName } from "../../../../src/bridges/kosmi/protocol/protocol.ts";
import { fieldsOf, readShape } from "../../../../src/bridges/kosmi/protocol/decode.ts";
import { findShape } from "../../../../src/bridges/kosmi/protocol/roles.ts";
import { readSchema } from "../../../../src/bridges/kosmi/protocol/schema.ts";
import { tokenSubject } from "../../../../src/bridges/kosmi/session.ts";

const { messageIn, timeOf } = decode;

/** An answer as the relay reads it: its roles are found in what came, then they are decoded. */
function reading<T>(shape: ShapeName, read: (value: unknown) => T): (raw: unknown) => T {
  return (raw) => read(readShape(findShape(KOSMI_PROTOCOL, shape, fieldsOf(raw)), raw));
}

const decoder = {
  user: reading("user", decode.userIn),
  currentUser: reading("currentUser", decode.currentUserIn),
  member: reading("member", decode.memberIn),
  members: reading("member", decode.membersIn),
  message: reading("message", decode.messageIn),
  deletion: reading("deletion", decode.deletionIn),
  reaction: reading("reaction", decode.reactionIn),
  archive: reading("archive", decode.archiveIn),
  acknowledged: reading("acknowledgement", decode.acknowledgedIn),
  sentId: reading("sent", decode.sentIdIn),
};

Deno.test("timeOf() takes seconds, milliseconds and finer units by magnitude", () => {
  const atMs = Date.UTC(2026, 10, 23, 12, 0, 0);
  const table: readonly [unknown, number | null][] = [
    [atMs / 1000, atMs],
    [atMs, atMs],
    [atMs * 1000, atMs],
    [atMs * 1e6, atMs],
    [String(atMs / 1000), atMs],
    [atMs / 1000 + 0.25, atMs + 250],
    ["2026-11-23T12:00:00Z", atMs],
    ["2026-11-23T13:00:00+01:00", atMs],
    ["2026-11-23T12:00:00", atMs],
    ["2026-11-23 12:00:00.000", atMs],
    [0, null],
    [-5, null],
    ["soon", null],
    [null, null],
    [{}, null],
    [Infinity, null],
  ];
  for (const [raw, expected] of table) assert.equal(timeOf(raw), expected, String(raw));
});

Deno.test("message() reads the names that are known and leaves out what is not there", () => {
  const full = decoder.message({
    id: "m1",
    body: "hi",
    time: 1_763_900_000,
    user: { id: "u1", displayName: "Alice", username: "alice", isAnonymous: false },
    replyTo: { id: "m0", body: "before", user: { id: "u2", username: "bob" } },
  });
  assert.deepEqual(full, {
    id: "m1",
    text: "hi",
    atMs: 1_763_900_000_000,
    sender: { id: "u1", name: "Alice", username: "alice", anonymous: false, bot: false },
    reply: { id: "m0", text: "before", nick: "bob" },
  });
  const other = decoder.message({ messageId: 7, content: "hi", author: { id: 9, name: "A" } });
  assert.equal(other?.id, "7");
  assert.equal(other?.sender?.id, "9");
  assert.equal(other?.sender?.name, "A");
  const nested = decoder.message({ id: "1", body: "x", user: null, member: { user: { id: "u" } } });
  assert.equal(nested?.sender?.id, "u");
  assert.equal(decoder.message({ id: "1", body: "x", user: null })?.sender, null);
  assert.equal(
    decoder.message({ id: "1", imageUrl: "https://i/x.webp" })?.text,
    "https://i/x.webp",
  );
  for (const raw of [null, 1, "x", [], {}, { id: "1" }, { body: "x" }, { id: {}, body: "x" }]) {
    assert.equal(decoder.message(raw), null, JSON.stringify(raw));
  }
});

Deno.test("acknowledged() reads what mutations say in several shapes", () => {
  const table: readonly [unknown, boolean | null][] = [
    [true, true],
    [false, false],
    [{ ok: true }, true],
    [{ ok: false }, false],
    [{ success: true }, true],
    [{ status: "ok" }, true],
    [{ status: "error" }, false],
    [{ id: "1" }, null],
    [null, null],
  ];
  for (const [raw, expected] of table) {
    assert.equal(decoder.acknowledged(raw), expected, JSON.stringify(raw));
  }
});

Deno.test("deletion(), reaction() and member() read several shapes", () => {
  assert.equal(decoder.deletion("m1")?.id, "m1");
  assert.equal(decoder.deletion({ id: "m1" })?.id, "m1");
  assert.equal(decoder.deletion({ message: { id: "m1" }, id: "event" })?.id, "m1");
  assert.equal(decoder.reaction({ messageId: "m", emoji: "👍", user: { id: "u" } })?.key, "👍");
  assert.equal(decoder.reaction({ message: { id: "m" }, key: "x", userId: "u" })?.messageId, "m");
  assert.equal(decoder.reaction({ messageId: "m", user: { id: "u" } }), null);
  assert.equal(decoder.member({ user: { id: "u", username: "a" } })?.name, "a");
  assert.equal(decoder.member({ id: "u", displayName: "A" })?.name, "A");
});

Deno.test("no payload makes the decoder throw", () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (raw) => {
      decoder.message(raw);
      decoder.currentUser(raw);
      decoder.members(raw);
      decoder.archive(raw);
      decoder.deletion(raw);
      decoder.reaction(raw);
      decoder.acknowledged(raw);
      decoder.sentId(raw);
      readErrors(raw);
      readSchema(raw);
    }),
    { numRuns: 2_000 },
  );
});

const KEYS = ["id", "body", "time", "user", "results", "member", "message", "replyTo", "emoji"];
const payload = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 6 }),
  ),
})).value;

Deno.test("payloads of known names and any values never throw, and what is read is well-formed", () => {
  fc.assert(
    fc.property(payload, (raw) => {
      const message = decoder.message(raw);
      if (message !== null) {
        assert.equal(typeof message.text, "string");
        assert.ok(message.atMs === null || Number.isSafeInteger(message.atMs));
      }
      decoder.archive(raw);
      decoder.reaction(raw);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("readFrame() takes any text without throwing", () => {
  const types = ["next", "error", "complete", "pong", "ping", "connection_ack", "presence"];
  const frame = fc.record({ type: fc.constantFrom(...types), id: payload, payload }, {
    requiredKeys: [],
  });
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), frame.map((value) => JSON.stringify(value))),
      (text) => {
        const read = readFrame(text);
        if (read.kind === "next" || read.kind === "complete") assert.notEqual(read.id, "");
        if (read.kind === "error") assert.ok(read.errors.length > 0);
      },
    ),
    { numRuns: 5_000 },
  );
});

Deno.test("readFrame() reads a refusal whose payload stands in the id", () => {
  const frame = readFrame('{"id":{"message":"UNAUTHORIZED"},"type":"error","payload":{}}');
  assert.deepEqual(frame, {
    kind: "error",
    id: "",
    errors: [{ message: "UNAUTHORIZED", code: "", line: null }],
  });
});

Deno.test("tokenSubject() reads sub, and nothing from what is no JWT", () => {
  const token = `e30.${btoa('{"sub":"u-1"}').replace(/=+$/, "")}.x`;
  assert.equal(tokenSubject(token), "u-1");
  for (const text of ["", "a", "a.b.c", "..", `e30.${btoa("[]")}.x`, `e30.${btoa("1")}.x`]) {
    assert.equal(tokenSubject(text), null, text);
  }
});

Deno.test("user() reads the address of a picture, and nothing else in its place", () => {
  const user = (avatarUrl: unknown) => decoder.user({ id: "u1", displayName: "Zoë", avatarUrl });
  assert.equal(user("https://img.kosmi.io/zoe.png")?.avatar, "https://img.kosmi.io/zoe.png");
  for (const other of ["javascript:alert(1)", "/zoe.png", "", null, 5, "https://x y"]) {
    const read = user(other);
    assert.ok(read !== null && !("avatar" in read), String(other));
  }
});

for (
  const [form, text] of Object.entries({
    "a list of strings": ["one ", "two"],
    "a list of objects": [{ kind: "PLAIN", text: "one " }, { kind: "LINK", text: "two" }],
    "an editor's document": {
      type: "doc",
      content: [{
        type: "paragraph",
        content: [{ type: "text", text: "one " }, { type: "text", text: "two" }],
      }],
    },
    "a list of operations": { ops: [{ insert: "one " }, { insert: "two" }] },
    "an object with a value": { html: "<b>one</b> two", value: "one two" },
  })
) {
  Deno.test(`messageIn() joins a text that comes as ${form}`, () => {
    assert.equal(messageIn({ id: "m1", text })?.text, "one two");
  });
}

Deno.test("messageIn() keeps the lines of a document, and takes no picture for a text", () => {
  const line = (text: string) => ({ type: "paragraph", children: [{ text }] });
  assert.equal(
    messageIn({ id: "m1", text: [line("one"), line(""), line("two")] })?.text,
    "one\n\ntwo",
  );
  assert.equal(messageIn({ id: "m1", text: { url: "https://example.org/a.png" } }), null);
  assert.equal(messageIn({ id: "m1", text: [] })?.text, "");
});
