import assert from "node:assert/strict";
import { linesWithout } from "../../../../src/bridges/irc/history/history.ts";
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
      assert.equal(filter.serverMs, null);
      filter.observe(stamped(command, serverMs), true);
      assert.equal(filter.serverMs, serverMs);
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

Deno.test("linesWithout() knows a line by its id, else by time, sender and words, also in whole seconds", () => {
  const line = (text: string, atMs: number | null, id: string | null): IrcMessage => ({
    ...stamped("PRIVMSG", atMs ?? 0),
    tags: new Map([
      ...(atMs === null ? [] : [["time", new Date(atMs).toISOString()]] as const),
      ...(id === null ? [] : [["msgid", id]] as const),
    ]),
    params: ["#test", text],
  });
  const left = (one: IrcMessage, ...others: IrcMessage[]) => linesWithout([one], others).length;
  assert.equal(left(line("lol", 1_234, "a"), line("lol", 1_234, "b")), 1);
  assert.equal(left(line("lol", 1_234, "a"), line("other", 9_999, "a")), 0);
  // The history tells no ids, or we heard none.
  assert.equal(left(line("lol", 1_234, "a"), line("lol", 1_234, null)), 0);
  assert.equal(left(line("lol", 1_234, null), line("lol", 1_234, "b")), 0);
  assert.equal(left(line("lol", 1_234, "a"), line("lol", 1_000, null)), 0);
  assert.equal(left(line("lol", 1_234, "a"), line("lol", 1_235, null)), 1);
  assert.equal(left(line("lol", 2_234, "a"), line("lol", 1_000, null)), 1);
  // Each of the others stands for one: what was said twice within a second and is shown once came twice.
  const twice = [line("lol", 1_000, null), line("lol", 1_000, null)];
  assert.equal(linesWithout(twice, twice.slice(1)).length, 1);
  assert.equal(linesWithout(twice, twice).length, 0);
  // Without times anything may have been said twice.
  assert.equal(left(line("lol", null, null), line("lol", null, null)), 1);
});
