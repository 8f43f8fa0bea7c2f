import assert from "node:assert/strict";
import { startInspircd, startNgircd, type TestIrcServer } from "../support/irc_servers.ts";
import { needs } from "../support/skip.ts";
import { until } from "../support/wait.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";

const PUPPETS = "MessageDelay=100\nPuppets=true\nPuppetDelay=0";

/** As patient as can be: what is tested is who speaks, not the pace. */
function patientServer(kind: "ngircd" | "inspircd"): Promise<TestIrcServer> {
  return kind === "ngircd"
    ? startNgircd({ penalty: false })
    : startInspircd({ commandRate: 1_000_000, threshold: 1_000, recvQ: 1_000_000 });
}

for (const kind of ["ngircd", "inspircd"] as const) {
  needs(kind)(
    `20 people of a room speak in ${kind} by puppets, and nothing comes back`,
    async () => {
      await using world = await World.create({ server: await patientServer(kind), irc: PUPPETS });
      const { alice, kosmi, relay } = world;
      const wanted: string[] = [];
      for (let round = 0; round < 3; round++) {
        for (let person = 0; person < 20; person++) {
          kosmi.say(ROOM, { name: `P${person}` }, `round ${round} of ${person}`);
          wanted.push(`P${person}[k]: round ${round} of ${person}`);
        }
        await until(
          () => alice.messages(CHANNEL).length >= wanted.length,
          "a round in IRC",
          60_000,
        );
      }
      const seen = alice.messages(CHANNEL).map((one) => `${one.nick}: ${one.text}`);
      assert.deepEqual(seen.toSorted(), wanted.toSorted());
      await alice.say(CHANNEL, "thanks, all");
      await until(() => world.kosmiTexts().length > 0, "alice's line in the room");
      assert.deepEqual(world.kosmiTexts(), ["[IRC] <alice> thanks, all"]);
      await relay.stop();
      await alice.waitFor((line) => line.command === "QUIT" && line.nick === "relay", "our QUIT");
      await until(async () => (await alice.names(CHANNEL)).length === 1, "all puppets to leave");
    },
  );
}

needs("inspircd")(
  "puppets: a crash in the midst loses nothing and says nothing twice",
  async () => {
    const server = await startInspircd({
      chanHistory: true,
      commandRate: 1_000_000,
      threshold: 1_000,
      recvQ: 1_000_000,
    });
    await using world = await World.create({ server, irc: PUPPETS });
    const { alice, kosmi, relay } = world;
    await alice.raw(`MODE ${CHANNEL} +H 50:1h`);
    // Known to the relay: so much of the history is older.
    await alice.say(CHANNEL, "line -1");
    await until(() => world.kosmiTexts().length > 0, "alice's line in the room");
    const wanted: string[] = [];
    const say = (n: number) => {
      kosmi.say(ROOM, { name: `P${n % 3}` }, `line ${n}`);
      wanted.push(`line ${n}`);
    };
    for (let n = 0; n < 6; n++) say(n);
    await alice.waitForMessages(CHANNEL, 6);
    for (let n = 6; n < 30; n++) say(n);
    await alice.waitForMessages(CHANNEL, 9);
    const since = relay.mark();
    await relay.restart("SIGKILL");
    await world.ready(since);
    for (let n = 30; n < 33; n++) say(n);
    // Those that waited for long share a line.
    const shown = () => alice.messages(CHANNEL).flatMap((one) => one.text.match(/line \d+/g) ?? []);
    await until(() => shown().length >= wanted.length, "all lines", 60_000);
    const texts: string[] = shown();
    assert.deepEqual(texts.toSorted(), wanted.toSorted());
    assert.deepEqual(world.kosmiTexts(), ["[IRC] <alice> line -1"]);
  },
);
