import assert from "node:assert/strict";
import { type Junk, startKosmi, type VariantChange } from "../../../sandbox/kosmi/mod.ts";
import { seededRandom } from "../../../sandbox/kosmi/random.ts";
import { JOIN, NEW_MESSAGE, post, RawClient, SEND } from "./raw_client.ts";

const ROOM = "@movienight";
const HERE = { roomId: ROOM, channelId: "general" };

/** Messages that the server gives for a document. */
async function complaints(
  variants: VariantChange,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<string[]> {
  await using kosmi = await startKosmi({ variants });
  await using client = await RawClient.signIn(kosmi);
  const payload = await client.run("1", query, variables);
  return Array.isArray(payload) ? payload.map((error) => error.message) : [];
}

Deno.test("errors of validation are in Absinthe's words", async () => {
  const plain = { suggestions: false };
  const cases: [string, Record<string, unknown>, string[]][] = [
    ["{ me { id } }", {}, ['Cannot query field "me" on type "RootQueryType".']],
    ["{ room { id } }", {}, ['In argument "id": Expected type "String!", found null.']],
    [
      '{ room(id: "x", code: 1) { id } }',
      {},
      ['Unknown argument "code" on field "room" of type "RootQueryType".'],
    ],
    [
      "{ currentUser }",
      {},
      [
        'Field "currentUser" of type "User" must have a selection of subfields. Did you mean "currentUser { ... }"?',
      ],
    ],
    [
      "query($id: String!) { room(id: $id) { id } }",
      {},
      ['Variable "id": Expected non-null, found null.'],
    ],
    [
      "query($id: String) { room(id: $id) { id } }",
      {},
      ['In argument "id": Expected type "String!", found null.'],
    ],
    [
      "query($id: ID!) { room(id: $id) { id } }",
      { id: "x" },
      ["Variable `id` of type `ID!` found as input to argument of type `String!`."],
    ],
    [
      "query A { currentUser { id } } query B { currentUser { id } }",
      {},
      ["Must provide a valid operation name if query contains multiple operations."],
    ],
    ["{ currentUser {", {}, ["syntax error before: Expected Name, found <EOF>."]],
    ["", {}, ["syntax error before: Unexpected <EOF>."]],
  ];
  for (const [query, variables, expected] of cases) {
    assert.deepEqual(await complaints(plain, query, variables), expected);
  }
});

Deno.test("introspection shows the schema, and can be switched off", async () => {
  const query = "{ __schema { mutationType { name fields { name } } } }";
  assert.deepEqual(await complaints({}, query), []);
  assert.deepEqual(await complaints({ introspection: "off" }, query), [
    'Cannot query field "__schema" on type "RootQueryType".',
  ]);
  assert.deepEqual(await complaints({}, '{ __type(name: "User") { isOneOf } }'), [
    'Cannot query field "isOneOf" on type "__Type".',
  ]);
});

Deno.test("fields, arguments and operations can be missing, renamed or null, also at run time", async () => {
  await using kosmi = await startKosmi({ variants: { suggestions: false } });
  await using client = await RawClient.enter(kosmi, ROOM);
  kosmi.setVariant({
    missing: [
      "User.username",
      "RootMutationType.sendMessage2",
      "RootQueryType.chatArchive(cursor)",
    ],
    renamed: { "Message.body": "content", "RootSubscriptionType.newMessage": "messageCreated" },
    nulls: ["Message.user"],
  });
  const asked = async (query: string) =>
    (await client.run("q", query)).map((error: { message: string }) => error.message);
  assert.deepEqual(await asked("{ currentUser { username } }"), [
    'Cannot query field "username" on type "User".',
  ]);
  assert.deepEqual(await asked(`mutation { sendMessage2(body: "", roomId: "") { ok } }`), [
    'Cannot query field "sendMessage2" on type "RootMutationType".',
  ]);
  assert.deepEqual(await asked(`{ chatArchive(roomId: "", cursor: "") { backCursor } }`), [
    'Unknown argument "cursor" on field "chatArchive" of type "RootQueryType".',
  ]);
  assert.deepEqual(await asked(`subscription { newMessage(roomId: "") { id } }`), [
    'Cannot query field "newMessage" on type "RootSubscriptionType".',
  ]);
  client.subscribe(
    "s",
    `subscription { messageCreated(roomId: "${ROOM}") { content user { id } } }`,
  );
  await client.untilPong();
  kosmi.say(ROOM, { name: "Ada" }, "hello");
  assert.deepEqual((await client.next("next")).payload.data, {
    messageCreated: { content: "hello", user: null },
  });
});

Deno.test("time comes in seconds, milliseconds or as ISO 8601", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  const atMs = 1_790_000_000_123;
  const expected = {
    seconds: 1_790_000_000,
    milliseconds: atMs,
    iso: "2026-09-21T14:13:20.123Z",
  };
  for (const timeUnit of ["seconds", "milliseconds", "iso"] as const) {
    kosmi.setVariant({ timeUnit });
    client.subscribe("s", NEW_MESSAGE, HERE);
    await client.untilPong();
    kosmi.say(ROOM, { name: "Ada" }, "now", { timestamp: atMs });
    assert.equal((await client.next("next")).payload.data.newMessage.time, expected[timeUnit]);
  }
});

Deno.test("an operation can stay unanswered, carried out or not", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  // By the operation's name, and by the root field's.
  kosmi.setVariant({ noReply: ["SendMessage"] });
  client.subscribe("m", SEND, { roomId: ROOM, body: "done" });
  assert.deepEqual(await client.untilPong(), []);
  kosmi.setVariant({ noReply: [], crash: ["sendMessage"] });
  client.subscribe("m", SEND, { roomId: ROOM, body: "not done" });
  assert.deepEqual(await client.untilPong(), []);
  assert.deepEqual(kosmi.messages(ROOM).map((message) => message.text), ["done"]);
});

Deno.test("shuffled answers come in another order than the questions", async () => {
  await using kosmi = await startKosmi({ variants: { shuffle: { seed: 7, maxDelayMs: 200 } } });
  await using client = await RawClient.signIn(kosmi);
  const asked = ["0", "1", "2", "3", "4", "5"];
  for (const id of asked) client.subscribe(id, "{ currentUser { id } }");
  const answered: string[] = [];
  for (const _ of asked) answered.push((await client.next("next")).id);
  assert.notDeepEqual(answered, asked);
  assert.deepEqual(answered.toSorted(), asked);
});

Deno.test("seededRandom() gives the same numbers for the same seed, between 0 and 1", () => {
  const numbers = (seed: number) => Array.from({ length: 100 }, seededRandom(seed));
  assert.deepEqual(numbers(7), numbers(7));
  assert.notDeepEqual(numbers(7), numbers(8));
  assert.ok(numbers(7).every((one) => one >= 0 && one < 1));
  assert.equal(new Set(numbers(7)).size, 100);
});

Deno.test("a silent server reads and writes nothing until it wakes", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  client.subscribe("s", NEW_MESSAGE, HERE);
  await client.untilPong();
  kosmi.setVariant({ silent: true });
  kosmi.say(ROOM, { name: "Ada" }, "nobody hears this");
  client.send({ type: "ping" });
  await assert.rejects(client.take(() => true, 100), /Cannot see the frame/);
  kosmi.setVariant({ silent: false });
  await client.next("pong");
  assert.deepEqual(await client.untilPong(), []);
});

Deno.test("sends can be lost, doubled, limited, cut and named", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  const send = (body: string) => client.run("m", SEND, { roomId: ROOM, body });
  const ok = { data: { sendMessage: { ok: true } } };

  kosmi.setVariant({ lostSends: "all" });
  assert.deepEqual(await send("lost"), ok);
  kosmi.setVariant({
    lostSends: "none",
    maxLength: { characters: 3, message: "TOO_LONG", how: "error" },
  });
  assert.equal((await send("long")).errors[0].message, "TOO_LONG");
  kosmi.setVariant({ maxLength: { characters: 3, message: "", how: "cut" } });
  assert.deepEqual(await send("long"), ok);
  kosmi.setVariant({
    maxLength: null,
    rateLimit: { count: 1, perMs: 60_000, message: "SLOW_DOWN", how: "error" },
  });
  assert.deepEqual(await send("one"), ok);
  assert.equal((await send("two")).errors[0].message, "SLOW_DOWN");
  kosmi.setVariant({ rateLimit: null, duplicates: 1, sendReturnsId: true });
  client.subscribe("s", NEW_MESSAGE, HERE);
  const named = await client.run(
    "m",
    `mutation { sendMessage(body: "twice", roomId: "${ROOM}") { ok id message { body } } }`,
  );
  const ids = [await client.next("next"), await client.next("next")]
    .map((frame) => frame.payload.data.newMessage.id);
  assert.deepEqual(ids, [named.data.sendMessage.id, named.data.sendMessage.id]);
  assert.deepEqual(kosmi.messages(ROOM).map((message) => message.text), ["lon", "one", "twice"]);
});

Deno.test("init can be refused, ignored, slow or anonymous in spite of a login", async () => {
  await using kosmi = await startKosmi({ variants: { init: "refuse" } });
  const payload = { token: kosmi.issueToken() };
  await using client = await RawClient.dial(kosmi);
  client.send({ type: "connection_init", payload });
  await client.next("error");
  kosmi.setVariant({ init: "silence" });
  client.send({ type: "connection_init", payload });
  assert.deepEqual(await client.untilPong(), []);
  kosmi.setVariant({ init: "ack", loggedInShowsAnonymous: true });
  client.send({ type: "connection_init", payload });
  await client.next("connection_ack");
  const { data } = await client.run("u", "{ currentUser { isAnonymous displayName } }");
  assert.deepEqual(data.currentUser, { isAnonymous: true, displayName: "Anonymous Otter" });
});

Deno.test("an expired token can be let in as anonymous, or get no answer", async () => {
  await using kosmi = await startKosmi({ variants: { expiredToken: "silence" } });
  const payload = { token: kosmi.issueToken({ expInDays: -1 }) };
  await using client = await RawClient.dial(kosmi);
  client.send({ type: "connection_init", payload });
  assert.deepEqual(await client.untilPong(), []);
  kosmi.setVariant({ expiredToken: "anonymous" });
  client.send({ type: "connection_init", payload });
  await client.next("connection_ack");
  assert.equal(kosmi.connections()[0]?.user?.anonymous, true);
});

Deno.test("an init of an old web app can be refused", async () => {
  await using kosmi = await startKosmi({ variants: { minimumVersion: 5000 } });
  await using client = await RawClient.dial(kosmi);
  const token = kosmi.issueToken();
  client.send({ type: "connection_init", payload: { token, v: "4364" } });
  await client.next("error");
  client.send({ type: "connection_init", payload: { token, v: "5000" } });
  await client.next("connection_ack");
});

Deno.test("root fields can fail, or answer ok: false", async () => {
  await using kosmi = await startKosmi({ variants: { failing: { joinRoom: "INTERNAL" } } });
  await using client = await RawClient.signIn(kosmi);
  assert.equal((await client.run("j", JOIN, { id: ROOM })).errors[0].message, "INTERNAL");
  kosmi.setVariant({ failing: {}, notOk: ["joinRoom"] });
  assert.deepEqual((await client.run("j", JOIN, { id: ROOM })).data, { joinRoom: { ok: false } });
  assert.equal(kosmi.counters.joins, 0);
});

Deno.test("events can come late, in order, or not at all though the room has the message", async () => {
  await using kosmi = await startKosmi({ variants: { deliveryDelayMs: 30 } });
  await using client = await RawClient.enter(kosmi, ROOM);
  client.subscribe("s", NEW_MESSAGE, HERE);
  await client.untilPong();
  const body = async () => (await client.next("next")).payload.data.newMessage.body;
  for (const text of ["1", "2"]) kosmi.say(ROOM, { name: "Ada" }, text);
  assert.deepEqual(await client.untilPong(), []);
  assert.deepEqual([await body(), await body()], ["1", "2"]);
  kosmi.setVariant({ deliveryDelayMs: 0, lostEvents: { every: 2 } });
  for (const text of ["3", "4", "5"]) kosmi.say(ROOM, { name: "Ada" }, text);
  assert.deepEqual([await body(), await body()], ["3", "5"]);
  assert.equal(kosmi.messageCount(ROOM), 5);
});

Deno.test("expel takes a socket out of the room without a word", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  client.subscribe("s", NEW_MESSAGE, HERE);
  await client.untilPong();
  kosmi.expel(ROOM);
  const answer = await client.run("m", SEND, { roomId: ROOM, body: "lost" });
  assert.deepEqual(answer, { data: { sendMessage: { ok: true } } });
  assert.deepEqual(await client.untilPong(), []);
  assert.equal(kosmi.messageCount(ROOM), 0);
});

Deno.test("a second socket of the account can close the first", async () => {
  await using kosmi = await startKosmi({ variants: { oneConnectionPerUser: true } });
  const token = kosmi.issueToken();
  await using first = await RawClient.signIn(kosmi, token);
  await using _second = await RawClient.signIn(kosmi, token);
  assert.equal((await first.closed()).code, 1000);
});

Deno.test("junk frames arrive as they are", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  const parsed: Junk[] = [
    "unknown-type",
    "unknown-id",
    "not-an-object",
    "json-ping",
    "ten-megabytes",
  ];
  for (const kind of parsed) kosmi.sendJunk(kind);
  const frames = await client.untilPong();
  assert.equal(frames.length, parsed.length);
  assert.equal(frames.at(-1).payload.length, 10 * 1024 * 1024);
});

Deno.test("dropConnections ends sockets with a code, or without any", async () => {
  await using kosmi = await startKosmi();
  for (const [how, code] of [[{ code: 1012 }, 1012], [{}, 1006]] as const) {
    await using client = await RawClient.signIn(kosmi);
    kosmi.dropConnections(how);
    assert.equal((await client.closed()).code, code);
  }
});

Deno.test("the engine answers over HTTP what the web app asks, and only to it", async () => {
  await using kosmi = await startKosmi();
  const login = "mutation { anonLogin { token user { id displayName } } }";
  const good = await post(kosmi, login);
  const { anonLogin } = (await good.json()).data;
  assert.match(anonLogin.user.displayName, /^Anonymous \w+$/);
  await using _client = await RawClient.signIn(kosmi, anonLogin.token);
  for (
    const headers of [{ origin: "http://evil.example" }, { referer: "http://evil.example/" }, {
      "user-agent": "curl/8",
    }]
  ) {
    const bad = await post(kosmi, login, headers);
    assert.equal(bad.status, 403, JSON.stringify(headers));
    await bad.body?.cancel();
  }
  const shown = await (await post(kosmi, "{ __schema { mutationType { fields { name } } } }"))
    .json();
  assert.deepEqual(shown.data.__schema.mutationType.fields, [{ name: "anonLogin" }, {
    name: "slackLogin",
  }]);
  const chat = await (await post(kosmi, `mutation { sendMessage(body: "", roomId: "") { ok } }`))
    .json();
  assert.match(
    chat.errors[0].message,
    /^Cannot query field "sendMessage" on type "RootMutationType"/,
  );
  assert.equal("data" in chat, false);
});

Deno.test("HTTP and the upgrade can fail, answer HTML or hang", async () => {
  await using kosmi = await startKosmi({ variants: { http: { status: 503, html: true } } });
  const failed = await post(kosmi, "mutation { anonLogin { token } }");
  assert.equal(failed.status, 503);
  assert.match(await failed.text(), /^<!doctype html>/);
  kosmi.setVariant({ http: { status: null, html: false, hang: true }, upgrade: { status: 429 } });
  await assert.rejects(
    fetch(kosmi.httpEndpoint, { method: "POST", signal: AbortSignal.timeout(50) }),
    { name: "TimeoutError" },
  );
  await assert.rejects(RawClient.dial(kosmi), /status 429/);
});

Deno.test("a client that leaves while its upgrade waits does no harm", async () => {
  await using kosmi = await startKosmi({ variants: { upgrade: { delayMs: 30 } } });
  const leaver = await Deno.connect({ hostname: "127.0.0.1", port: kosmi.port });
  const request = "GET /engine/gql-ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" +
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  await leaver.write(new TextEncoder().encode(request));
  await kosmi.waitUntil(() => kosmi.counters.upgrades === 1);
  leaver.close();
  await kosmi.waitUntil(() => kosmi.counters.refusedUpgrades === 1);
  kosmi.setVariant({ upgrade: { delayMs: 0 } });
  await using _client = await RawClient.dial(kosmi);
});

Deno.test("an uploaded image comes back under a new name", async () => {
  await using kosmi = await startKosmi();
  const bytes = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 255]);
  const form = new FormData();
  form.append("file", new File([bytes], "cat.png", { type: "image/png" }));
  const upload = (headers: Record<string, string>) =>
    fetch(kosmi.imageEndpoint, { method: "POST", body: form, headers });
  const refused = await upload({});
  assert.equal(refused.status, 403);
  await refused.body?.cancel();
  const origin = "https://app.kosmi.io";
  const { filename } = await (await upload({ origin, referer: `${origin}/` })).json();
  assert.match(filename, /^[0-9a-f-]{36}\.webp$/);
  const back = await fetch(`${kosmi.imageEndpoint}${filename}`);
  assert.deepEqual(await back.bytes(), bytes);
  assert.equal(kosmi.images().get(filename)?.originalName, "cat.png");
});

Deno.test("tokens are HS512 JWTs with Kosmi's claims and nothing more", async () => {
  await using kosmi = await startKosmi();
  const [header, payload] = kosmi.issueToken({ expInDays: 10 }).split(".");
  const read = (part = "") =>
    JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: "base64url" })));
  assert.deepEqual(read(header), { alg: "HS512", typ: "JWT" });
  const claims = read(payload);
  assert.deepEqual(Object.keys(claims).sort(), [
    "aud",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "sub",
    "typ",
  ]);
  assert.deepEqual([claims.aud, claims.iss, claims.typ], ["kosmi", "kosmi", "access"]);
  assert.equal(claims.exp - claims.iat, 10 * 24 * 3600);
  assert.equal(claims.nbf, claims.iat - 1);
});

Deno.test("the log shows what a client sent, in order", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  await client.run("j", JOIN, { id: ROOM });
  const seen = kosmi.log().map((entry) => entry.kind === "init" ? "init" : entry.name);
  assert.deepEqual(seen, ["init", "JoinRoom", "JoinRoom"]);
  assert.equal(kosmi.counters.joins, 2);
});
