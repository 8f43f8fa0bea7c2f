import assert from "node:assert/strict";
import { binaryTests } from "../support/binary.ts";
import { needs } from "../support/skip.ts";
import { until } from "../support/wait.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";
import { wrapper } from "./support/wrapper.ts";

const test = await binaryTests();

test(
  needs("ngircd"),
  "the binary relays both ways, with an empty environment, in an empty folder",
  async ({ binary }) => {
    await using empty = await wrapper(`env -i ${binary} "$@"`);
    await using world = await World.create({ server: "ngircd", entry: empty.path });
    world.kosmi.say(ROOM, { name: "Zoë" }, "from Kosmi");
    await world.alice.waitForMessage(CHANNEL, "[Kosmi] <Zoë> from Kosmi");
    await world.alice.say(CHANNEL, "from IRC");
    await until(() => world.kosmiTexts().includes("[IRC] <alice> from IRC"), "the line in Kosmi");
    assert.equal((await world.relay.stop()).code, 0);
    const { mode } = await Deno.stat(`${world.relay.dir}/data`);
    assert.equal((mode ?? 0) & 0o777, 0o700);
  },
);
