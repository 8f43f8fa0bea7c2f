import assert from "node:assert/strict";
import type { IrcPuppets } from "../../../src/bridges/irc/options.ts";
import type { OutgoingMessage } from "../../../src/relay/bridge.ts";
import type { AccountId, UserId } from "../../../src/relay/ids.ts";
import { plainText } from "../../../src/relay/rich_text.ts";
import { IrcClient } from "../../support/irc_client.ts";
import { startInspircd, startNgircd, type TestIrcServer } from "../../support/irc_servers.ts";
import { needs } from "../../support/skip.ts";
import { type RunningBridge, start } from "./running_bridge.ts";

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
