import assert from "node:assert/strict";
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
  for (const frame of frames) record.take(JSON.stringify(frame));
  for (const text of ["", "{", "[]", "x".repeat(300_000)]) record.take(text);
  const found = record.found();
  assert.equal(found.sources.length, 2);
  assert.deepEqual(found.first, { v: "5000", r: "" });
  assert.deepEqual(found.variables[0], {
    input: { roomId: undefined, body: undefined, kind: "PLAIN", loud: false, at: undefined },
  });
  assert.doesNotMatch(JSON.stringify(found), /secret|private|hello|Ada/);
  assert.equal(record.hasSubscribed, true);
});
