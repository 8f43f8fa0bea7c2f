import assert from "node:assert/strict";
import { IrcClient } from "../support/irc_client.ts";
import { startInspircd, startNgircd, type TestIrcServer } from "../support/irc_servers.ts";
import { needs } from "../support/skip.ts";
import { cursorAt, start } from "./irc_bridge/running_bridge.ts";
import type { ChannelId } from "../../src/relay/ids.ts";
import { plainText, textOf } from "../../src/relay/rich_text.ts";
import type { LinkEnd } from "../../src/relay/bridge.ts";

const SERVERS: readonly (readonly [string, () => Promise<TestIrcServer>])[] = [
  ["ngircd", () => startNgircd({ password: "sekrit" })],
  ["inspircd", () => startInspircd()],
];

function client(server: TestIrcServer, nick: string, caps?: readonly string[]): Promise<IrcClient> {
  const { host, port, password } = server;
  const pass = password === null ? {} : { password };
  return IrcClient.connect({ host, port, nick, ...pass, ...(caps ? { caps } : {}) });
}

for (const [name, startServer] of SERVERS) {
  needs(name)(`${name}: messages and actions cross both ways`, async () => {
    await using server = await startServer();
    await using relay = start(server);
    await relay.up();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await alice.say("#test", "hello \x02bold\x02 \u200bword");
    const event = await relay.message("hello bold word");
    assert.equal(event.sender.nick, "alice");
    assert.match(event.sender.userId, /^~?tester@/);
    assert.equal(event.text.find((span) => span.style.bold)?.text, "bold");
    await alice.action("#test", "waves");
    assert.equal((await relay.message("waves")).action, true);

    const [receipt] = await relay.say("good evening ÄÖ 😸");
    assert.equal(receipt?.outcome, "confirmed");
    await alice.waitForMessage("#test", "<bob> good evening ÄÖ 😸");
    await relay.say("dances", { action: true });
    const seen = await alice.waitForMessage("#test", "<bob> dances");
    assert.equal(seen.action, true);
    assert.equal((await relay.stop()).kind, "stopped");
    await alice.waitFor((line) => line.command === "QUIT" && line.nick === "relay", "our QUIT");
  });

  needs(name)(`${name}: long lines arrive whole, each within the server's limit`, async () => {
    await using server = await startServer();
    await using relay = start(server, { messageDelayMs: 0 });
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await relay.up();
    const text = "Größe 😸👨‍👩‍👧 漢字 ".repeat(60).trim();
    const receipts = await relay.say(text);
    assert.ok(receipts.length > 3);
    assert.ok(
      receipts.every((receipt) => receipt.outcome === "confirmed"),
      JSON.stringify(receipts),
    );
    const seen = await alice.waitForMessages("#test", receipts.length);
    const joined = seen.map((one) => one.text.slice("<bob> ".length)).join("");
    // ngircd takes away the space at the end of a line.
    if (name === "ngircd") assert.equal(joined.replaceAll(" ", ""), text.replaceAll(" ", ""));
    else assert.equal(joined, text);
    for (const line of alice.lines) assert.ok(line.bytes.length <= 510);
  });

  needs(name)(`${name}: joins, leaves, renames and topics of others become events`, async () => {
    await using server = await startServer();
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
  });

  needs(name)(`${name}: a kick takes the channel down, then it comes back`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server);
    await relay.up();
    await alice.raw("KICK #test relay :out");
    const why = await relay.down();
    assert.equal(why.mend, "wait");
    assert.match(why.reason, /alice kicked us from #test \(out\)/);
    await relay.up("#test", 2);
    await alice.say("#test", "back?");
    await relay.message("back?");
  });

  needs(name)(`${name}: a ban is told once and tried again until it is lifted`, async () => {
    await using server = await startServer();
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

  needs(name)(`${name}: channel keys are used, a wrong one is a refusal for a person`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#locked");
    await alice.join("#test");
    await alice.raw("MODE #locked +k sesame");
    await alice.sync();
    await using relay = start(server, {
      channels: ["#test", "#locked"],
      keys: { "#locked": "sesame" },
    });
    await relay.up("#test");
    await relay.up("#locked");
    await using other = start(server, {
      nick: "other",
      channels: ["#locked"],
      keys: { "#locked": "wrong" },
    });
    const why = await other.down("#locked");
    assert.deepEqual([why.mend, /key/.test(why.reason)], ["person", true]);
    assert.doesNotMatch(why.reason, /sesame|wrong\b.*\bwrong/);
  });

  needs(name)(
    `${name}: a nick in use gives the next, and the configured one comes back`,
    async () => {
      await using server = await startServer();
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

  needs(name)(`${name}: no text carries a second command`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { messageDelayMs: 0 });
    await relay.up();
    const evil = "a\r\nQUIT :pwned\rQUIT\0QUIT";
    await relay.say(evil, { prefix: plainText("<x\r\nQUIT> ") });
    await relay.say(evil, { action: true });
    const channel = "#test" as ChannelId;
    const never = new AbortController().signal;
    for (const part of relay.bridge.render(channel, { kind: "topic", topic: evil })) {
      await relay.bridge.transmit(channel, part, never);
    }
    const [stored] = relay.bridge.render(channel, { kind: "topic", topic: "x" });
    assert.ok(stored);
    await relay.bridge.transmit(channel, {
      ...stored,
      kind: "message",
      wire: evil as typeof stored.wire,
    }, never);
    await relay.say("still here");
    await alice.waitForMessage("#test", "<bob> still here");
    assert.ok(!alice.lines.some((line) => line.command === "QUIT"));
  });

  needs(name)(
    `${name}: CTCP is answered once in a while, DCC never, NOTICEs are not relayed`,
    async () => {
      await using server = await startServer();
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

  needs(name)(`${name}: a moderated channel rejects the one message, not the next`, async () => {
    await using server = await startServer();
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
  });

  needs(name)(`${name}: a server that crashes leaves nothing open`, async () => {
    await using server = await startServer();
    await using relay = start(server);
    await relay.up();
    await server.process.freeze();
    const sent = relay.say("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight");
    await relay.waitFor(() => true, "now");
    await server.process.thaw();
    await server.stop("SIGKILL");
    const end = await relay.ended;
    assert.equal(end.kind, "lost");
    const outcomes = (await sent).map((receipt) => receipt.outcome);
    assert.equal(outcomes.length, 8);
    assert.ok(outcomes.slice(-2).every((outcome) => outcome === "unsent"), outcomes.join());
    await server.start();
    await using again = start(server, {}, relay.bridge);
    await again.up();
  });

  needs(name)(`${name}: a silent server is given up`, async () => {
    await using server = await startServer();
    await using relay = start(server, { pingDelayMs: 100, limits: { deadMs: 3_000 } });
    await relay.up();
    await relay.waitFor(() => relay.latencies.length > 0 || null, "a round trip").catch(() => {});
    await server.process.freeze();
    const end: LinkEnd = await relay.ended;
    await server.process.thaw();
    assert.equal(end.kind, "lost");
    assert.match(end.reason, /Nothing came from the server/);
  });
}

needs("ngircd")("ngircd: a wrong server password is a refusal", async () => {
  await using server = await startNgircd({ password: "sekrit" });
  await using relay = start(server, { password: "wrong-secret" });
  const end = await relay.ended;
  assert.equal(end.kind, "refused");
  assert.doesNotMatch(end.reason + relay.log.texts().join(), /wrong-secret/);
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
    assert.deepEqual(await fresh.up(), { messages: [], complete: true });
  },
);
