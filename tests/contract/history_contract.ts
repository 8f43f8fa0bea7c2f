import assert from "node:assert/strict";
import type { History, HistoryMessage } from "../../src/relay/port/bridge.ts";
import { textOf } from "../../src/relay/port/rich_text.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { numbered } from "./stage.ts";

/** What was said while the bridge was away, and what became of the parts under way. */
export function historyTests(test: ContractTest): void {
  test("what was said while away comes with channelUp, oldest first", async (stage, world) => {
    await stage.up();
    world.say(stage.first, "ada", "known");
    await stage.host.waitForTexts(stage.first, 1);
    await stage.stop();
    // Pages of a history are 100 long; without ids none can be continued in the middle of a millisecond.
    const missed = numbered("missed", world.ids ? 120 : 90);
    for (const text of missed) world.say(stage.first, "ada", text);
    await stage.up();
    world.say(stage.first, "ada", "live");
    await stage.host.waitForTexts(stage.first, 2);
    assert.deepEqual(stage.host.texts(stage.first), ["known", "live"]);
    const history = stage.host.ups(stage.first)[1] ?? null;
    assert.equal(history !== null, world.history);
    if (history === null) return;
    assert.deepEqual(stage.host.relayed(stage.first), ["known", ...missed, "live"]);
    assert.equal(history.complete, true);
  });

  test(
    "what was said before the first visit is never relayed, nor after a reconnect",
    async (stage, world) => {
      for (const text of numbered("before", 5)) world.saidEarlier(stage.first, "ada", text);
      await stage.up();
      world.proxy.cut();
      await stage.ended();
      await stage.up();
      world.say(stage.first, "ada", "after");
      await stage.host.waitForTexts(stage.first, 1);
      assert.deepEqual(stage.host.relayed(stage.first), ["after"]);
    },
    { needs: ["dial"] },
  );

  test(
    "what was said while away is caught up also where nothing was ever said",
    async (stage, world) => {
      if (!world.history) return;
      await stage.up();
      await stage.stop();
      world.say(stage.first, "ada", "the first ever");
      await stage.up();
      await stage.stop();
      await stage.up();
      assert.deepEqual(stage.host.relayed(stage.first), ["the first ever"]);
    },
  );

  for (const visit of ["first", "second"] as const) {
    test(`what is said while we enter is relayed once (${visit} visit)`, async (stage, world) => {
      if (visit === "second") {
        await stage.up();
        await stage.stop();
      }
      stage.host.onTold = ({ kind }) => {
        if (kind === "linkUp") world.proxy.stall("toClient");
      };
      const up = stage.up();
      await world.until(() => world.isInside(stage.first), "us to be in");
      for (const text of numbered("entering", 3)) world.say(stage.first, "ada", text);
      world.proxy.resume();
      await up;
      world.say(stage.first, "ada", "entered");
      await stage.host.waitFor(
        () => stage.host.relayed(stage.first).includes("entered"),
        "the end",
      );
      assert.deepEqual(stage.host.relayed(stage.first), [...numbered("entering", 3), "entered"]);
    }, { needs: ["dial"] });
  }

  test(
    "nothing is missing or double when people talk on through reconnects",
    async (stage, world) => {
      if (!world.history) return;
      const said: string[] = [];
      const say = (text: string) => {
        world.say(stage.first, "ada", text);
        said.push(text);
      };
      await stage.up();
      for (let round = 0; round < 6; round++) {
        for (let index = 0; index < 10; index++) say(`up ${round} ${index}`);
        world.proxy.cut();
        for (let index = 0; index < 10; index++) say(`down ${round} ${index}`);
        await stage.ended();
        const begun = stage.up();
        for (let index = 0; index < 10; index++) say(`entering ${round} ${index}`);
        await begun;
      }
      say("end");
      await stage.host.waitFor(() => stage.host.texts(stage.first).at(-1) === "end", "the end");
      assert.deepEqual(stage.host.relayed(stage.first), said);
    },
  );

  test("parts that nobody knew of stand in the history as they were sent", async (stage, world) => {
    await stage.up();
    assert.equal((await stage.send("certain"))[0]?.outcome, "confirmed");
    const parts = numbered("doubtful", 3).map((text) => stage.part(text));
    world.proxy.stall("toClient");
    const open = parts.map((part) => stage.transmit(part));
    await world.until(() => stage.ownShown().length > 1, "one to arrive");
    world.proxy.cut();
    const outcomes = (await Promise.all(open)).map(({ outcome }) => outcome);
    await stage.ended();
    world.proxy.resume();
    await stage.up();
    const history = stage.host.ups(stage.first)[1] ?? null;
    assert.equal(history !== null, world.history);
    assert.equal(outcomes[0], "unknown");
    assert.deepEqual(stage.host.events, []);
    if (history === null) return;
    const arrived = stage.ownShown().slice(1);
    const own = ownOf(history);
    if (world.ownHistory === false) return assert.deepEqual(own, []);
    assert.deepEqual(own.map(({ wire }) => wire).slice(-arrived.length), arrived);
    for (const { id } of own) {
      assert.ok(!world.ids || world.shown(stage.first).some((shown) => shown.id === id));
    }
  }, { needs: ["dial"] });

  test("the history of each channel is its own", async (stage, world) => {
    await stage.up(stage.first, stage.second);
    await stage.stop();
    world.say(stage.second, "ada", "for the second");
    world.say(stage.first, "ada", "for the first");
    await stage.up(stage.first, stage.second);
    for (const [channel, text] of [[stage.first, "first"], [stage.second, "second"]] as const) {
      const history = stage.host.ups(channel)[1] ?? null;
      assert.equal(history !== null, world.history);
      if (history !== null) assert.deepEqual(others(history), [`for the ${text}`]);
    }
  }, { channels: (world) => world.channels });
}

function ownOf(history: History): readonly Extract<HistoryMessage, { own: true }>[] {
  return history.messages.flatMap((message) => message.own ? [message] : []);
}

function others(history: History): string[] {
  return history.messages.flatMap((message) => message.own ? [] : [textOf(message.event.text)]);
}
