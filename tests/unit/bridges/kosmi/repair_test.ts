import { buildSchema, parse, validate } from "graphql";
import assert from "node:assert/strict";
import { readErrors } from "../../../../src/bridges/kosmi/protocol/graphql_error.ts";
import { KOSMI_PROTOCOL } from "../../../../src/bridges/kosmi/protocol/operations.ts";
import type { Values } from "../../../../src/bridges/kosmi/protocol/plan.ts";
import type { OperationName } from "../../../../src/bridges/kosmi/protocol/protocol.ts";
import { Mending, readValidationError } from "../../../../src/bridges/kosmi/protocol/repair.ts";

const VALUES: Values = {
  room: "@r",
  channel: "general",
  body: "hi",
  cursor: "c",
  replyTo: "m1",
  message: "m1",
};

/** Mends an operation's document against a schema, as graphql-js validates it. */
function mended(name: OperationName, schemaText: string): { text: string; missing: string[] } {
  const schema = buildSchema(schemaText);
  const spec = KOSMI_PROTOCOL.operations[name];
  const mending = new Mending(KOSMI_PROTOCOL, spec);
  for (let round = 0; round < 12; round++) {
    const document = mending.document(VALUES);
    if (document.missing.length > 0) return { text: "", missing: [...document.missing] };
    const errors = validate(schema, parse(document.text)).map((error) => error.toJSON());
    if (errors.length === 0) return { text: document.text.replace(/\s+/g, " "), missing: [] };
    assert.ok(mending.learn(readErrors(errors), document) !== null, JSON.stringify(errors));
  }
  assert.fail("no end");
}

const SENDS: readonly [what: string, schema: string, text: string | RegExp][] = [
  [
    "as documented",
    "sendMessage(body: String!, roomId: String!): Ok",
    /sendMessage\(body: \$body, roomId: \$roomId\) \{ ok \}/,
  ],
  ["with ids", "sendMessage(body: String!, roomId: ID!): Ok", /\$roomId: ID!/],
  [
    "under its newer name",
    "sendMessage2(body: String!, roomId: String!, channelId: String!): Ok",
    /sendMessage2\(body: \$body, roomId: \$roomId, channelId: \$channelId\)/,
  ],
  [
    "with other arguments",
    "sendMessage(content: String!, room: String): Ok",
    /sendMessage\(content: \$content, room: \$room\)/,
  ],
  [
    "yielding a plain value",
    "sendMessage(body: String!, roomId: String!): Boolean",
    /sendMessage\(body: \$body, roomId: \$roomId\) \}/,
  ],
  [
    "yielding the message",
    "sendMessage(body: String!, roomId: String!): Message",
    /\{ id message|\{ id/,
  ],
];

const TYPES = `
  type Query { x: Int }
  type Ok { ok: Boolean }
  type Message { id: String! body: String }
`;

for (const [what, field, expected] of SENDS) {
  Deno.test(`Mending finds sendMessage ${what}`, () => {
    const { text, missing } = mended("sendMessage", `${TYPES} type Mutation { ${field} }`);
    assert.deepEqual(missing, []);
    assert.match(text, expected instanceof RegExp ? expected : new RegExp(expected));
  });
}

Deno.test("Mending names a required field that is gone", () => {
  const { missing } = mended(
    "newMessage",
    `type Query { x: Int } type Subscription { newMessage(roomId: String!): M }
     type M { id: String time: Int user: U } type U { id: String }`,
  );
  assert.equal(missing.length, 1);
  assert.match(missing[0] ?? "", /body\/content\/text/);
});

Deno.test("Mending names an operation that is gone", () => {
  const { missing } = mended("chatArchive", "type Query { x: Int }");
  assert.match(missing.join(), /query chatArchive/);
});

Deno.test("Mending names an argument that is new and required", () => {
  const { missing } = mended(
    "joinRoom",
    `${TYPES} type Mutation { joinRoom(id: String!, captcha: String!): Ok }`,
  );
  assert.match(missing.join(), /captcha/);
});

Deno.test("Mending drops an optional object whose required field is gone", () => {
  const { text, missing } = mended(
    "newMessage",
    `type Query { x: Int } type Subscription { newMessage(roomId: String!, channelId: String): M }
     type M { id: String body: String time: Int user: U replyTo: R } type U { id: String name: String }
     type R { number: Int }`,
  );
  assert.deepEqual(missing, []);
  assert.doesNotMatch(text, /replyTo/);
  assert.match(text, /user \{ id name \}/);
});

Deno.test("Mending finds a user inside currentUser when it has no id itself", () => {
  const { text } = mended(
    "currentUser",
    "type Query { currentUser: C } type C { user: U } type U { id: String displayName: String }",
  );
  assert.match(text, /currentUser \{ user \{ id displayName \} \}/);
});

Deno.test("readValidationError() reads the wordings of graphql-js and Absinthe", () => {
  const table: readonly [string, unknown][] = [
    ['Cannot query field "a" on type "B".', { kind: "field", name: "a" }],
    ['Cannot query field "a" on type "B". Did you mean "c" or "d"?', { kind: "field", name: "a" }],
    ['Field "ok" must not have a selection since type "Boolean" has no subfields.', {
      kind: "leaf",
      name: "ok",
    }],
    [
      'Field "user" of type "User" must have a selection of subfields. Did you mean "user { ... }"?',
      { kind: "branch", name: "user" },
    ],
    ['Unknown argument "x" on field "Mutation.send".', { kind: "argument", name: "x" }],
    ['Unknown argument "x" on field "send" of type "RootMutationType".', {
      kind: "argument",
      name: "x",
    }],
    ['Argument "Query.room(id:)" of type "ID!" is required, but it was not provided.', {
      kind: "argument-missing",
      name: "id",
    }],
    ['Field "room" argument "id" of type "ID!" is required, but it was not provided.', {
      kind: "argument-missing",
      name: "id",
    }],
    ['In argument "id": Expected type "String!", found null.', {
      kind: "argument-missing",
      name: "id",
    }],
    ['Unknown type "UUID".', { kind: "type", name: "UUID" }],
    ['Variable "$id" of type "String!" used in position expecting type "ID!".', {
      kind: "variable-type",
      name: "id",
      expected: "ID!",
    }],
    [
      "In operation `JoinRoom, variable `$id` of type `String` found as input to argument of type `ID!`.",
      { kind: "variable-type", name: "id", expected: "ID!" },
    ],
    ['Variable "$x" is never used in operation "A".', { kind: "variable-unused", name: "x" }],
    ["ROOM_NOT_FOUND", null],
    ["", null],
  ];
  for (const [message, expected] of table) {
    assert.deepEqual(readValidationError(message), expected, message);
  }
});

Deno.test("Mending mends by name where Absinthe tells no position", () => {
  const mending = new Mending(KOSMI_PROTOCOL, KOSMI_PROTOCOL.operations.newMessage);
  const errors = readErrors([{ message: 'Cannot query field "body" on type "Message".' }]);
  assert.notEqual(mending.learn(errors, mending.document(VALUES)), null);
  const next = mending.document(VALUES).text;
  assert.doesNotMatch(next, /^ +body$/m);
  for (const name of ["content", "text", "message"]) {
    assert.match(next, new RegExp(`^    ${name}$`, "m"));
  }
});
