import assert from "node:assert/strict";
import { FakeClock } from "../support/fake_clock.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { numbered } from "./stage.ts";

/** Channels: their names, entering them, being put out. */
export function channelTests(test: ContractTest): void {
  test(
    "channelId() knows one spelling of a channel, and its own answer",
    (stage, { bridge, spellings }) => {
      for (const written of spellings) {
        assert.equal(
          bridge.channelId(written),
          stage.first,
          written,
        );
      }
      assert.equal(bridge.channelId(stage.first), stage.first);
      assert.notEqual(stage.first, stage.second);
      return Promise.resolve();
    },
  );

  test("channelId() refuses in one sentence what can't be a channel", (_stage, world) => {
    for (const written of world.noChannels) {
      // deno-lint-ignore no-control-regex
      const sentence = /^Cannot use [^\x00-\x1f]*$/;
      assert.throws(() => world.bridge.channelId(written), { message: sentence });
    }
    return Promise.resolve();
  });

  test("channelId() answers the same before, during and after a run", async (stage, world) => {
    await stage.up();
    const during = world.spellings.map((written) => world.bridge.channelId(written));
    await stage.stop();
    assert.deepEqual(during, world.spellings.map(() => stage.first));
  });

  test("linkUp comes first, then channelUp, once each", async (stage) => {
    await stage.up(stage.first, stage.second);
    const kinds = stage.host.told.map(({ kind }) => kind);
    assert.deepEqual(kinds, ["linkUp", "up", "up"]);
  }, { channels: (world) => world.channels });

  test("the account without channels stays up and stops", async (stage) => {
    void stage.run();
    await stage.host.waitFor(() => stage.host.self, "linkUp");
    assert.equal((await stage.stop())?.kind, "stopped");
  }, { channels: () => [] });

  const patient = new FakeClock(Date.now());
  test("a channel that can't be entered is told once; the other goes on", async (stage, world) => {
    await stage.up();
    await stage.host.waitFor(() => stage.host.downs(stage.closed).length > 0, "the refusal");
    let rounds = 0;
    while (world.entries(stage.closed) < 3 && rounds < 200) {
      await patient.advance(10_000);
      // The answer shows that all the service had to say was read, and that the other channel works.
      world.say(stage.first, "ada", `round ${rounds++}`);
      await stage.host.waitForTexts(stage.first, rounds);
    }
    assert.ok(world.entries(stage.closed) >= 3, "it goes on trying");
    const [down, ...more] = stage.host.downs(stage.closed);
    assert.equal(down?.mend, "person");
    assert.deepEqual(more, []);
    assert.deepEqual(stage.host.ups(stage.closed), []);
    assert.deepEqual(stage.host.texts(stage.first), numbered("round", rounds));
    assert.equal((await stage.send("still here"))[0]?.outcome, "confirmed");
  }, {
    needs: ["entry"],
    clock: patient,
    channels: (world) => [world.closedChannel, world.channels[0]],
  });

  const back = new FakeClock(Date.now());
  test("a channel that we were put out of is entered again", async (stage, world) => {
    await stage.up();
    world.throwOut(stage.first);
    const during = stage.transmit(stage.part("during"));
    for (let round = 0; stage.host.ups(stage.first).length < 2 && round < 120; round++) {
      await back.advance(1_000);
      await realMoment();
    }
    await stage.host.waitUp(stage.first, 2);
    assert.equal(stage.host.downs(stage.first).length, 1);
    assert.equal(stage.host.downs(stage.first)[0]?.mend, "wait");
    assert.match((await during).outcome, /^(unsent|unknown)$/, "it may be sent again");
    assert.equal((await stage.send("back"))[0]?.outcome, "confirmed");
    world.say(stage.first, "ada", "welcome back");
    await stage.host.waitForTexts(stage.first, 1);
  }, { needs: ["entry"], clock: back });
}

/** The clock is the test's, the sockets are not: they get their turn. */
function realMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
