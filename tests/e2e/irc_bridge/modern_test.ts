import assert from "node:assert/strict";
import type { AccountId, ChannelId, MessageId, UserId } from "../../../src/relay/port/ids.ts";
import { type IrcServerOptions, startIrcServer } from "../../sandbox/irc/irc_sandbox.ts";
import { MODERN_CAPABILITIES } from "../../sandbox/irc/options.ts";
import { IrcClient } from "../../support/irc_client.ts";
import { cursorAt, outgoing, start, type Told } from "./running_bridge.ts";

const never = new AbortController().signal;
const channel = "#test" as ChannelId;

/** A server of today with the bridge in #test, and somebody whose client knows no lines but single ones. */
async function place(options: IrcServerOptions & { readonly multiline?: string } = {}) {
  const { multiline, ...more } = options;
  const stack = new AsyncDisposableStack();
  const capabilities = [
    ...options.capabilities ?? MODERN_CAPABILITIES,
    ...multiline === undefined ? [] : [`draft/multiline${multiline}`],
  ];
  const server = stack.use(await startIrcServer({ ...more, capabilities }));
  const { host, port } = server;
  const ada = stack.use(
    await IrcClient.connect({ host, port, nick: "ada", caps: ["message-tags"] }),
  );
  await ada.join("#test");
  const relay = stack.use(start(server, { messageDelayMs: 0 }));
  await relay.up();
  return { server, ada, relay, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const WITHOUT_LABELS = MODERN_CAPABILITIES.filter((name) => name !== "labeled-response");

for (const capabilities of [MODERN_CAPABILITIES, WITHOUT_LABELS]) {
  const kind = capabilities === WITHOUT_LABELS ? "without labels" : "with labels";
  Deno.test(`a message of several lines is one message with one id, ${kind}`, async () => {
    await using it = await place({ capabilities, multiline: "=max-bytes=400,max-lines=5" });
    const receipts = await it.relay.say("one\ntwo\nthree", { replyTo: "x7" as MessageId });
    const [said, ...others] = it.server.messages("#test");
    assert.deepEqual([said?.text, others], ["<bob> one\n<bob> two\n<bob> three", []]);
    assert.deepEqual(receipts.map(({ outcome, ...rest }) => [outcome, "id" in rest && rest.id]), [
      ["confirmed", said?.msgid],
    ]);
    const first = await it.ada.waitForMessage("#test", "<bob> one");
    assert.equal(first.tags["+draft/reply"], "x7");
    await it.ada.waitForMessage("#test", "<bob> three");
  });
}

Deno.test("a message of more lines than the server takes at once becomes several", async () => {
  await using it = await place({ multiline: "=max-bytes=60,max-lines=3" });
  const long = `${"w".repeat(40)}\nshort`;
  const receipts = await it.relay.say(`1\n2\n3\n4\n5\n${long}`);
  assert.ok(receipts.every(({ outcome }) => outcome === "confirmed"));
  const texts = it.server.messages("#test").map(({ text }) => text.replaceAll("<bob> ", ""));
  assert.deepEqual(texts, ["1\n2\n3", "4\n5", "w".repeat(40) + "\nshort"]);
});

Deno.test("a message that is refused as one of several lines goes line by line", async () => {
  await using it = await place({ multiline: "" });
  it.server.faults.refuseMultiline = true;
  const [receipt] = await it.relay.say("one\ntwo");
  assert.equal(receipt?.outcome, "confirmed");
  assert.deepEqual(it.server.messages("#test").map(({ text }) => text), ["<bob> one", "<bob> two"]);
  await it.relay.say("three\nfour");
  assert.equal(it.server.received.filter(({ line }) => line.includes("BATCH +")).length, 1);
});

Deno.test("a text without formatting that is refused for its formatting is not sent for ever", async () => {
  await using it = await place({ multiline: "" });
  it.server.faults.refuseMessages = { numeric: "404", text: "Can't send colors (+c is set)" };
  const prefix = [{ text: "a\u200blice: ", style: { bold: true } as const }];
  const [receipt] = await it.relay.say("one\ntwo", { prefix });
  assert.equal(receipt?.outcome, "rejected");
  const sent = it.server.received.filter(({ line }) => line.includes("one"));
  assert.equal(sent.length, 2);
});

Deno.test("a history shows a message of several lines as it was sent", async () => {
  await using it = await place({ multiline: "", chatHistory: true });
  const [part] = it.relay.bridge.render(channel, outgoing("one\ntwo"));
  assert.ok(part !== undefined);
  await it.relay.bridge.transmit(channel, part, never);
  await it.relay.stop();
  await using back = start(it.server, { cursors: new Map([["#test", cursorAt(null, 0)]]) });
  const history = await back.up();
  const own = history?.messages.flatMap((one) => one.own ? [one.wire] : []);
  assert.deepEqual(own, [part.wire]);
});

Deno.test("a puppet says the lines of a message one by one, and all of it is confirmed", async () => {
  await using server = await startIrcServer({
    capabilities: [...MODERN_CAPABILITIES, "draft/multiline"],
  });
  const puppets = { suffix: "[k]", idleMs: 600_000, max: 20, connectDelayMs: 0, webirc: null };
  await using relay = start(server, { puppets, messageDelayMs: 0 });
  await relay.up();
  const person = { id: "1" as UserId, nick: "zoe", userId: "1" };
  const sender = { person, account: "kosmi.room" as AccountId };
  const receipts = await relay.say("one\ntwo", { sender, nameLength: "<bob> ".length });
  // A part each: a history shows them one by one.
  assert.deepEqual(receipts.map(({ outcome }) => outcome), ["confirmed", "confirmed"]);
  const said = server.messages("#test").map(({ nick, text }) => `${nick} ${text}`);
  assert.deepEqual(said, ["zoe[k] one", "zoe[k] two"]);
});

Deno.test("a part of several lines from a server that took such goes line by line where none does", async () => {
  await using modern = await place({ multiline: "" });
  await using old = await place();
  const [part, ...others] = modern.relay.bridge.render(channel, outgoing("a\nb"));
  assert.ok(part !== undefined && others.length === 0);
  const receipt = await old.relay.bridge.transmit(channel, part, never);
  assert.equal(receipt.outcome, "confirmed");
  assert.deepEqual(old.server.messages("#test").map(({ text }) => text), ["<bob> a", "<bob> b"]);
});

Deno.test("reactions are sent and read as such", async () => {
  await using it = await place();
  const { ada, relay } = it;
  assert.equal(relay.bridge.capabilities.reactions, true);
  for (const removed of [false, true]) {
    const reaction = { kind: "reaction", target: "m1" as MessageId, key: "👍", removed } as const;
    const [part] = relay.bridge.render(channel, reaction);
    assert.ok(part !== undefined);
    const receipt = await relay.bridge.transmit(channel, part, never);
    assert.equal(receipt.outcome, "confirmed");
    const name = removed ? "+draft/unreact" : "+draft/react";
    const line = await ada.waitFor(({ tags }) => tags[name] !== undefined, name);
    assert.deepEqual([line.tags[name], line.tags["+draft/reply"]], ["👍", "m1"]);
  }
  await ada.raw("@+draft/react=🎬;+reply=m2 TAGMSG #test");
  const event = await relay.event("reaction");
  assert.deepEqual([event.id, event.key, event.sender.nick], ["m2", "🎬", "ada"]);
});

Deno.test("reactions are none where the server takes their tags away", async () => {
  await using denied = await place({ isupport: ["CLIENTTAGDENY=*,-typing"] });
  assert.equal(denied.relay.bridge.capabilities.reactions, false);
  await using named = await place({ isupport: ["CLIENTTAGDENY=draft/react"] });
  assert.equal(named.relay.bridge.capabilities.reactions, false);
  await using allowed = await place({ isupport: ["CLIENTTAGDENY=*,-draft/react"] });
  assert.equal(allowed.relay.bridge.capabilities.reactions, true);
});

Deno.test("+typing is read and sent", async () => {
  await using it = await place();
  const { ada, relay } = it;
  for (const state of ["active", "paused", "done"]) await ada.raw(`@+typing=${state} TAGMSG #test`);
  const heard = (told: readonly Told[]) => told.filter((one) => one.kind === "typing");
  const three = await relay.waitFor((told) => heard(told)[2] && heard(told), "three signs");
  assert.deepEqual(three.map(({ nick, active }) => [nick, active]), [
    ["ada", true],
    ["ada", false],
    ["ada", false],
  ]);
  for (const active of [true, false]) relay.bridge.typing(channel, active);
  await relay.say("done");
  await ada.waitForMessage("#test", "<bob> done");
  const signs = ada.lines.flatMap(({ tags }) => tags["+typing"] ?? []);
  assert.deepEqual(signs, ["active", "done"]);
});

Deno.test("MONITOR: the nick comes back as soon as its holder has gone, wherever that was", async () => {
  await using server = await startIrcServer({ isupport: ["MONITOR=100"] });
  const { host, port } = server;
  const holder = await IrcClient.connect({ host, port, nick: "relay" });
  await using relay = start(server);
  await relay.up();
  assert.deepEqual(server.members("#test"), ["relay_"]);
  await holder[Symbol.asyncDispose]();
  await server.waitFor(() => server.members("#test").includes("relay"), "the nick to be back");
});

Deno.test("Charset: a long text in ISO-2022-JP reaches people whole", async () => {
  await using server = await startIrcServer();
  const { host, port } = server;
  const heard: Uint8Array[] = [];
  await using relay = start(server, { charset: "iso-2022-jp", messageDelayMs: 0 });
  await relay.up();
  await using ada = await IrcClient.connect({ host, port, nick: "ada" });
  await ada.join("#test");
  const text = "aあb漢".repeat(100);
  await relay.say(text);
  await ada.raw("PING end");
  await ada.waitFor((line) => line.command === "PONG", "the end");
  for (const { bytes } of ada.lines) if (includesText(bytes)) heard.push(bytes);
  const decoder = new TextDecoder("iso-2022-jp");
  const said = heard.map((bytes) => decoder.decode(bytes).split("<bob> ")[1] ?? "");
  assert.equal(said.join(""), text);
});

function includesText(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes).includes("PRIVMSG #test");
}
