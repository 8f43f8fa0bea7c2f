import assert from "node:assert/strict";
import type { LinkEnd } from "../../../src/relay/port/bridge.ts";
import { textOf } from "../../../src/relay/port/rich_text.ts";
import { IrcClient } from "../../support/irc_client.ts";
import { startInspircd, type TestIrcServer } from "../../support/irc_servers.ts";
import { needs } from "../../support/skip.ts";
import { cursorAt, start } from "./running_bridge.ts";

function client(server: TestIrcServer, nick: string): Promise<IrcClient> {
  const { host, port } = server;
  return IrcClient.connect({ host, port, nick });
}

needs("inspircd")(
  "inspircd: joins, leaves, renames and topics of others become events",
  async () => {
    await using server = await startInspircd();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { channels: ["#test", "#other"] });
    await using carol = await client(server, "carol");
    await relay.up();
    await relay.up("#other");
    await carol.join("#test");
    await carol.join("#other");
    assert.equal((await relay.event("join")).who.nick, "carol");
    await alice.raw("TOPIC #test :film \x02night");
    const topic = await relay.event("topic");
    assert.deepEqual([topic.topic, topic.by?.nick], ["film night", "alice"]);
    await carol.raw("NICK caroline");
    const renamed = await relay.waitFor(
      () => relay.events.filter((event) => event.kind === "rename").length === 2 && relay.events,
      "a rename in both channels",
    );
    const rename = renamed.find((event) => event.kind === "rename");
    assert.ok(
      rename?.kind === "rename" && rename.from === "carol" && rename.who.nick === "caroline",
    );
    await alice.part("#test", "enough");
    const part = await relay.event("leave");
    assert.deepEqual([part.how, part.who.nick], ["part", "alice"]);
    await carol.quit("good night");
    const quits = await relay.waitFor(() => {
      const found = relay.events.filter((event) => event.kind === "leave" && event.how === "quit");
      return found.length === 2 && found;
    }, "a leave in both channels");
    assert.deepEqual(quits.map((event) => event.channel).sort(), ["#other", "#test"]);
    assert.match(quits[0]?.kind === "leave" ? quits[0].reason ?? "" : "", /good night/);
  },
);

needs("inspircd")("inspircd: a ban is told once and tried again until it is lifted", async () => {
  await using server = await startInspircd();
  await using alice = await client(server, "alice");
  await alice.join("#test");
  await alice.raw("MODE #test +b relay!*@*");
  await alice.sync();
  await using relay = start(server, { limits: { rejoinMs: 20, rejoinMaxMs: 120 } });
  const why = await relay.down();
  assert.equal(why.mend, "person");
  assert.match(why.reason, /banned/);
  await alice.raw("MODE #test -b relay!*@*");
  await relay.up();
  assert.equal(relay.told.filter((one) => one.kind === "down").length, 1);
});

needs("inspircd")(
  "inspircd: a nick in use gives the next, and the configured one comes back",
  async () => {
    await using server = await startInspircd();
    await using holder = await client(server, "relay");
    await holder.join("#test");
    await using relay = start(server);
    await relay.up();
    const linkUp = relay.told.find((one) => one.kind === "linkUp");
    assert.equal(linkUp?.kind === "linkUp" && linkUp.self.nick, "relay_");
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await holder.quit();
    await alice.waitFor((line) => line.command === "NICK" && line.text === "relay", "the NICK");
    const [receipt] = await relay.say("me again");
    assert.equal(receipt?.outcome, "confirmed");
    assert.deepEqual(relay.texts, []);
  },
);

needs("inspircd")(
  "inspircd: CTCP is answered once in a while, DCC never, NOTICEs are not relayed",
  async () => {
    await using server = await startInspircd();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { version: "kosmi-relay test" });
    await relay.up();
    for (let i = 0; i < 3; i++) await alice.say("relay", "\x01VERSION\x01");
    await alice.say("relay", "\x01DCC SEND a 1 2 3\x01");
    await alice.raw("NOTICE #test :psst");
    await alice.say("#test", "end");
    await relay.message("end");
    await alice.waitFor(
      (line) => line.command === "NOTICE" && line.nick === "relay",
      "the answer",
    );
    await alice.sync();
    const answers = alice.lines.filter((line) =>
      line.command === "NOTICE" && line.nick === "relay"
    );
    assert.deepEqual(answers.map((line) => line.text), ["\x01VERSION kosmi-relay test\x01"]);
    assert.deepEqual(relay.texts, ["end"]);
  },
);

needs("inspircd")(
  "inspircd: a moderated channel rejects the one message, not the next",
  async () => {
    await using server = await startInspircd();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { messageDelayMs: 0 });
    await relay.up();
    await alice.raw("MODE #test +m");
    await alice.sync();
    const [refused] = await relay.say("not now");
    assert.equal(refused?.outcome, "rejected");
    assert.match(refused.outcome === "rejected" ? refused.reason : "", /#test.*404/);
    await alice.raw("MODE #test -m");
    await alice.sync();
    assert.equal((await relay.say("now"))[0]?.outcome, "confirmed");
  },
);

needs("inspircd")("inspircd: a silent server is given up", async () => {
  await using server = await startInspircd();
  await using relay = start(server, { pingDelayMs: 100, limits: { deadMs: 3_000 } });
  await relay.up();
  await relay.waitFor(() => relay.latencies.length > 0 || null, "a round trip").catch(() => {});
  await server.process.freeze();
  const end: LinkEnd = await relay.ended;
  await server.process.thaw();
  assert.equal(end.kind, "lost");
  assert.match(end.reason, /No data from the server/);
});

needs("inspircd")(
  "inspircd: colours are sent again as plain text where the channel blocks them",
  async () => {
    await using server = await startInspircd();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await alice.raw("MODE #test +c");
    await alice.sync();
    await using relay = start(server, { messageDelayMs: 0 });
    await relay.up();
    const text = [{ text: "red", style: { colour: { rgb: "ff0000", palette: 4 } } }, {
      text: " 5",
      style: {},
    }];
    const receipts = await relay.say("", { text });
    assert.equal(receipts[0]?.outcome, "confirmed");
    await alice.waitForMessage("#test", "<bob> red 5");
  },
);

needs("inspircd")(
  "inspircd: what was said while we were away comes as history, our own lines too",
  async () => {
    await using server = await startInspircd({ chanHistory: true });
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await alice.raw("MODE #test +H 50:1h");
    await alice.sync();
    const relay = start(server);
    assert.equal(await relay.up(), null);
    await alice.say("#test", "before");
    const before = await relay.message("before");
    const [own] = await relay.say("our own");
    assert.ok(own?.outcome === "confirmed" && own.id !== null);
    await relay.stop();
    await alice.say("#test", "while away");
    await alice.action("#test", "waves");
    await alice.raw("NOTICE #test :not this");
    await alice.sync();

    const cursors = new Map([["#test", cursorAt(before.id, before.atMs)]]);
    await using again = start(server, { cursors }, undefined);
    const history = await again.up();
    assert.equal(history?.complete, true);
    const told = history.messages.map((one) =>
      one.own ? `own ${one.wire}` : `${one.event.late} ${textOf(one.event.text)}`
    );
    assert.deepEqual(told, ["own <bob> our own", "true while away", "true waves"]);
    assert.deepEqual(history.messages[0], {
      own: true,
      wire: "<bob> our own",
      id: own.id,
      atMs: history.messages[0]?.own ? history.messages[0].atMs : 0,
    });
    assert.deepEqual(again.texts, []);
    await alice.say("#test", "live again");
    assert.equal((await again.message("live again")).late, false);

    await using fresh = start(server, { nick: "fresh" });
    const first = await fresh.up();
    assert.deepEqual([first?.messages.length, first?.complete], [5, true]);
  },
);
