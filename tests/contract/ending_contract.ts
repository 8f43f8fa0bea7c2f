import assert from "node:assert/strict";
import { FakeClock } from "../support/fake_clock.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { numbered } from "./stage.ts";

/** Ends of a connection that nobody asked for. */
export function endingTests(test: ContractTest): void {
  test("nobody listening: lost", async (stage, world) => {
    await world.proxy.refuse();
    assert.equal((await stage.run()).kind, "lost");
    assert.deepEqual(stage.host.told, []);
  });

  for (const how of ["rst", "fin"] as const) {
    test(`a connection cut in use (${how}): lost`, async (stage, world) => {
      await stage.up();
      world.proxy.cut(how);
      assert.equal((await stage.ended()).kind, "lost");
    });
  }

  test("a connection cut while logging in: lost", async (stage, world) => {
    world.holdLogin();
    void stage.run();
    await world.until(() => world.isLoginHeld(), "the login");
    world.proxy.cut();
    assert.equal((await stage.ended()).kind, "lost");
  });

  test("a connection cut inside the call that tells linkUp: lost", async (stage, world) => {
    stage.host.onTold = ({ kind }) => {
      if (kind === "linkUp") world.proxy.cut();
    };
    assert.equal((await stage.run()).kind, "lost");
  });

  for (const how of ["abort", "cut"] as const) {
    test(
      `${how} at any point of the way up ends the run, and the next is up`,
      async (stage, world) => {
        let whole = 0;
        // A later visit is the measure: a bridge may have learned something at the first.
        for (let visit = 0; visit < 3; visit++) {
          const before = world.proxy.counts.bytesToClient;
          await stage.up();
          whole = world.proxy.counts.bytesToClient - before;
          await stage.stop();
          await stage.connectionGone();
        }
        for (let step = 0; step < 16; step++) {
          const from = world.proxy.counts.bytesToClient;
          const enough = Math.floor(whole * step / 18);
          void stage.run();
          await world.proxy.waitFor(
            ({ bytesToClient, open }) => open > 0 && bytesToClient >= from + enough,
            `${enough} bytes`,
          );
          if (how === "abort") stage.abort();
          else world.proxy.cut(step % 2 === 0 ? "rst" : "fin");
          assert.equal((await stage.ended()).kind, how === "abort" ? "stopped" : "lost");
          await stage.connectionGone();
        }
        await stage.up();
        assert.equal((await stage.send("after all"))[0]?.outcome, "confirmed");
      },
    );
  }

  test("a service that restarts: lost, and the next run is up again", async (stage, world) => {
    await stage.up();
    await world.restart();
    assert.equal((await stage.ended()).kind, "lost");
    await stage.up();
    assert.equal((await stage.send("after the restart"))[0]?.outcome, "confirmed");
  });

  const silence = new FakeClock(Date.now());
  test("a connection that falls silent: lost within 3 minutes", async (stage, world) => {
    await stage.up();
    world.proxy.stall();
    const fromMs = silence.monotonic();
    while (stage.ends.length === 0 && silence.monotonic() - fromMs < 180_000) {
      await silence.advance(5_000);
    }
    assert.equal((await stage.ended()).kind, "lost");
    assert.deepEqual(silence.sleeps, []);
  }, { clock: silence });

  const held = new FakeClock(Date.now());
  test("a login that is never finished: lost within 3 minutes", async (stage, world) => {
    world.holdLogin();
    void stage.run();
    await world.until(() => world.isLoginHeld(), "the login");
    const fromMs = held.monotonic();
    while (stage.ends.length === 0 && held.monotonic() - fromMs < 180_000) {
      await held.advance(5_000);
    }
    assert.equal((await stage.ended()).kind, "lost");
    assert.deepEqual(held.sleeps, []);
  }, { clock: held });

  test("a refused login: refused, not to be tried again soon", async (stage, world) => {
    world.refuseLogin();
    const end = await stage.run();
    assert.equal(end.kind, "refused");
    assert.ok((end.retryAfterMs ?? 0) >= 60_000);
    assert.deepEqual(stage.host.told, []);
  });

  test("a service that says we come too often: throttled, with a wait", async (stage, world) => {
    world.throttle();
    const end = await stage.run();
    assert.equal(end.kind, "throttled");
    assert.ok((end.retryAfterMs ?? 0) >= 1_000);
  });

  test("five runs one after the other: each thing said is one event", async (stage, world) => {
    const said: string[] = [];
    for (const round of [0, 1, 2, 3, 4]) {
      await stage.up();
      for (const text of numbered(`round ${round}`, 3)) {
        world.say(stage.first, "ada", text);
        said.push(text);
      }
      assert.equal((await stage.send(`ours ${round}`))[0]?.outcome, "confirmed");
      await stage.host.waitForTexts(stage.first, said.length);
      if (round % 2 === 0) world.proxy.cut(round === 0 ? "rst" : "fin");
      else stage.abort();
      await stage.ended();
      await stage.connectionGone();
    }
    assert.deepEqual(stage.host.texts(stage.first), said);
    assert.equal(stage.ownShown().length, 5);
  });
}
