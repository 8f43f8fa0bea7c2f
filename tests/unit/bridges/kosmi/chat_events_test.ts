import assert from "node:assert/strict";
import type { Cursor } from "../../../../src/relay/port/bridge.ts";
import type { ChatEvent } from "../../../../src/relay/port/event.ts";
import type { ChannelId, MessageId } from "../../../../src/relay/port/ids.ts";
import { textOf } from "../../../../src/relay/port/rich_text.ts";
import { startKosmi, type VariantChange } from "../../../sandbox/kosmi/mod.ts";
import { FixedCredentials, RecordingHost, runBridge, send } from "./support.ts";

const ROOM = "@movienight" as ChannelId;
const ALICE = { name: "alice" };

const SHAPES: Readonly<Record<string, VariantChange>> = {
  "with the schema": {},
  "without the schema": { introspection: "off" },
  "with ids as deletions": { deletedShape: "id" },
  "with ids as deletions, without the schema": { introspection: "off", deletedShape: "id" },
};

for (const [name, variants] of Object.entries(SHAPES)) {
  Deno.test(`KosmiBridge reports replies, edits, deletions, reactions and members ${name}`, async () => {
    await using kosmi = await startKosmi({ variants });
    await using running = runBridge({ kosmi });
    const { host } = running;
    await host.waitUp();
    const seven = () => kosmi.connections()[0]?.subscriptions.length === 7;
    await kosmi.waitUntil(seven, 5_000, "seven subscriptions");

    kosmi.join(ROOM, { name: "carol" });
    const first = kosmi.say(ROOM, ALICE, "the first");
    kosmi.say(ROOM, { name: "bob" }, "an answer", { replyTo: first.id });
    kosmi.edit(ROOM, first.id, "the first, better");
    kosmi.react(ROOM, first.id, { name: "bob" }, "👍");
    kosmi.react(ROOM, first.id, { name: "bob" }, "👍");
    kosmi.delete(ROOM, first.id);
    kosmi.leave(ROOM, { name: "carol" });
    const has = (kind: ChatEvent["kind"]) => host.events.some((event) => event.kind === kind);
    await host.waitFor(() => has("leave") && has("deletion"), "the last events");

    const answer = host.messages().find((event) => textOf(event.text) === "an answer");
    assert.deepEqual(answer?.replyTo, { id: first.id, nick: "alice", excerpt: "the first" });
    const edit = host.events.find((event) => event.kind === "edit");
    assert.equal(edit?.id, first.id);
    assert.equal(edit?.kind === "edit" && textOf(edit.text), "the first, better");
    const reactions = host.events.filter((event) => event.kind === "reaction")
      .map((event) => [event.id, event.key, event.removed, event.sender.nick]);
    assert.deepEqual(reactions, [[first.id, "👍", false, "bob"], [first.id, "👍", true, "bob"]]);
    const deletion = host.events.find((event) => event.kind === "deletion");
    assert.equal(deletion?.id, first.id);
    const people = host.events.flatMap((event) =>
      event.kind === "join" || event.kind === "leave" ? [`${event.kind} ${event.who.nick}`] : []
    );
    assert.ok(people.includes("join carol") && people.includes("leave carol"), String(people));
  });
}

Deno.test("members() follows who is in the room, ourselves left out", async () => {
  await using kosmi = await startKosmi();
  kosmi.join(ROOM, { name: "alice" });
  await using running = runBridge({ kosmi });
  const names = () => running.bridge.members(ROOM).map((person) => person.nick).sort();
  await running.host.waitUp();
  kosmi.join(ROOM, { name: "bob" });
  await running.host.waitFor(() => running.host.events.some((each) => each.kind === "join"), "bob");
  assert.deepEqual(names(), ["alice", "bob"]);
  kosmi.leave(ROOM, { name: "alice" });
  await running.host.waitFor(
    () => running.host.events.some((each) => each.kind === "leave"),
    "left",
  );
  assert.deepEqual(names(), ["bob"]);
  await running.stop();
  assert.deepEqual(names(), []);
});

Deno.test("KosmiBridge sends replies where the schema shows them", async () => {
  await using kosmi = await startKosmi();
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  const asked = kosmi.say(ROOM, ALICE, "question?");
  await running.host.waitFor(() => running.host.texts().length > 0, "the question");
  assert.equal(running.bridge.capabilities.replies, true);
  const [receipt] = await send(running, "answer!", { replyTo: asked.id as MessageId });
  assert.equal(receipt?.outcome, "confirmed");
  const seen = await kosmi.waitForMessage(ROOM, (message) => message.text === "answer!");
  assert.equal(seen.replyTo, asked.id);
});

Deno.test("KosmiBridge sends a reply as a plain message where Kosmi has none", async () => {
  const missing = [
    "RootMutationType.sendMessage2",
    "RootMutationType.sendMessage(replyToMessageId)",
  ];
  for (const introspection of ["on", "off"] as const) {
    await using kosmi = await startKosmi({ variants: { missing, introspection } });
    await using running = runBridge({ kosmi });
    await running.host.waitUp();
    assert.equal(running.bridge.capabilities.replies, false);
    const asked = kosmi.say(ROOM, ALICE, "question?");
    const [receipt] = await send(running, "answer!", { replyTo: asked.id as MessageId });
    assert.equal(receipt?.outcome, "confirmed");
  }
});

Deno.test("KosmiBridge reads /me as an action, and writes one between asterisks", async () => {
  await using kosmi = await startKosmi();
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  kosmi.say(ROOM, ALICE, "/me waves");
  const event = await running.host.waitFor(() => running.host.messages()[0], "the action");
  assert.equal(event.action, true);
  assert.equal(textOf(event.text), "waves");
  await send(running, "waves back", { action: true, prefix: [{ text: "<bob> ", style: {} }] });
  assert.equal(kosmi.messages(ROOM).at(-1)?.text, "<bob> *waves back*");
});

for (
  const [name, variants] of Object.entries(
    {
      "by pages": { archivePageSize: 3 },
      "newest first": { archivePageSize: 3, archiveOrder: "newest-first" },
      "without the schema": { archivePageSize: 4, introspection: "off" },
      "in whole seconds, one page": { archivePageSize: 100 },
    } satisfies Record<string, VariantChange>,
  )
) {
  Deno.test(`KosmiBridge catches up from the cursor ${name}`, async () => {
    await using kosmi = await startKosmi({ variants });
    const atMs = Date.now() - 600_000;
    const said = Array.from(
      { length: 20 },
      (_, index) => kosmi.say(ROOM, ALICE, `line ${index}`, { timestamp: atMs + index * 2_000 }),
    );
    const token = kosmi.issueToken();
    const last = said[9] ?? assert.fail();
    const host = new RecordingHost([ROOM]);
    const cursor: Cursor = { id: last.id as MessageId, atMs: Math.floor(last.atMs / 1000) * 1000 };
    host.cursors.set(ROOM, cursor);
    await using running = runBridge({ kosmi, host, credentials: new FixedCredentials([token]) });
    await running.host.waitUp();
    const history = host.ups[0]?.history ?? assert.fail("no history");
    const texts = history.messages.map((each) => each.own ? each.wire : textOf(each.event.text));
    assert.deepEqual(texts, said.slice(10).map((message) => message.text));
    assert.equal(history.complete, true);
    assert.ok(history.messages.every((each) => each.own || each.event.late));
    assert.deepEqual(host.events, []);
  });
}

Deno.test("KosmiBridge bounds what it catches up, and says that there was more", async () => {
  await using kosmi = await startKosmi({ variants: { archivePageSize: 5 } });
  const said = Array.from(
    { length: 60 },
    (_, index) =>
      kosmi.say(ROOM, ALICE, `line ${index}`, { timestamp: Date.now() - 600_000 + index * 1_000 }),
  );
  const host = new RecordingHost([ROOM]);
  const first = said[0] ?? assert.fail();
  host.cursors.set(ROOM, { id: first.id as MessageId, atMs: first.atMs });
  const history = { maxMessages: 12 };
  await using running = runBridge({ kosmi, host, options: { history } });
  await running.host.waitUp();
  const got = host.ups[0]?.history;
  assert.equal(got?.complete, false);
  const texts = got?.messages.map((each) => each.own ? "" : textOf(each.event.text));
  assert.deepEqual(texts?.slice(-12), said.slice(-12).map((message) => message.text));
});

Deno.test("KosmiBridge looks again where what was on its way is not in the archive yet", async () => {
  await using kosmi = await startKosmi();
  const start = kosmi.say(ROOM, ALICE, "start");
  const host = new RecordingHost([ROOM]);
  host.cursors.set(ROOM, { id: start.id as MessageId, atMs: start.atMs - 1_000 });
  host.doubts = ["start", "on its way"];
  await using _running = runBridge({ kosmi, host });
  await kosmi.waitUntil(() => kosmi.connections().length > 0, 5_000, "the connection");
  setTimeout(() => kosmi.say(ROOM, ALICE, "on its way"), 700);
  await host.waitUp();
  const texts = host.ups[0]?.history?.messages.map((one) => one.own ? "" : textOf(one.event.text));
  assert.ok(texts?.includes("on its way"), `${texts}`);
});

Deno.test("KosmiBridge shows its own messages of the time away as their texts", async () => {
  await using kosmi = await startKosmi();
  const credentials = new FixedCredentials([kosmi.issueToken()]);
  const before = kosmi.say(ROOM, ALICE, "before");
  const host = new RecordingHost([ROOM]);
  {
    await using running = runBridge({ kosmi, host, credentials });
    await host.waitUp();
    await send(running, "  spaced,  <b> & 🏳️‍🌈\nsecond line");
  }
  host.cursors.set(ROOM, { id: before.id as MessageId, atMs: before.atMs - (before.atMs % 1000) });
  await using running = runBridge({ kosmi, host, credentials });
  await running.host.waitUp(2);
  const own = host.ups[1]?.history?.messages.filter((each) => each.own);
  assert.deepEqual(own?.map((each) => each.own && each.wire), [
    "  spaced,  <b> & 🏳️‍🌈\nsecond line",
  ]);
});

Deno.test("nothing that is said while a room is entered is lost or doubled", async () => {
  await using kosmi = await startKosmi({ variants: { shuffle: { seed: 3, maxDelayMs: 20 } } });
  const host = new RecordingHost([ROOM]);
  const start = kosmi.say(ROOM, ALICE, "start");
  host.cursors.set(ROOM, { id: start.id as MessageId, atMs: start.atMs - (start.atMs % 1000) });
  const ticker = setInterval(() => kosmi.say(ROOM, ALICE, `tick ${kosmi.messageCount(ROOM)}`), 1);
  try {
    await using running = runBridge({ kosmi, host });
    await host.waitUp();
    await host.waitFor(() => host.texts().length > 20, "live messages");
    clearInterval(ticker);
    kosmi.say(ROOM, ALICE, "end");
    await host.waitFor(() => host.texts().includes("end"), "the end");
    const late = host.ups[0]?.history?.messages.map((each) =>
      each.own ? "" : textOf(each.event.text)
    );
    assert.deepEqual(
      [...(late ?? []), ...host.texts()],
      kosmi.messages(ROOM).slice(1).map((message) => message.text),
    );
    await running.stop();
  } finally {
    clearInterval(ticker);
  }
});
