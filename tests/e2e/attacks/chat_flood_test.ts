import assert from "node:assert/strict";
import { CHANNEL, ROOM, SandboxWorld } from "../support/sandbox_world.ts";

/** A message of twelve lines. */
function wall(nth: number): string {
  return Array.from({ length: 12 }, (_, line) => `wall ${nth}.${line}`).join("\n");
}

Deno.test("attack: who floods a room keeps nobody else waiting, and everybody's order stays", async () => {
  await using world = await SandboxWorld.create({ irc: "MessageDelay=40\nBurst=1" });
  const { irc, kosmi } = world;
  for (let nth = 0; nth < 30; nth++) kosmi.say(ROOM, { name: "mallory" }, wall(nth));
  await irc.waitForMessage(CHANNEL, /wall 1\.0$/);
  for (const word of ["one", "two", "three"]) kosmi.say(ROOM, { name: "zoe" }, `zoe ${word}`);
  kosmi.say(ROOM, { name: "yan" }, "yan too");
  await irc.waitForMessage(CHANNEL, /zoe three$/, 20_000);
  await irc.waitForMessage(CHANNEL, /yan too$/, 20_000);
  const before = texts(world).filter((text) => text.startsWith("wall"));
  assert.ok(before.length < 100, `${before.length} lines of the wall came first`);
  await irc.waitForMessage(CHANNEL, /wall 29\.11$/, 60_000);
  const all = texts(world);
  const expected = Array.from({ length: 30 }, (_, nth) => wall(nth).split("\n")).flat();
  assert.deepEqual(all.filter((text) => text.startsWith("wall")), expected);
  assert.deepEqual(all.filter((text) => text.startsWith("zoe")), [
    "zoe one",
    "zoe two",
    "zoe three",
  ]);
});

/** What the relay said in the channel, without the names, packed lines taken apart. */
function texts({ irc }: SandboxWorld): string[] {
  return irc.messages(CHANNEL).filter(({ nick }) => nick === "relay")
    .flatMap(({ text }) => text.replace(/^.*?> /, "").split(" | "));
}
