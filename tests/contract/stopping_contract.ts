import assert from "node:assert/strict";
import { FakeClock } from "../support/fake_clock.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { countedStopper } from "./counted_signal.ts";
import { numbered } from "./stage.ts";

const STOP_MS = 2_000;

/** Aborting the signal of `runOnce`. */
export function stoppingTests(test: ContractTest): void {
  test("an abort before the dial ends it as stopped, without a dial", async (stage, world) => {
    const stopper = new AbortController();
    stopper.abort();
    assert.equal((await stage.run(stopper)).kind, "stopped");
    assert.equal(world.proxy.counts.accepted, 0);
    assert.deepEqual(stage.host.told, []);
  });

  test("an abort during the dial ends it as stopped", async (stage, world) => {
    world.proxy.stall();
    void stage.run();
    await world.proxy.waitFor(({ accepted }) => accepted === 1, "the dial");
    stage.abort();
    assert.equal((await stage.ended(STOP_MS)).kind, "stopped");
    world.proxy.resume();
    await stage.connectionGone();
    assert.deepEqual(stage.host.told, []);
  }, { needs: ["dial"] });

  test("an abort while logging in ends it as stopped", async (stage, world) => {
    world.holdLogin();
    void stage.run();
    await world.until(() => world.isLoginHeld(), "the login");
    stage.abort();
    assert.equal((await stage.ended(STOP_MS)).kind, "stopped");
    await stage.connectionGone();
    assert.deepEqual(stage.host.told, []);
  }, { needs: ["dial"] });

  for (const moment of ["linkUp", "up"] as const) {
    test(`an abort inside the call that tells ${moment} ends it as stopped`, async (stage) => {
      stage.host.onTold = ({ kind }) => {
        if (kind === moment) stage.abort();
      };
      assert.equal((await stage.run()).kind, "stopped");
      await stage.connectionGone();
    });
  }

  test("an abort when up says goodbye and ends it as stopped", async (stage, world) => {
    await stage.up();
    stage.abort();
    assert.equal((await stage.ended(STOP_MS)).kind, "stopped");
    await world.until(() => world.goodbyes() === 1, "the goodbye");
    await stage.connectionGone();
  }, { needs: ["dial"] });

  const stalled = new FakeClock(Date.now());
  test("an abort ends it within 2 s when the service has fallen silent", async (stage, world) => {
    await stage.up();
    world.proxy.stall();
    const open = numbered("open", 3).map((text) => stage.transmit(stage.part(text)));
    stage.abort();
    await stalled.advance(STOP_MS);
    assert.equal((await stage.ended()).kind, "stopped");
    for (const receipt of await Promise.all(open)) {
      assert.match(receipt.outcome, /^(unsent|unknown)$/);
    }
    world.proxy.resume();
    await stage.connectionGone();
    assert.deepEqual(stalled.sleeps, []);
  }, { needs: ["dial"], clock: stalled });

  test("an abort resolves every open call by what the service shows", async (stage) => {
    await stage.up();
    const texts = numbered("last words", 40);
    const open = texts.map((text) => stage.transmit(stage.part(text)));
    await stage.stop();
    const receipts = await Promise.all(open);
    const shown = stage.ownShown();
    texts.forEach((text, index) => {
      const there = shown.includes(stage.part(text).wire);
      const { outcome } = receipts[index] ?? assert.fail("no receipt");
      assert.notEqual(outcome, "rejected");
      if (outcome !== "unknown") {
        assert.equal(there, outcome === "confirmed", `${text}: ${outcome}`);
      }
    });
  });

  const idle = new FakeClock(Date.now());
  test("no timer and no listener on the signal is left after a stop", async (stage, world) => {
    const { stopper, listeners } = countedStopper();
    void stage.run(stopper);
    await stage.host.waitUp(stage.first);
    assert.ok(listeners() > 0);
    world.proxy.cut();
    await stage.ended();
    assert.equal(listeners(), 0);
    assert.deepEqual(idle.sleeps, []);
  }, { needs: ["dial"], clock: idle });
}
