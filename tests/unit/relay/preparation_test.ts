import assert from "node:assert/strict";
import { type Pack, Preparation } from "../../../src/relay/delivery/backlog.ts";
import type { Outgoing } from "../../../src/relay/port/bridge.ts";
import { textOf } from "../../../src/relay/port/rich_text.ts";
import type { Delivery } from "../../../src/relay/port/store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { channelId, delivery, outgoing } from "./builders.ts";
import { MemoryBridge } from "./memory_bridge.ts";

/** A preparation whose work on messages with a "?" is ended by the test. */
class Bench {
  readonly clock = new FakeClock();
  readonly log = new LogRecorder();
  readonly works: PromiseWithResolvers<Outgoing>[] = [];
  readonly session = new AbortController();
  readonly preparation: Preparation;
  /** How often it said that something is ready. */
  told = 0;
  #telling = Promise.withResolvers<void>();

  constructor() {
    const bridge = Object.assign(new MemoryBridge("memory.b"), {
      prepare: (_channel: unknown, message: Outgoing) =>
        message.kind === "message" && textOf(message.text).includes("?")
          ? () => {
            const work = Promise.withResolvers<Outgoing>();
            this.works.push(work);
            return work.promise;
          }
          : null,
    });
    this.preparation = new Preparation({
      bridge,
      channel: channelId("#b"),
      clock: this.clock,
      log: this.log,
      done: () => {
        this.told++;
        this.#telling.resolve();
        this.#telling = Promise.withResolvers();
      },
    });
  }

  take(...waiting: readonly Delivery[]): string | null {
    const [first] = waiting;
    if (first === undefined) throw new Error("Cannot take: nothing waits");
    const pack: Pack = { deliveries: [first], outgoing: first.outgoing };
    const taken = this.preparation.take(pack, waiting, this.session.signal);
    return taken?.outgoing.kind === "message" ? textOf(taken.outgoing.text) : null;
  }

  nextTold(): Promise<void> {
    return this.#telling.promise;
  }
}

const one = delivery(1, outgoing("one?"));
const two = delivery(2, outgoing("two"));
const three = delivery(3, outgoing("three?"));

Deno.test("Preparation lets pass at once what needs none", () => {
  const bench = new Bench();
  assert.equal(bench.take(two), "two");
  assert.equal(bench.told, 0);
});

Deno.test("Preparation lets nothing overtake what is being made ready", async () => {
  const bench = new Bench();
  assert.equal(bench.take(one, two), null);
  assert.equal(bench.take(one, two), null);
  assert.equal(bench.works.length, 1);
  const told = bench.nextTold();
  bench.works[0]?.resolve(outgoing("ONE"));
  await told;
  assert.equal(bench.take(one, two), "ONE");
  assert.equal(bench.take(two), "two");
});

Deno.test("Preparation gives the message as it stands when the work fails or takes too long", async () => {
  const bench = new Bench();
  assert.equal(bench.take(one), null);
  const failed = bench.nextTold();
  bench.works[0]?.reject(new Error("no such picture"));
  await failed;
  assert.equal(bench.take(one), "one?");
  assert.equal(bench.take(three), null);
  const late = bench.nextTold();
  await bench.clock.advance(15_001);
  await late;
  assert.equal(bench.take(three), "three?");
  const lines = bench.log.texts("warn");
  assert.equal(lines.filter((text) => text.includes("goes out as it stands")).length, 2);
});

Deno.test("Preparation forgets what a lost channel or a full outbox overtook", async () => {
  const bench = new Bench();
  assert.equal(bench.take(one), null);
  const told = bench.nextTold();
  bench.works[0]?.resolve(outgoing("ONE"));
  await told;
  assert.equal(bench.take(three), null, "the first was dropped meanwhile: the third is new");
  const aborted = bench.nextTold();
  bench.session.abort();
  await aborted;
  assert.equal(bench.log.records.length, 0);
});
