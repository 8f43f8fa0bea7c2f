import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { ChatCommands } from "../../../src/relay/intake/chat_commands.ts";
import type { RelayPlan } from "../../../src/relay/plan.ts";
import type { EndpointId } from "../../../src/relay/port/ids.ts";
import { noObserver } from "../../../src/relay/port/observer.ts";
import type { GatewayEndpoint } from "../../../src/relay/port/settings.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { channelId, message, place, settings } from "./builders.ts";
import { MemoryBridge } from "./memory_bridge.ts";

/** A running relay between memory services, whose plan tests change. */
class Bench implements AsyncDisposable {
  readonly log = new LogRecorder();
  readonly left = new MemoryBridge("memory.left");
  readonly right = new MemoryBridge("memory.right");
  readonly store = openRelayStore({ path: null, clock: systemClock, log: this.log });
  readonly relay: Relay;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    this.relay = new Relay({
      ...this.plan([this.left, this.right], [
        place("memory.left", "#a"),
        place("memory.right", "#a"),
      ]),
      store: this.store,
      keepLinksMs: 3_600_000,
      clock: systemClock,
      random: () => 0,
      log: this.log,
      observer: noObserver,
    });
    this.#running = this.relay.run(this.#stop.signal);
  }

  plan(bridges: readonly MemoryBridge[], endpoints: readonly GatewayEndpoint[]): RelayPlan {
    return {
      gateways: [{ name: "g", endpoints }],
      accounts: bridges.map((bridge) => ({ bridge, settings: settings() })),
      commands: new ChatCommands({
        prefix: "",
        commands: [],
        mayUse: () => false,
        clock: systemClock,
      }),
      outbox: { maxAgeMs: 3_600_000, maxMessages: 100 },
      catchUp: { maxMessages: 100, maxAgeMs: 3_600_000 },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.store.close();
  }
}

const CHANNEL = channelId("#a");
const RIGHT = "memory.right #a" as EndpointId;

Deno.test("Relay.apply() sees through what is under way to a destination that goes", async () => {
  await using bench = new Bench();
  const { left, right, relay, store } = bench;
  right.fate = () => "hold";
  left.emit(message("one"));
  await right.changes.until(() => right.shown.get(CHANNEL)?.length === 1, "the part that is held");
  const applying = relay.apply(bench.plan([left, right], [place("memory.left", "#a"), {
    ...place("memory.right", "#a"),
    direction: "in",
  }]));
  right.confirmHeld();
  assert.deepEqual((await applying).retired, [RIGHT]);
  assert.deepEqual(store.underWay(RIGHT), []);
  left.emit(message("two"));
  await relay.handled();
  assert.equal(store.level(RIGHT).waiting, 0);
  assert.equal(left.runs + right.runs, 2);
});

Deno.test("Relay.apply() keeps in the store what waits for a destination that goes, and delivers it when it is back", async () => {
  await using bench = new Bench();
  const { left, right, relay, store } = bench;
  const both = [place("memory.left", "#a"), place("memory.right", "#a")];
  right.host?.channelDown(CHANNEL, { reason: "away", mend: "wait" });
  left.emit(message("one"));
  await relay.handled();
  assert.equal(store.level(RIGHT).waiting, 1);
  const other = new MemoryBridge("memory.other");
  await relay.apply(
    bench.plan([left, other], [place("memory.left", "#a"), place("memory.other", "#a")]),
  );
  assert.equal(store.level(RIGHT).waiting, 1);
  await relay.apply(bench.plan([left, right], both));
  await right.changes.until(() => right.shown.get(CHANNEL)?.length === 1, "the message");
  assert.equal(left.runs, 1);
  assert.equal(right.runs, 2);
});

Deno.test("Relay.apply() sends what was read before it by the old plan", async () => {
  await using bench = new Bench();
  const { left, right, relay } = bench;
  left.emit(message("before"));
  const applying = relay.apply(bench.plan([left, right], [
    { ...place("memory.left", "#a"), direction: "out" },
    place("memory.right", "#a"),
  ]));
  await applying;
  left.emit(message("after"));
  await relay.handled();
  await right.changes.until(() => right.shown.get(CHANNEL)?.length === 1, "the message");
  assert.equal(right.texts().length, 1);
  assert.match(right.texts()[0] ?? "", /before/);
});

Deno.test("Relay.apply() tells a new destination that its channel is up already", async () => {
  await using bench = new Bench();
  const { left, right, relay } = bench;
  const readOnly = { ...place("memory.right", "#a"), direction: "in" as const };
  await relay.apply(bench.plan([left, right], [place("memory.left", "#a"), readOnly]));
  await relay.apply(
    bench.plan([left, right], [place("memory.left", "#a"), place("memory.right", "#a")]),
  );
  left.emit(message("hello"));
  await right.changes.until(() => right.shown.get(CHANNEL)?.length === 1, "the message");
  assert.equal(right.runs, 1);
});

Deno.test("Relay.apply() fails when the relay does not run", async () => {
  const bench = new Bench();
  await bench[Symbol.asyncDispose]();
  await assert.rejects(bench.relay.apply(bench.plan([bench.left], [])), /stopping/);
});
