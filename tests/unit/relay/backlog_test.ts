import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { Backlog } from "../../../src/relay/delivery/backlog.ts";
import { type AccountId, type ChannelId, endpointId } from "../../../src/relay/port/ids.ts";
import { plainText } from "../../../src/relay/port/rich_text.ts";
import type { Delivery, DeliveryId, RelayStore } from "../../../src/relay/port/store.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";

const origin = endpointId("a.one" as AccountId, "room" as ChannelId);
const target = endpointId("b.two" as AccountId, "#channel" as ChannelId);

/** A store that notes from where it was read. */
class World implements Disposable {
  readonly reads: (DeliveryId | null)[] = [];
  readonly #store = openRelayStore({ path: null, clock: systemClock, log: silentLogger });
  readonly backlog: Backlog;

  constructor() {
    const store = new Proxy(this.#store, {
      get: (all, name) => {
        if (name !== "waiting") return Reflect.get(all, name);
        return (...args: Parameters<RelayStore["waiting"]>) => {
          this.reads.push(args[1]);
          return all.waiting(...args);
        };
      },
    });
    this.backlog = new Backlog(store, target);
  }

  accept(...texts: readonly string[]): readonly Delivery[] {
    const deliveries = texts.map((text) => ({
      endpoint: target,
      outgoing: {
        kind: "message" as const,
        prefix: plainText(""),
        text: plainText(text),
        action: false,
        replyTo: null,
        sender: null,
      },
      source: null,
      gateway: "g",
      speaker: null,
    }));
    const stored = this.#store.accept(
      [{ origin, messageId: null, cursorAtMs: null, deliveries }],
      0,
    );
    return stored[0] ?? [];
  }

  /** The next deliveries leave. */
  ship(limit: number): string[] {
    const deliveries = this.backlog.first(limit);
    this.#store.ship(deliveries.map((one) => ({ endpoint: target, deliveries: [one], parts: [] })));
    this.backlog.left(deliveries);
    return deliveries.map((one) =>
      one.outgoing.kind === "message" ? one.outgoing.text[0]?.text ?? "" : ""
    );
  }

  [Symbol.dispose](): void {
    this.#store.close();
  }
}

Deno.test("Backlog reads what was stored before it, then nothing that it was given", () => {
  using world = new World();
  world.accept("1", "2");
  assert.deepEqual(world.ship(1), ["1"]);
  assert.deepEqual(world.ship(5), ["2"]);
  assert.deepEqual(world.ship(5), []);
  assert.equal(world.backlog.isEmpty, true);
  const reads = world.reads.length;
  world.backlog.add(world.accept("3", "4"));
  world.backlog.add(world.accept("5"));
  assert.deepEqual(world.ship(2), ["3", "4"]);
  assert.equal(world.backlog.isEmpty, false);
  assert.deepEqual(world.ship(2), ["5"]);
  assert.equal(world.backlog.isEmpty, true);
  assert.equal(world.reads.length, reads);
});

Deno.test("Backlog reads from behind what has left", () => {
  using world = new World();
  const [first, second] = world.accept("1", "2");
  world.ship(1);
  world.ship(1);
  world.ship(1);
  assert.deepEqual(world.reads, [null, first?.id, second?.id]);
});

Deno.test("Backlog keeps the order when it is given more than it remembers", () => {
  using world = new World();
  world.ship(1);
  const texts = Array.from({ length: 1_000 }, (_, n) => String(n));
  for (const text of texts) world.backlog.add(world.accept(text));
  const left: string[] = [];
  while (!world.backlog.isEmpty) left.push(...world.ship(7));
  assert.deepEqual(left, texts);
});

Deno.test("Backlog finds everything again after startAnew()", () => {
  using world = new World();
  world.ship(1);
  world.backlog.add(world.accept("1", "2"));
  world.backlog.startAnew();
  assert.deepEqual(world.ship(5), ["1", "2"]);
  assert.equal(world.reads.at(-1), null);
});
