import assert from "node:assert/strict";
import { needs } from "../support/skip.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";

needs("ngircd")(
  "chat commands: answered in the channel, not relayed, and Kosmi is connected anew",
  async () => {
    await using world = await World.create({
      server: "ngircd",
      general: 'CommandUsers=["irc.test:alice!*@*", "kosmi.test:*"]',
    });
    const { alice, kosmi, relay } = world;
    const since = relay.mark();
    await alice.say(CHANNEL, "!kreconnect");
    await alice.waitForMessage(CHANNEL, "Reconnecting Kosmi...");
    await relay.waitForLog(/msg="connected again as .*account=kosmi\.test/, { since });
    await relay.waitForLog(/msg="in main"/, { since });
    await alice.say(CHANNEL, "!status");
    await alice.waitForMessage(
      CHANNEL,
      /^kosmi-relay .*irc\.test: connected.*kosmi\.test: connected/,
    );
    await alice.say(CHANNEL, "!who");
    await alice.waitForMessage(CHANNEL, /^main \(kosmi\.test\): /);
    kosmi.say(ROOM, { name: "Zoë" }, "!users");
    await kosmi.waitForMessage(ROOM, ({ text }) => text === `${CHANNEL} (irc.test): alice`);
    await alice.say(CHANNEL, "! reconnect is no command");
    await kosmi.waitForMessage(ROOM, ({ text }) => text.endsWith("is no command"));
    const relayed = kosmi.messages(ROOM).filter(({ text }) => text.startsWith("[IRC]"));
    assert.equal(relayed.length, 1);
  },
);
