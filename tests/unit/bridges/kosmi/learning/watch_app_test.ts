import assert from "node:assert/strict";
import { systemClock } from "../../../../../src/base/clock.ts";
import { readPlan } from "../../../../../src/bridges/kosmi/learning/match.ts";
import { readCode } from "../../../../../src/bridges/kosmi/learning/read_app.ts";
import { messageIn, readShape } from "../../../../../src/bridges/kosmi/protocol/decode.ts";
import { findShape } from "../../../../../src/bridges/kosmi/protocol/roles.ts";
import { protocolWith } from "../support.ts";
import { FrameRecord } from "../../../../../src/bridges/kosmi/learning/watch_app.ts";

Deno.test("FrameRecord keeps documents and keys, and no text, name, id or token", () => {
  const record = new FrameRecord();
  const frames = [
    { type: "connection_init", payload: { token: "eyJsecret.token.x", ua: "x", v: "5000", r: "" } },
    {
      id: "1",
      type: "subscribe",
      payload: {
        query: "mutation SendMessage2($input: In!) { sendMessage2(input: $input) { ok } }",
        variables: {
          input: { roomId: "@private", body: "hello Ada", kind: "PLAIN", loud: false, at: 5 },
        },
      },
    },
    { id: "2", type: "subscribe", payload: { query: "subscription A { a }", variables: ["x"] } },
    { type: "ping" },
    null,
    7,
  ];
  for (const frame of frames) record.take(JSON.stringify(frame), true);
  for (const text of ["", "{", "[]", "x".repeat(300_000)]) {
    record.take(text, true);
    record.take(text, false);
  }
  const answers = [
    { id: "1", type: "next", payload: { data: { sendMessage2: { ok: true, note: "hello Ada" } } } },
    { id: "1", type: "next", payload: { data: { sendMessage2: { other: 1 } } } },
    { id: "9", type: "next", payload: { data: { nobody: "asked Ada" } } },
    { id: "2", type: "error", payload: [{ message: "private" }] },
  ];
  for (const frame of answers) record.take(JSON.stringify(frame), false);
  const found = record.found();
  assert.equal(found.sources.length, 2);
  assert.deepEqual(found.sources.map((source) => "answer" in source ? source.answer : null), [[{
    key: "sendMessage2",
    fields: [
      { key: "ok", type: "Boolean", fields: [] },
      { key: "note", type: "String", fields: [] },
    ],
  }], []]);
  assert.deepEqual(found.first, { v: "5000", r: "" });
  assert.deepEqual(found.variables[0], {
    input: { roomId: undefined, body: undefined, kind: "PLAIN", loud: false, at: undefined },
  });
  assert.doesNotMatch(JSON.stringify(found), /secret|private|hello|Ada/);
  assert.equal(record.hasSubscribed, true);
});

Deno.test("the types of answers tell which field is what, where names mean nothing", async () => {
  const record = new FrameRecord();
  const query =
    "subscription NewMessageSubscription($roomId: String!) { s(roomId: $roomId) { a1 a2 a3 a5 a4 { b1 b2 b3 } } }";
  record.take(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }), true);
  const s = {
    a1: false,
    a2: "7c9e6679-7425-40de-944b-e07fc1f90001",
    a3: "hello Ada",
    a5: 1_760_000_000,
    a4: { b1: "7c9e6679-7425-40de-944b-e07fc1f90002", b2: true, b3: "Ada" },
  };
  const protocol = protocolWith();
  const never = new AbortController().signal;
  const read = async () => {
    const code = { pieces: [], faults: [], ...record.found() };
    const reading = await readCode(code, protocol, systemClock, never);
    const { fields = [] } = reading.operations.newMessage ?? {};
    // As it is kept over a restart.
    const kept = readPlan(JSON.parse(JSON.stringify(reading.operations.newMessage)));
    assert.deepEqual(kept?.fields, fields);
    return readShape(findShape(protocol, "message", fields ?? []), s);
  };
  assert.equal(messageIn(await read()), null);
  record.take(JSON.stringify({ id: "1", type: "next", payload: { data: { s } } }), false);
  const message = messageIn(await read());
  assert.deepEqual([message?.id, message?.text, message?.sender?.id, message?.sender?.name], [
    s.a2,
    "hello Ada",
    s.a4.b1,
    "Ada",
  ]);
});
