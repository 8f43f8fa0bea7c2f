import assert from "node:assert/strict";
import type { IrcPuppets } from "../../../src/bridges/irc/link/options.ts";
import type { OutgoingMessage } from "../../../src/relay/port/bridge.ts";
import type { AccountId, ChannelId, UserId } from "../../../src/relay/port/ids.ts";
import { plainText, textOf } from "../../../src/relay/port/rich_text.ts";
import { IrcClient } from "../../support/irc_client.ts";
import { startInspircd, startNgircd, type TestIrcServer } from "../../support/irc_servers.ts";
import { needs } from "../../support/skip.ts";
import { outgoing, type RunningBridge, start } from "./running_bridge.ts";

const PUPPETS: IrcPuppets = {
  suffix: "[k]",
  idleMs: 600_000,
  max: 20,
  connectDelayMs: 0,
  webirc: null,
};

const SERVERS: readonly (readonly [string, () => Promise<TestIrcServer>])[] = [
  ["ngircd", () => startNgircd()],
  ["inspircd", () => startInspircd()],
];

function by(nick: string, id = nick): Partial<OutgoingMessage> {
  const name = `<${nick}> `;
  return {
    prefix: plainText(name),
    nameLength: name.length,
    sender: {
      person: { id: id as UserId, nick, userId: id },
      account: "kosmi.room" as AccountId,
    },
  };
}

function client(server: TestIrcServer, nick: string, caps?: readonly string[]): Promise<IrcClient> {
  const { host, port } = server;
  return IrcClient.connect({ host, port, nick, ...(caps ? { caps } : {}) });
}

async function confirmed(relay: RunningBridge, text: string, who: Partial<OutgoingMessage>) {
  const receipts = await relay.say(text, who);
  assert.deepEqual(
    receipts.map((receipt) => receipt.outcome),
    receipts.map(() => "confirmed"),
    JSON.stringify(receipts),
  );
}

for (const [name, startServer] of SERVERS) {
  needs(name)(`${name}: each of 20 people speaks under a nick of their own`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { puppets: PUPPETS });
    await relay.up();
    const people = Array.from({ length: 21 }, (_, index) => by(`person${index}`));
    await Promise.all(people.map((person, index) => confirmed(relay, `hello ${index}`, person)));
    const seen = await alice.waitForMessages("#test", 21);
    const nicks = new Set(seen.map((one) => one.nick));
    // The twenty-first is beyond the bound: the relay says it.
    assert.equal(nicks.size, 21);
    const own = seen.find((one) => one.nick === "relay");
    assert.equal(own?.text, "<person20> hello 20");
    for (const one of seen) {
      if (one !== own) assert.equal(`hello ${/\d+/.exec(one.nick)?.[0]}`, one.text);
    }
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        people.slice(0, 20).map((person) => confirmed(relay, `round ${round}`, person)),
      );
    }
    assert.deepEqual(relay.events, []);
    assert.equal((await relay.stop()).kind, "stopped");
    await alice.waitFor((line) => line.command === "QUIT" && line.nick === "relay", "our QUIT");
    await alice.sync();
    assert.deepEqual(await alice.names("#test"), ["alice"]);
  });

  needs(name)(`${name}: what several people say stays in order`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { puppets: PUPPETS, messageDelayMs: 0 });
    await relay.up();
    const speakers = ["ann", "ben", "cleo"].map((nick) => by(nick));
    for (const who of speakers) await confirmed(relay, "here", who);
    const sent: string[] = [];
    const receipts: Promise<void>[] = [];
    for (let index = 0; index < 30; index++) {
      sent.push(`line ${index}`);
      receipts.push(confirmed(relay, `line ${index}`, speakers[(index * 7) % 3] ?? {}));
    }
    await Promise.all(receipts);
    const seen = await alice.waitForMessages("#test", 33);
    assert.deepEqual(seen.slice(3).map((one) => one.text), sent);
  });
}

needs("inspircd")("inspircd: a puppet's doings are no news, a person's are", async () => {
  await using server = await startInspircd();
  await using alice = await client(server, "alice");
  await alice.join("#test");
  await alice.raw("OPER oper operpass");
  await using relay = start(server, {
    puppets: PUPPETS,
    channels: ["#test", "#other"],
    messageDelayMs: 0,
  });
  await relay.up();
  await relay.up("#other");
  await confirmed(relay, "hi", by("Zoë 🎬", "zoe"));
  assert.equal((await alice.waitForMessage("#test", "hi")).nick, "Zoe[k]");
  // Somebody says the very same: that is theirs.
  await alice.say("#test", "hi");
  await relay.message("hi");
  await alice.raw("SANICK Zoe[k] elsewhere");
  await alice.waitFor((line) => line.command === "NICK" && line.text === "elsewhere", "the NICK");
  await confirmed(relay, "still me", by("Zoë 🎬", "zoe"));
  assert.equal((await alice.waitForMessage("#test", "still me")).nick, "elsewhere");
  await alice.raw("KICK #test elsewhere :enough");
  await alice.waitFor((line) => line.command === "KICK", "the KICK");
  await confirmed(relay, "back again", by("Zoë 🎬", "zoe"));
  await alice.waitForMessage("#test", /back again/);
  assert.deepEqual(relay.texts, ["hi"]);
  assert.deepEqual(relay.events.map((event) => event.kind), ["message"]);
});

needs("inspircd")(
  "inspircd: who writes to a puppet is told once that nobody reads it",
  async () => {
    await using server = await startInspircd();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { puppets: PUPPETS, limits: { ctcpMs: 1 } });
    await relay.up();
    await confirmed(relay, "hi", by("zoe"));
    await alice.say("zoe[k]", "\x01VERSION\x01");
    await alice.say("zoe[k]", "hello?");
    await alice.raw("NOTICE zoe[k] :psst");
    await alice.say("zoe[k]", "hello??");
    await alice.say("#test", "\x01VERSION\x01");
    await alice.waitFor(
      (line) => line.command === "NOTICE" && line.nick === "zoe[k]",
      "the notice",
    );
    await confirmed(relay, "bye", by("zoe"));
    const notices = alice.lines.filter((line) =>
      line.command === "NOTICE" && line.nick === "zoe[k]"
    );
    assert.equal(notices.length, 1);
    assert.match(notices[0]?.text ?? "", /stands for a user of another chat, relayed by relay/);
    assert.deepEqual(relay.texts, []);
  },
);

needs("inspircd")(
  "inspircd: where a puppet may not speak, the relay does, and nothing is lost",
  async () => {
    await using server = await startInspircd();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { puppets: PUPPETS, messageDelayMs: 0 });
    await relay.up();
    await confirmed(relay, "one", by("zoe"));
    await alice.raw("MODE #test +v relay");
    await alice.raw("MODE #test +m");
    await alice.sync();
    await confirmed(relay, "two", by("zoe"));
    await confirmed(relay, "three", by("zoe"));
    await alice.raw("MODE #test -m");
    await alice.raw("MODE #test +b *!*k*@*");
    await alice.raw("MODE #test +b *!~k*@*");
    await alice.sync();
    await confirmed(relay, "four", by("yan"));
    const seen = await alice.waitForMessages("#test", 4);
    assert.deepEqual(seen.map((one) => `${one.nick}: ${one.text}`), [
      "zoe[k]: one",
      "relay: <zoe> two",
      "relay: <zoe> three",
      "relay: <yan> four",
    ]);
  },
);

needs("inspircd")(
  "inspircd: a kill ends the making of puppets for a while; nothing is lost or said twice",
  async () => {
    await using server = await startInspircd();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await alice.raw("OPER oper operpass");
    await alice.sync();
    await using relay = start(server, { puppets: PUPPETS, messageDelayMs: 0 });
    await relay.up();
    const people = Array.from({ length: 4 }, (_, index) => by(`p${index}`));
    for (const person of people) await confirmed(relay, "here", person);
    const texts: string[] = [];
    const receipts: Promise<void>[] = [];
    for (let index = 0; index < 24; index++) {
      const text = `line ${index}`;
      texts.push(text);
      receipts.push(confirmed(relay, text, people[index % 4] ?? {}));
      if (index === 11) await alice.raw("KILL p0[k] :spam");
      if (index === 17) await alice.raw("KILL p2[k] :spam");
    }
    await Promise.all(receipts);
    await relay.log.waitFor(/refuses puppets/);
    await confirmed(relay, "newcomer", by("p9"));
    const seen = await alice.waitForMessages("#test", 29);
    assert.equal(seen.at(-1)?.text, "<p9> newcomer");
    const said = seen.slice(4, -1).map((one) => one.text.replace(/^<p\d> /, ""));
    assert.deepEqual(said.toSorted(), texts.toSorted());
    for (const [index, person] of ["p0", "p1", "p2", "p3"].entries()) {
      const theirs = seen.slice(4, -1).filter((one) =>
        one.nick.startsWith(person) || one.text.startsWith(`<${person}>`)
      ).map((one) => Number(/\d+$/.exec(one.text)?.[0]));
      assert.deepEqual(theirs, [0, 1, 2, 3, 4, 5].map((round) => round * 4 + index));
    }
    assert.deepEqual(relay.events, []);
  },
);

needs("inspircd")("inspircd: a silent puppet leaves, a renamed person comes anew", async () => {
  await using server = await startInspircd();
  await using alice = await client(server, "alice");
  await alice.join("#test");
  await using relay = start(server, { puppets: { ...PUPPETS, idleMs: 700 }, messageDelayMs: 0 });
  await relay.up();
  await confirmed(relay, "one", by("zoe", "7"));
  await confirmed(relay, "two", by("Zoë the Great", "7"));
  const two = await alice.waitForMessage("#test", "two");
  assert.equal(two.nick, "Zoe_the_Great[k]");
  await alice.waitFor(
    (line) => line.command === "QUIT" && line.nick === "Zoe_the_Great[k]",
    "the idle one to quit",
  );
  await confirmed(relay, "three", by("zoe", "7"));
  assert.deepEqual(relay.events, []);
});

needs("inspircd")("inspircd: WEBIRC shows each puppet under a made-up address", async () => {
  const extra = `<module name="cgiirc">\n<cgihost type="webirc" password="gate" mask="127.0.0.1">`;
  await using server = await startInspircd({ extra });
  await using alice = await client(server, "alice");
  await alice.join("#test");
  await using relay = start(server, {
    puppets: { ...PUPPETS, webirc: { gateway: "kosmi", password: "gate" } },
  });
  await relay.up();
  await confirmed(relay, "one", by("zoe", "7"));
  await confirmed(relay, "one", by("yan", "8"));
  await alice.waitForMessages("#test", 2);
  await alice.raw("OPER oper operpass");
  await alice.raw("WHOIS zoe[k]");
  const host = await alice.waitFor((line) => line.command === "378", "the real host");
  assert.match(host.text, /k[0-9a-z]{7}@.*fd6b:6f73:6d69:/);
  assert.deepEqual(relay.events, []);
});

needs("inspircd")(
  "inspircd: puppets' lines of an earlier run count as our own in the history",
  async () => {
    await using server = await startInspircd({ chanHistory: true });
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await alice.raw("MODE #test +H 50:1h");
    await alice.sync();
    const relay = start(server, { puppets: PUPPETS });
    await relay.up();
    await confirmed(relay, "from zoe", by("zoe", "7"));
    await alice.say("#test", "from alice");
    await relay.message("from alice");
    const [part] = relay.bridge.render("#test" as ChannelId, outgoing("from zoe", by("zoe", "7")));
    assert.ok(part !== undefined);
    await relay.stop();
    await using again = start(server, { puppets: PUPPETS });
    const history = await again.up();
    const own = history?.messages.filter((one) => one.own) ?? [];
    assert.equal(own.length, 1);
    const wires = again.bridge.shownAs(part);
    assert.ok(own[0]?.own && wires.includes(own[0].wire));
    const others = history?.messages.flatMap((one) => one.own ? [] : [textOf(one.event.text)]);
    assert.deepEqual(others, ["from alice"]);
  },
);

needs("ngircd")(
  "ngircd: where the server takes no more connections, the relay speaks",
  async () => {
    await using server = await startNgircd({ extra: "[Limits]\nMaxConnectionsIP = 5\n" });
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { puppets: PUPPETS });
    await relay.up();
    for (const nick of ["ann", "ben", "cleo", "dora", "eve"]) {
      await confirmed(relay, "hi", by(nick));
    }
    await relay.log.waitFor(/refuses puppets/);
    await confirmed(relay, "again", by("ann"));
    const seen = await alice.waitForMessages("#test", 6);
    assert.deepEqual(seen.map((one) => `${one.nick}: ${one.text}`), [
      "ann[k]: hi",
      "ben[k]: hi",
      "cleo[k]: hi",
      "relay: <dora> hi",
      "relay: <eve> hi",
      "ann[k]: again",
    ]);
  },
);
