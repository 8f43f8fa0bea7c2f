import assert from "node:assert/strict";
import { startKosmi } from "../../../sandbox/kosmi/mod.ts";
import { NEW_MESSAGE, RawClient, SEND } from "./raw_client.ts";

const ROOM = "@movienight";

Deno.test("the upgrade wants the exact subprotocol and the web app's origin", async () => {
  await using kosmi = await startKosmi();
  for (
    const options of [
      { origin: "http://evil.example" },
      { origin: null },
      { protocol: null },
      { protocol: "graphql-ws" },
    ]
  ) {
    await assert.rejects(RawClient.dial(kosmi, options), /status 403/);
  }
  assert.equal(kosmi.counters.refusedUpgrades, 4);
  await using _client = await RawClient.dial(kosmi);
});

Deno.test("connection_init with a good token is acknowledged, a second one closes with 4429", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  assert.equal(kosmi.connections()[0]?.user?.name, "Relay Bot");
  client.send({ type: "connection_init", payload: {} });
  assert.deepEqual(await client.closed(), {
    code: 4429,
    reason: "Too many initialisation requests",
  });
});

Deno.test("a refused init is an error frame whose id holds the payload, and the socket stays open", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.dial(kosmi);
  const revoked = kosmi.issueToken();
  kosmi.revokeToken(revoked);
  for (const token of [null, "rubbish", revoked, kosmi.issueToken({ expInDays: -1 })]) {
    client.send({ type: "connection_init", payload: { token } });
    assert.deepEqual(await client.next("error"), {
      id: { message: "UNAUTHORIZED" },
      type: "error",
      payload: {},
    });
  }
  assert.deepEqual(await client.untilPong(), []);
  client.send({ type: "connection_init", payload: { token: kosmi.issueToken() } });
  await client.next("connection_ack");
});

Deno.test("frames out of order or of unknown kind close with 4400", async () => {
  await using kosmi = await startKosmi();
  const payload = { query: "{ currentUser { id } }" };
  for (
    const frame of [
      { type: "pong" },
      { type: "hello" },
      { type: "subscribe", payload },
      { type: "subscribe", id: "1" },
      { type: "complete" },
      [1],
      "7",
    ]
  ) {
    await using client = await RawClient.signIn(kosmi);
    client.send(frame);
    assert.deepEqual(
      await client.closed(),
      { code: 4400, reason: "Unhandled message from client" },
      JSON.stringify(frame),
    );
  }
  await using early = await RawClient.dial(kosmi);
  early.subscribe("1", payload.query);
  assert.equal((await early.closed()).code, 4400);
});

Deno.test("malformed JSON is answered with an error frame named 4400, binary ends the socket", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  client.send("{oops");
  assert.deepEqual(await client.next("error"), { id: "4400", type: "error", payload: {} });
  client.sendBytes(new Uint8Array([1, 2]));
  assert.equal((await client.closed()).code, 1006);
});

Deno.test("a query is answered with next and then a complete with an empty payload", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  client.subscribe(
    "q",
    "query ExtendedCurrentUserQuery { currentUser { displayName isAnonymous } }",
  );
  assert.deepEqual(await client.next("next"), {
    id: "q",
    type: "next",
    payload: { data: { currentUser: { displayName: "Relay Bot", isAnonymous: false } } },
  });
  assert.deepEqual(await client.next("complete"), { id: "q", type: "complete", payload: {} });
});

Deno.test("a JSON ping is answered with a pong, and control pings come by themselves", async () => {
  await using kosmi = await startKosmi({ keepaliveMs: 20 });
  await using client = await RawClient.dial(kosmi);
  assert.deepEqual(await client.untilPong(), []);
  await client.untilPings(2);
});

Deno.test("a document that doesn't validate gets an error array and no complete", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  client.subscribe("1", "{ currentUser { nickname } }");
  assert.deepEqual(await client.next("error"), {
    id: "1",
    type: "error",
    payload: [{
      message: 'Cannot query field "nickname" on type "User". Did you mean "username"?',
      locations: [{ line: 1, column: 17 }],
    }],
  });
  assert.deepEqual(await client.untilPong(), []);
});

Deno.test("a subscription delivers with its own aliases until the client completes it", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  client.subscribe("s", `subscription { fresh: newMessage(roomId: "${ROOM}") { text: body } }`);
  assert.deepEqual(await client.untilPong(), []);
  kosmi.say(ROOM, { name: "Ada" }, "hello");
  assert.deepEqual(await client.next("next"), {
    id: "s",
    type: "next",
    payload: { data: { fresh: { text: "hello" } } },
  });
  client.send({ type: "complete", id: "s" });
  await client.untilPong();
  kosmi.say(ROOM, { name: "Ada" }, "nobody listens");
  assert.deepEqual(await client.untilPong(), []);
});

Deno.test("the answer to sendMessage comes before the own message, unless echoFirst", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  client.subscribe("s", NEW_MESSAGE, { roomId: ROOM, channelId: "general" });
  for (const echoFirst of [false, true]) {
    kosmi.setVariant({ echoFirst });
    client.subscribe("m", SEND, { roomId: ROOM, body: "hi" });
    await kosmi.waitForMessage(ROOM, (message) => message.text === "hi");
    const order = (await client.untilPong()).map((frame) => `${frame.id} ${frame.type}`);
    const expected = echoFirst
      ? ["s next", "m next", "m complete"]
      : ["m next", "m complete", "s next"];
    assert.deepEqual(order, expected);
  }
});
