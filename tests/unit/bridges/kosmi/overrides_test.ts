import fc from "fast-check";
import assert from "node:assert/strict";
import {
  KOSMI_PROTOCOL,
  parseOverrides,
} from "../../../../src/bridges/kosmi/protocol/operations.ts";
import { OPERATION_NAMES, SHAPE_NAMES } from "../../../../src/bridges/kosmi/protocol/protocol.ts";

Deno.test("parseOverrides() changes what is named and nothing else, letter case ignored", () => {
  const { protocol, faults } = parseOverrides({
    V: "5000",
    limits: { MessageGraphemes: 500 },
    operations: { sendmessage: { names: ["postMessage"], arguments: { body: { names: "text" } } } },
    shapes: { message: { text: { names: ["content"] } } },
    loginPage: { loginButton: { texts: "Enter" } },
  });
  assert.deepEqual(faults, []);
  assert.equal(protocol.v, "5000");
  assert.equal(protocol.limits.messageGraphemes, 500);
  assert.deepEqual(protocol.operations.sendMessage.names, ["postMessage"]);
  assert.deepEqual(protocol.operations.sendMessage.arguments["body"]?.names, ["text"]);
  assert.deepEqual(protocol.shapes.message["text"]?.names, ["content"]);
  assert.deepEqual(protocol.loginPage.loginButton.texts, ["Enter"]);
  assert.equal(protocol.operations.joinRoom, KOSMI_PROTOCOL.operations.joinRoom);
  assert.equal(protocol.r, KOSMI_PROTOCOL.r);
});

Deno.test("parseOverrides() reports each fault with its path and keeps the default", () => {
  const { protocol, faults } = parseOverrides({
    v: 4364,
    origin: "https://a\r\nX: y",
    limits: { frameBytes: -1, speed: 1 },
    operations: { joinRoom: { names: [1] }, flyToMoon: {} },
    shapes: [],
  });
  assert.deepEqual(faults.map((fault) => fault.path.join(".")).sort(), [
    "limits.frameBytes",
    "limits.speed",
    "operations.flyToMoon",
    "operations.joinRoom.names",
    "shapes",
    "v",
  ]);
  assert.equal(protocol.v, KOSMI_PROTOCOL.v);
  assert.deepEqual(protocol.operations.joinRoom, KOSMI_PROTOCOL.operations.joinRoom);
});

Deno.test("parseOverrides() takes anything without throwing", () => {
  const keys = ["v", "limits", "operations", "shapes", "sendMessage", "names", "__proto__", "x"];
  const table = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.anything(),
      fc.dictionary(fc.constantFrom(...keys), tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  fc.assert(
    fc.property(table, (raw) => {
      const { protocol } = parseOverrides(raw);
      assert.equal(typeof protocol.v, "string");
      assert.ok(Array.isArray(protocol.operations.sendMessage.names));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("the protocol data names only shapes and operations that exist", () => {
  assert.deepEqual(Object.keys(KOSMI_PROTOCOL.operations).sort(), [...OPERATION_NAMES].sort());
  assert.deepEqual(Object.keys(KOSMI_PROTOCOL.shapes).sort(), [...SHAPE_NAMES].sort());
  for (const patterns of Object.values(KOSMI_PROTOCOL.errors)) {
    for (const pattern of patterns) new RegExp(pattern, "i");
  }
});
