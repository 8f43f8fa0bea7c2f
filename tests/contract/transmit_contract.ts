import assert from "node:assert/strict";
import { FakeClock } from "../support/fake_clock.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { numbered, PREFIX } from "./stage.ts";
import type { World } from "./world.ts";

const both = { channels: (world: { channels: readonly string[] }) => world.channels };

/** Parts that arrive: their order and what is answered of them. */
export function transmitTests(test: ContractTest): void {
  test("a part is confirmed with the id under which it is shown", async (stage, world) => {
    await stage.up();
    const [receipt] = await stage.send("hello");
    assert.equal(receipt?.outcome, "confirmed");
    const [shown] = world.shown(stage.first).filter(({ own }) => own);
    assert.equal(shown?.text, stage.part("hello").wire);
    assert.equal(
      receipt?.outcome === "confirmed" ? receipt.id : "",
      receiptIds(world) ? shown?.id : null,
    );
  });

  test("300 parts at once arrive in the order of the calls", async (stage, world) => {
    await stage.up();
    const parts = numbered("wide", 300).map((text) => stage.part(text));
    const receipts = await Promise.all(parts.map((part) => stage.transmit(part)));
    assert.deepEqual(stage.ownShown(), parts.map(({ wire }) => wire));
    const ids = receipts.map((receipt) =>
      receipt.outcome === "confirmed" ? receipt.id : assert.fail(JSON.stringify(receipt))
    );
    const shown = world.shown(stage.first).map(({ id }) => id);
    assert.deepEqual(ids, receiptIds(world) ? shown : ids.map(() => null));
  });

  test("equal texts are confirmed each by its own showing", async (stage, world) => {
    await stage.up();
    const part = stage.part("again");
    const receipts = await Promise.all([1, 2, 3, 4, 5].map(() => stage.transmit(part)));
    const ids = receipts.map((receipt) => receipt.outcome === "confirmed" ? receipt.id : "none");
    const shown = world.shown(stage.first).map(({ id }) => id);
    assert.deepEqual(ids, receiptIds(world) ? shown : [null, null, null, null, null]);
    assert.deepEqual(stage.ownShown(), [1, 2, 3, 4, 5].map(() => part.wire));
  });

  test("two channels of one account each keep their order", async (stage) => {
    await stage.up(stage.first, stage.second);
    const open = numbered("n", 60).flatMap((text) =>
      [stage.first, stage.second].map((channel) => stage.send(`${text} ${channel}`, channel))
    );
    for (const [receipt] of await Promise.all(open)) assert.equal(receipt?.outcome, "confirmed");
    for (const channel of [stage.first, stage.second]) {
      const wires = numbered("n", 60).map((text) => stage.part(`${text} ${channel}`, channel).wire);
      assert.deepEqual(stage.ownShown(channel), wires);
    }
  }, both);

  test("a part handed over inside the call that tells channelUp is sent", async (stage, world) => {
    const outcome = new Promise<string>((resolve) => {
      stage.host.onTold = ({ kind }) => {
        if (kind !== "up") return;
        stage.transmit(stage.part("first thing")).then((receipt) => resolve(receipt.outcome));
      };
    });
    await stage.up();
    assert.equal(await outcome, "confirmed");
    assert.equal(world.shown(stage.first).filter(({ own }) => own).length, 1);
  });

  test("a part as it was stored is sent by the next connection", async (stage) => {
    await stage.up();
    const stored = JSON.stringify(stage.part("kept over a restart"));
    await stage.stop();
    await stage.up();
    assert.equal((await stage.transmit(JSON.parse(stored))).outcome, "confirmed");
    assert.deepEqual(stage.ownShown(), [JSON.parse(stored).wire]);
  });

  test("a service that reads slowly gets everything, once and in order", async (stage, world) => {
    await stage.up();
    world.proxy.stall();
    const parts = numbered("slow", 200).map((text) => stage.part(text));
    const open = parts.map((part) => stage.transmit(part));
    world.say(stage.first, "ada", "meanwhile");
    world.proxy.throttle(200_000);
    world.proxy.resume();
    for (const receipt of await Promise.all(open)) assert.equal(receipt.outcome, "confirmed");
    assert.deepEqual(stage.ownShown(), parts.map(({ wire }) => wire));
    await stage.host.waitForTexts(stage.first, 1);
  });

  test("10,000 characters arrive whole and in order", async (stage, world) => {
    await stage.up();
    const text = numbered("word", 1_200).join(" ");
    const parts = stage.parts(text);
    const receipts = await Promise.all(parts.map((part) => stage.transmit(part)));
    for (const receipt of receipts) assert.equal(receipt.outcome, "confirmed");
    assert.deepEqual(stage.ownShown(), parts.map(({ wire }) => wire));
    const read = parts.map((part) => world.read(part).slice(PREFIX.length).trim()).join(" ");
    assert.equal(read, text);
  });

  test("a message of ours is taken back where the service can", async (stage, world) => {
    await stage.up();
    const [receipt] = await stage.send("a mistake");
    const id = receipt?.outcome === "confirmed" ? receipt.id : null;
    if (id === null || !world.bridge.capabilities.deletions) return;
    const parts = world.bridge.render(stage.first, { kind: "deletion", target: id });
    assert.equal(parts.length, 1);
    for (const part of parts) {
      assert.equal(part.target, id);
      assert.equal((await stage.transmit(part)).outcome, "confirmed");
    }
    assert.equal((await stage.send("better"))[0]?.outcome, "confirmed");
    assert.deepEqual(stage.host.events, [], "our own doing is no event");
  });

  test("capabilities are sane before, during and after a run", async (stage, world) => {
    const sane = () => {
      const { window, packing, history } = world.bridge.capabilities;
      assert.ok(Number.isInteger(window) && window >= 1);
      assert.ok(packing === undefined || packing.maxLength > packing.separator.length);
      assert.match(history, /^(full|bounded|none)$/);
    };
    sane();
    await stage.up();
    sane();
    if (world.history) assert.notEqual(world.bridge.capabilities.history, "none");
    await stage.stop();
    sane();
  });

  const idle = new FakeClock(Date.now());
  test("an idle connection measures its round trip and stays", async (stage) => {
    await stage.up();
    for (let round = 0; round < 30; round++) {
      const before = stage.host.latencies.length;
      await idle.advance(30_000);
      if (round % 3 === 2) await stage.host.waitFor(() => stage.host.latencies.length > 0, "one");
      if (stage.host.latencies.length === before) await stage.send(`round ${round}`);
    }
    assert.deepEqual(stage.ends, []);
    assert.equal((await stage.send("still here"))[0]?.outcome, "confirmed");
  }, { needs: ["dial"], clock: idle });

  test("an answer refers to the message it answers and is confirmed", async (stage, world) => {
    await stage.up();
    world.say(stage.first, "ada", "a question");
    await stage.host.waitForTexts(stage.first, 1);
    const replyTo = stage.host.messages(stage.first)[0]?.id ?? null;
    const parts = stage.parts("an answer", stage.first, { replyTo });
    assert.equal(parts[0]?.target ?? null, replyTo);
    for (const part of parts) assert.equal((await stage.transmit(part)).outcome, "confirmed");
  });

  test("an action is shown with its text", async (stage, world) => {
    await stage.up();
    const parts = stage.parts("waves a hand", stage.first, { action: true });
    assert.equal(parts.length, 1);
    for (const part of parts) {
      assert.match(world.read(part), /waves a hand/);
      assert.equal((await stage.transmit(part)).outcome, "confirmed");
    }
    assert.deepEqual(stage.ownShown(), parts.map(({ wire }) => wire));
  });

  test("a topic is set, or has no part where there are no topics", async (stage, world) => {
    await stage.up();
    const parts = world.bridge.render(stage.first, { kind: "topic", topic: "tonight\r\nQUIT" });
    for (const part of parts) {
      assert.equal(part.kind, "topic");
      assert.match((await stage.transmit(part)).outcome, /^(confirmed|rejected)$/);
    }
    assert.equal((await stage.send("still here"))[0]?.outcome, "confirmed");
  });
}

/** The service names the bridge's own messages. */
function receiptIds({ ids, receiptIds }: World): boolean {
  return receiptIds ?? ids;
}
