import assert from "node:assert/strict";
import { textOf } from "../../src/relay/port/rich_text.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { numbered } from "./stage.ts";

const both = { channels: (world: { channels: readonly string[] }) => world.channels };

/** What people at the service do. */
export function eventTests(test: ContractTest): void {
  test("300 messages at once are events in their order", async (stage, world) => {
    await stage.up();
    const texts = numbered("burst", 300);
    for (const text of texts) world.say(stage.first, "ada", text);
    assert.deepEqual(await stage.host.waitForTexts(stage.first, 300), texts);
  });

  test("a message tells who, where, when and its id", async (stage, world) => {
    await stage.up();
    const fromMs = Date.now();
    world.say(stage.first, "ada", "hello there");
    await stage.host.waitForTexts(stage.first, 1);
    const [message] = stage.host.messages(stage.first);
    assert.ok(message !== undefined);
    assert.equal(message.sender.nick, "ada");
    assert.equal(message.late, false);
    assert.equal(message.action, false);
    // A service may count whole seconds.
    assert.ok(message.atMs >= fromMs - 1_000 && message.atMs <= Date.now() + 1_000);
    assert.equal(message.id !== null, world.ids);
    const shown = world.shown(stage.first).at(-1)?.id ?? null;
    if (shown !== null) assert.equal(message.id, world.ids ? shown : null);
  });

  test(
    "namesakes and several people are told apart, one person stays one",
    async (stage, world) => {
      await stage.up();
      for (const nick of ["ada", "bob", "ada"]) world.say(stage.first, nick, "hi");
      await stage.host.waitForTexts(stage.first, 3);
      const [one, other, again] = stage.host.messages(stage.first).map(({ sender }) => sender.id);
      assert.equal(one, again);
      assert.notEqual(one, other);
    },
  );

  test("messages of two channels are events of theirs", async (stage, world) => {
    await stage.up(stage.first, stage.second);
    for (let index = 0; index < 50; index++) {
      world.say(stage.first, "ada", `first ${index}`);
      world.say(stage.second, "ada", `second ${index}`);
    }
    assert.deepEqual(await stage.host.waitForTexts(stage.first, 50), numbered("first", 50));
    assert.deepEqual(await stage.host.waitForTexts(stage.second, 50), numbered("second", 50));
  }, both);

  test("what is said in a channel that nobody uses is no event", async (stage, world) => {
    await stage.up();
    world.say(stage.second, "ada", "not for us");
    world.say(stage.first, "ada", "for us");
    await stage.host.waitForTexts(stage.first, 1);
    assert.equal(stage.host.events.length, 1 + joins(stage.host.events));
  });

  test("what was said before the first visit is no event", async (stage, world) => {
    world.saidEarlier(stage.first, "ada", "before");
    await stage.up();
    world.say(stage.first, "ada", "after");
    await stage.host.waitForTexts(stage.first, 1);
    assert.deepEqual(stage.host.texts(stage.first), ["after"]);
  });

  test("what we say ourselves is never an event", async (stage, world) => {
    await stage.up();
    const ours: Promise<unknown>[] = [];
    for (let index = 0; index < 50; index++) {
      ours.push(stage.send(`ours ${index}`));
      world.say(stage.first, "ada", `theirs ${index}`);
    }
    await Promise.all(ours);
    world.say(stage.first, "ada", "end");
    const texts = await stage.host.waitForTexts(stage.first, 51);
    assert.deepEqual(texts, [...numbered("theirs", 50), "end"]);
  });

  test("somebody else with the very text that we sent is an event", async (stage, world) => {
    await stage.up();
    const { wire } = stage.part("the same");
    const sent = stage.send("the same");
    world.say(stage.first, "ada", wire);
    assert.equal((await sent)[0]?.outcome, "confirmed");
    world.say(stage.first, "ada", wire);
    assert.deepEqual(await stage.host.waitForTexts(stage.first, 2), [wire, wire]);
  });

  test("coming and going of others are events, ours are not", async (stage, world) => {
    await stage.up(stage.first, stage.second);
    world.join(stage.first, "carol");
    world.leave(stage.first, "carol");
    const done = () => stage.host.events.some(({ kind }) => kind === "leave");
    await stage.host.waitFor(done, "carol to leave");
    const seen = stage.host.events.map((event) =>
      event.kind === "join" || event.kind === "leave" ? `${event.who.nick} ${event.kind}` : ""
    );
    assert.deepEqual(seen, ["carol join", "carol leave"]);
  }, both);

  test("/me of others is an action without its markup", async (stage, world) => {
    await stage.up();
    if (world.act === null) return;
    world.act(stage.first, "ada", "waves");
    await stage.host.waitForTexts(stage.first, 1);
    const [message] = stage.host.messages(stage.first);
    assert.equal(message?.action, true);
    assert.equal(message === undefined ? "" : textOf(message.text), "waves");
  });

  test("an edit names the message that it changes", async (stage, world) => {
    await stage.up();
    if (world.edit === null) return;
    world.say(stage.first, "ada", "helo");
    world.edit(stage.first, "helo", "hello");
    const find = () => stage.host.events.find((event) => event.kind === "edit");
    const edit = await stage.host.waitFor(find, "the edit");
    assert.ok(edit.kind === "edit");
    assert.equal(textOf(edit.text), "hello");
    assert.equal(edit.id, stage.host.messages(stage.first)[0]?.id);
  });

  test("the text is clean: line breaks and no other control character", async (stage, world) => {
    await stage.up();
    world.say(stage.first, "ada", "a\tb\x00c\x1bd\x85e");
    await stage.host.waitForTexts(stage.first, 1);
    for (const text of stage.host.texts(stage.first)) {
      assert.match(text, /^a [^\p{Cc}]*\ne$/u);
    }
  });
}

function joins(events: readonly { kind: string }[]): number {
  return events.filter(({ kind }) => kind === "join").length;
}
