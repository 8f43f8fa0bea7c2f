import assert from "node:assert/strict";
import { until } from "../../support/wait.ts";
import { ROOM, SandboxWorld } from "../support/sandbox_world.ts";

const LONG = "l".repeat(2_000);

/** What a hostile server, or a hostile room, does at once. */
const FLOODS: Record<string, (world: SandboxWorld) => void> = {
  "people with long names": ({ kosmi }) => {
    for (let at = 0; at < 10_000; at++) kosmi.join(ROOM, { name: `${at} ${LONG}` });
  },
  "messages of a book's length": ({ kosmi }) => {
    for (let at = 0; at < 40; at++) {
      kosmi.say(ROOM, { name: "mallory" }, `${at} ${LONG.repeat(500)}`);
    }
  },
  "nested data": ({ kosmi }) => {
    const nested = `${'{"a":['.repeat(20_000)}1${"]}".repeat(20_000)}`;
    for (let at = 0; at < 50; at++) {
      kosmi.sendRaw(`{"id":"${at}","type":"next","payload":{"data":${nested}}}`);
    }
  },
  "frames that nobody asked for": ({ kosmi }) => {
    for (let at = 0; at < 20_000; at++) {
      kosmi.sendRaw(
        `{"id":"x${at}","type":"next","payload":{"data":{"newMessage":{"id":"${at}"}}}}`,
      );
    }
  },
  "a frame of ten megabytes": ({ kosmi }) => kosmi.sendJunk("ten-megabytes"),
};

for (const [name, flood] of Object.entries(FLOODS)) {
  Deno.test(`attack: Kosmi floods with ${name}: memory, log and the relay stay well`, async () => {
    await using world = await SandboxWorld.create({ irc: "MessageDelay=1\nBurst=1000" });
    const { relay, kosmi, irc } = world;
    const idle = (await relay.memory()).residentBytes;
    const since = relay.mark();
    flood(world);
    await until(
      async () => {
        kosmi.say(ROOM, { name: "zoe" }, "still here");
        return await irc.waitForMessage("#films", /still here$/, 2_000).then(
          () => true,
          () => false,
        );
      },
      "the relay to go on",
      30_000,
    );
    const resident = async () => (await relay.memory()).residentBytes;
    await until(async () => await resident() <= idle * 2, "memory to be given back", 30_000);
    const lines = relay.output.slice(since).split("\n").length;
    assert.ok(lines < 60, `${lines} lines in the log`);
    assert.doesNotMatch(relay.output, /unexpected fault|Internal error|stray/i);
  });
}
