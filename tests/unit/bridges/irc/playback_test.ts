import assert from "node:assert/strict";
import { PlaybackFilter } from "../../../../src/bridges/irc/history/playback.ts";
import type { IrcMessage } from "../../../../src/bridges/irc/wire/message.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const HOUR_MS = 3_600_000;

function stamped(command: string, atMs: number): IrcMessage {
  const tags = new Map([["time", new Date(atMs).toISOString()]]);
  return { tags, nick: "relay", user: "u", host: "h", command, params: [] };
}

for (const command of ["PONG", "JOIN"]) {
  for (const offMs of [-HOUR_MS, HOUR_MS]) {
    Deno.test(`PlaybackFilter learns a server's clock that is ${offMs} ms off from our ${command}`, () => {
      const clock = new FakeClock();
      const filter = new PlaybackFilter(clock);
      filter.connected();
      const serverMs = clock.now() + offMs;
      filter.observe(stamped(command, serverMs), true);
      assert.equal(filter.isOld(stamped("PRIVMSG", serverMs + 1_000)), false);
      assert.equal(filter.isOld(stamped("PRIVMSG", serverMs - 60_000)), true);
    });
  }
}

Deno.test("PlaybackFilter learns nothing from the entry of others, which may be played back", () => {
  const clock = new FakeClock();
  const filter = new PlaybackFilter(clock);
  filter.connected();
  filter.observe(stamped("JOIN", clock.now() - HOUR_MS), false);
  assert.equal(filter.isOld(stamped("PRIVMSG", clock.now() - HOUR_MS)), true);
  assert.equal(filter.isOld(stamped("PRIVMSG", clock.now())), false);
});

Deno.test("PlaybackFilter takes nothing for old because somebody sets our clock while we connect", async () => {
  for (const byMs of [-HOUR_MS, HOUR_MS]) {
    const clock = new FakeClock();
    const filter = new PlaybackFilter(clock);
    filter.connected();
    const serverMs = clock.now();
    clock.jump(byMs);
    await clock.advance(500);
    filter.observe(stamped("JOIN", serverMs + 500), true);
    clock.jump(byMs);
    assert.equal(filter.isOld(stamped("PRIVMSG", serverMs + 1_000)), false);
    assert.equal(filter.isOld(stamped("PRIVMSG", serverMs - 60_000)), true);
  }
});
