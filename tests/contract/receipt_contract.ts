import assert from "node:assert/strict";
import type { Receipt } from "../../src/relay/port/bridge.ts";
import type { ChannelId } from "../../src/relay/port/ids.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { countedStopper } from "./counted_signal.ts";
import { numbered } from "./stage.ts";

/** Parts that do not arrive, or of which nobody knows. */
export function receiptTests(test: ContractTest): void {
  test("a part is unsent before the first run and after the last", async (stage) => {
    await stage.up();
    const part = stage.part("nobody hears");
    await stage.stop();
    assert.equal((await stage.transmit(part)).outcome, "unsent");
    assert.deepEqual(stage.ownShown(), []);
  });

  test("a part is unsent while the login has not ended", async (stage, world) => {
    await stage.up();
    const part = stage.part("too early");
    await stage.stop();
    world.holdLogin();
    void stage.run();
    await world.until(() => world.isLoginHeld(), "the login");
    assert.equal((await stage.transmit(part)).outcome, "unsent");
  }, { needs: ["dial"] });

  test("a part is unsent inside the call that tells linkUp", async (stage) => {
    await stage.up();
    const part = stage.part("too early");
    await stage.stop();
    const early: Promise<Receipt>[] = [];
    stage.host.onTold = ({ kind }) => {
      if (kind === "linkUp") early.push(stage.transmit(part));
    };
    await stage.up();
    assert.equal((await early[0])?.outcome, "unsent");
    assert.equal((await stage.send("in time"))[0]?.outcome, "confirmed");
    assert.deepEqual(stage.ownShown(), [stage.part("in time").wire]);
  });

  test("a part for a channel that is not up is unsent", async (stage) => {
    await stage.up();
    await stage.host.waitFor(() => stage.host.downs(stage.closed).length > 0, "the refusal");
    const part = stage.part("to a closed door");
    assert.equal((await stage.transmit(part, stage.closed)).outcome, "unsent");
    assert.equal((await stage.transmit(part, stage.second)).outcome, "unsent");
    assert.equal((await stage.transmit(part, "no such channel" as ChannelId)).outcome, "unsent");
    assert.equal((await stage.send("open"))[0]?.outcome, "confirmed");
    assert.deepEqual(stage.ownShown(stage.second), []);
  }, { needs: ["entry"], channels: (world) => [world.channels[0], world.closedChannel] });

  test("a part that the service refuses is rejected, the next is not", async (stage, world) => {
    await stage.up();
    world.refuseMessages(true);
    const [receipt] = await stage.send("refused");
    assert.equal(receipt?.outcome, "rejected");
    assert.ok(receipt?.outcome === "rejected" && receipt.reason !== "");
    world.refuseMessages(false);
    assert.equal((await stage.send("taken"))[0]?.outcome, "confirmed");
    assert.deepEqual(stage.ownShown(), [stage.part("taken").wire]);
  }, { needs: ["refusal"] });

  for (const direction of ["toServer", "toClient", "both"] as const) {
    test(
      `every open call resolves when the link ends (stalled ${direction})`,
      async (stage, world) => {
        await stage.up();
        const parts = numbered("open", 100).map((text) => stage.part(text));
        world.proxy.stall(direction);
        const open = parts.map((part) => stage.transmit(part));
        if (direction === "toClient") {
          await world.until(() => stage.ownShown().length > 0, "one to arrive");
        }
        world.proxy.cut();
        assert.equal((await stage.ended()).kind, "lost");
        agrees(await Promise.all(open), parts.map(({ wire }) => wire), stage.ownShown());
        assert.equal((await stage.transmit(stage.part("later"))).outcome, "unsent");
      },
      { needs: ["dial"] },
    );
  }

  test("a signal that is aborted before the call: unsent, nothing shown", async (stage) => {
    await stage.up();
    const stopped = AbortSignal.abort();
    assert.equal((await stage.transmit(stage.part("a"), stage.first, stopped)).outcome, "unsent");
    assert.equal((await stage.send("b"))[0]?.outcome, "confirmed");
    assert.deepEqual(stage.ownShown(), [stage.part("b").wire]);
  });

  test("an abort gives up only what has not left", async (stage) => {
    await stage.up();
    const giveUp = new AbortController();
    const parts = numbered("paced", 12).map((text) => stage.part(text));
    const open = parts.map((part) => stage.transmit(part, stage.first, giveUp.signal));
    assert.equal((await open[0])?.outcome, "confirmed");
    giveUp.abort();
    const receipts = await Promise.all(open);
    agrees(receipts, parts.map(({ wire }) => wire), stage.ownShown());
    assert.ok(receipts.some(({ outcome }) => outcome === "unsent"));
    for (const { outcome } of receipts) assert.match(outcome, /^(confirmed|unsent)$/);
  }, { needs: ["pace"], messageDelayMs: 600_000, burst: 4 });

  test("an abort of what has left changes nothing", async (stage, world) => {
    await stage.up();
    const { stopper, listeners } = countedStopper();
    world.proxy.stall("toClient");
    const open = stage.transmit(stage.part("left"), stage.first, stopper.signal);
    await world.until(() => stage.ownShown().length === 1, "it to arrive");
    stopper.abort();
    world.proxy.resume();
    assert.equal((await open).outcome, "confirmed");
    const { stopper: other, listeners: left } = countedStopper();
    await stage.transmit(stage.part("more"), stage.first, other.signal);
    assert.equal(left(), 0);
    assert.ok(listeners() <= 1);
  }, { needs: ["dial"] });

  test("given up parts in the middle leave the others in order", async (stage) => {
    await stage.up();
    const giveUp = new AbortController();
    const texts = numbered("some", 8);
    const first = await stage.send("before");
    assert.equal(first[0]?.outcome, "confirmed");
    const open = texts.map((text, index) =>
      stage.transmit(stage.part(text), stage.first, index % 2 ? giveUp.signal : never())
    );
    giveUp.abort();
    const receipts = await Promise.all(open);
    const kept = texts.filter((_, index) => receipts[index]?.outcome === "confirmed");
    assert.deepEqual(stage.ownShown().slice(1), kept.map((text) => stage.part(text).wire));
    receipts.forEach(({ outcome }, index) => {
      if (index % 2 === 0) assert.equal(outcome, "confirmed");
    });
  }, { messageDelayMs: 30, burst: 1 });
}

function never(): AbortSignal {
  return new AbortController().signal;
}

/**
 * The receipts fit what the service shows: in order, what is confirmed is there, what is unsent is not, and nothing
 * left after the first that did not.
 */
function agrees(
  receipts: readonly Receipt[],
  wires: readonly string[],
  shown: readonly string[],
): void {
  assert.deepEqual(shown, wires.slice(0, shown.length), "a start of what was sent");
  const outcomes = receipts.map(({ outcome }) => outcome);
  const firstUnsent = outcomes.indexOf("unsent");
  if (firstUnsent >= 0) {
    assert.ok(outcomes.slice(firstUnsent).every((outcome) => outcome === "unsent"), "one gap");
    assert.ok(shown.length <= firstUnsent, "what is unsent is not shown");
  }
  assert.ok(outcomes.lastIndexOf("confirmed") < shown.length, "what is confirmed is shown");
  assert.ok(!outcomes.includes("rejected"));
}
