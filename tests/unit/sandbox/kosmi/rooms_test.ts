import assert from "node:assert/strict";
import { startKosmi } from "../../../sandbox/kosmi/mod.ts";
import { JOIN, NEW_MESSAGE, RawClient, SEND } from "./raw_client.ts";

const ROOM = "@movienight";
const HERE = { roomId: ROOM, channelId: "general" };

Deno.test("joinRoom knows a room only by its exact id", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  for (const id of ["movienight", "@956fp3", "@nowhere", ""]) {
    const { data, errors } = await client.run("j", JOIN, { id });
    assert.deepEqual(data, { joinRoom: null });
    assert.deepEqual([errors[0].message, errors[0].path], ["ROOM_NOT_FOUND", ["joinRoom"]]);
  }
  assert.deepEqual((await client.run("j", JOIN, { id: "956fp3" })).data, {
    joinRoom: { ok: true },
  });
});

Deno.test("an anonymous user can't enter a private room", async () => {
  await using kosmi = await startKosmi();
  await using stranger = await RawClient.signIn(kosmi, kosmi.issueToken({ anonymous: true }));
  const { errors } = await stranger.run("j", JOIN, { id: "@backstage" });
  assert.equal(errors[0].message, "UNAUTHORIZED");
  await using _member = await RawClient.enter(kosmi, "@backstage");
});

Deno.test("a subscription made before the join shows nothing, also after the join", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  client.subscribe("early", NEW_MESSAGE, HERE);
  await client.run("j", JOIN, { id: ROOM });
  client.subscribe("late", NEW_MESSAGE, HERE);
  await client.untilPong();
  kosmi.say(ROOM, { name: "Ada" }, "hello");
  assert.deepEqual((await client.untilPong()).map((frame) => frame.id), ["late"]);
});

Deno.test("beforeJoin one-then-1006 delivers one message and ends the socket", async () => {
  await using kosmi = await startKosmi({ variants: { beforeJoin: "one-then-1006" } });
  await using client = await RawClient.signIn(kosmi);
  client.subscribe("early", NEW_MESSAGE, HERE);
  await client.untilPong();
  kosmi.say(ROOM, { name: "Ada" }, "hello");
  assert.equal((await client.next("next")).payload.data.newMessage.body, "hello");
  assert.equal((await client.closed()).code, 1006);
});

Deno.test("sending without a join is ok, and nothing shows", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.signIn(kosmi);
  const answer = await client.run("m", SEND, { roomId: ROOM, body: "anybody?" });
  assert.deepEqual(answer, { data: { sendMessage: { ok: true } } });
  assert.deepEqual(kosmi.messages(ROOM), []);
});

Deno.test("two members see each other's messages, and only their room's", async () => {
  await using kosmi = await startKosmi();
  await using ada = await RawClient.enter(
    kosmi,
    ROOM,
    kosmi.issueToken({ email: "ada@example.org" }),
  );
  await using bob = await RawClient.enter(
    kosmi,
    ROOM,
    kosmi.issueToken({ email: "bob@example.org" }),
  );
  bob.subscribe("s", NEW_MESSAGE, HERE);
  await bob.untilPong();
  kosmi.say("956fp3", { name: "Eve" }, "elsewhere");
  await ada.run("m", SEND, { roomId: ROOM, body: "hi bob" });
  const { newMessage } = (await bob.next("next")).payload.data;
  assert.equal(newMessage.body, "hi bob");
  assert.equal(newMessage.user.displayName, "ada");
  assert.deepEqual(await bob.untilPong(), []);
  assert.deepEqual(kosmi.messages(ROOM).map(({ text, author }) => [text, author.name]), [
    ["hi bob", "ada"],
  ]);
});

Deno.test("replies, edits, deletions and reactions come on their own subscriptions", async () => {
  await using kosmi = await startKosmi();
  await using client = await RawClient.enter(kosmi, ROOM);
  const listen = (field: string, selection: string) =>
    client.subscribe(field, `subscription { ${field}(roomId: "${ROOM}") { ${selection} } }`);
  listen("newMessage", "body replyToMessageId replyTo { body }");
  listen("messageEdited", "id body editedAt");
  listen("messageDeleted", "id");
  listen("reactionAdded", "messageId emoji user { displayName }");
  listen("reactionRemoved", "messageId emoji");
  await client.untilPong();
  const { id } = kosmi.say(ROOM, { name: "Ada" }, "frist");
  await client.run(
    "r",
    `mutation($r: String!) { sendMessage2(body: "what?", roomId: "${ROOM}", channelId: "general", replyToMessageId: $r) { ok } }`,
    { r: id },
  );
  kosmi.edit(ROOM, id, "first");
  kosmi.react(ROOM, id, { name: "Bob" }, "👍");
  kosmi.react(ROOM, id, { name: "Bob" }, "👍");
  kosmi.delete(ROOM, id);
  const events = (await client.untilPong()).map((frame) => frame.payload.data);
  const reply = { body: "what?", replyToMessageId: id, replyTo: { body: "frist" } };
  assert.deepEqual(events[1], { newMessage: reply });
  assert.equal(events[2].messageEdited.body, "first");
  assert.equal(typeof events[2].messageEdited.editedAt, "number");
  assert.deepEqual(events.slice(3), [
    { reactionAdded: { messageId: id, emoji: "👍", user: { displayName: "Bob" } } },
    { reactionRemoved: { messageId: id, emoji: "👍" } },
    { messageDeleted: { id } },
  ]);
  assert.deepEqual(kosmi.messages(ROOM).map((message) => message.text), ["what?"]);
});

Deno.test("joins and leaves are told once per person, whatever number of sockets they have", async () => {
  await using kosmi = await startKosmi();
  await using watcher = await RawClient.enter(kosmi, ROOM);
  for (const field of ["memberJoins", "memberLeaves"]) {
    watcher.subscribe(
      field,
      `subscription { ${field}(roomId: "${ROOM}") { user { displayName } } }`,
    );
  }
  await watcher.untilPong();
  const token = kosmi.issueToken({ email: "ada@example.org" });
  const first = await RawClient.enter(kosmi, ROOM, token);
  const second = await RawClient.enter(kosmi, ROOM, token);
  assert.deepEqual(kosmi.members(ROOM), ["Relay Bot", "ada"]);
  await first[Symbol.asyncDispose]();
  await second.run("l", `mutation { roomDisconnect(id: "${ROOM}") { ok } }`);
  await second[Symbol.asyncDispose]();
  const user = { displayName: "ada" };
  assert.deepEqual((await watcher.next("next")).payload.data, { memberJoins: { user } });
  assert.deepEqual((await watcher.next("next")).payload.data, { memberLeaves: { user } });
  assert.deepEqual(await watcher.untilPong(), []);
});

Deno.test("disconnectOtherConnections ends the same user's other socket in the room", async () => {
  await using kosmi = await startKosmi();
  const token = kosmi.issueToken();
  await using first = await RawClient.enter(kosmi, ROOM, token);
  await using second = await RawClient.signIn(kosmi, token);
  await second.run("j", JOIN, { id: ROOM, disconnectOtherConnections: true });
  assert.equal((await first.closed()).code, 1000);
  assert.deepEqual(kosmi.connections().map((one) => one.joined), [[ROOM]]);
});

Deno.test("chatArchive pages backwards from the newest, each page oldest first", async () => {
  await using kosmi = await startKosmi({ variants: { archivePageSize: 4 } });
  await using client = await RawClient.enter(kosmi, ROOM);
  for (let i = 1; i <= 10; i++) kosmi.say(ROOM, { name: "Ada" }, String(i));
  const query = `query($cursor: String) {
    chatArchive(roomId: "${ROOM}", channelId: "general", cursor: $cursor) {
      forwardCursor backCursor results { body }
    }
  }`;
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const { data } = await client.run("a", query, { cursor });
    pages.push(data.chatArchive.results.map((one: { body: string }) => one.body));
    cursor = data.chatArchive.backCursor;
  } while (cursor !== null);
  assert.deepEqual(pages, [["7", "8", "9", "10"], ["3", "4", "5", "6"], ["1", "2"]]);
  const bad = await client.run("a", query, { cursor: "nonsense" });
  assert.equal(bad.errors[0].message, "INVALID_CURSOR");
});

Deno.test("history keeps the last keepMessages, waitForMessage finds old and new ones", async () => {
  await using kosmi = await startKosmi({ keepMessages: 5 });
  for (let i = 0; i < 23; i++) kosmi.say(ROOM, { name: "Ada" }, `line ${i}`);
  assert.deepEqual(
    kosmi.messages(ROOM).map((message) => message.text),
    ["line 18", "line 19", "line 20", "line 21", "line 22"],
  );
  assert.equal(kosmi.messageCount(ROOM), 23);
  assert.equal(
    (await kosmi.waitForMessage(ROOM, (one) => one.text === "line 20")).author.name,
    "Ada",
  );
  const coming = kosmi.waitForMessage(ROOM, (one) => one.text === "at last");
  kosmi.say(ROOM, { name: "Bob" }, "at last");
  assert.equal((await coming).author.name, "Bob");
  await assert.rejects(kosmi.waitForMessage(ROOM, () => false, 20), /Cannot see the message/);
});

Deno.test("stop and start bring the server back on its port with what it knew", async () => {
  await using kosmi = await startKosmi();
  const { wsEndpoint } = kosmi;
  const token = kosmi.issueToken();
  await using client = await RawClient.enter(kosmi, ROOM, token);
  kosmi.say(ROOM, { name: "Ada" }, "before");
  await kosmi.stop();
  assert.equal((await client.closed()).code, 1006);
  await assert.rejects(RawClient.dial(kosmi));
  await kosmi.start();
  assert.equal(kosmi.wsEndpoint, wsEndpoint);
  await using _again = await RawClient.enter(kosmi, ROOM, token);
  assert.equal(kosmi.messages(ROOM)[0]?.text, "before");
});
