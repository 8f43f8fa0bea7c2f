import assert from "node:assert/strict";
import { ActiveShipment, renderableAnew } from "../../../src/relay/delivery/shipment.ts";
import { NOTHING_TO_SAY, type Receipt } from "../../../src/relay/port/bridge.ts";
import { delivery, messageId, outgoing, shipment } from "./builders.ts";

const shown = (id: string | null = null): Receipt => ({
  outcome: "confirmed",
  id: id === null ? null : messageId(id),
});
const refused: Receipt = { outcome: "rejected", reason: "no" };
const unsent: Receipt = { outcome: "unsent", reason: "away" };
const unknown: Receipt = { outcome: "unknown", reason: "silence" };

/** A shipment that has just been made, not one that was read back. */
function fresh(wires: readonly string[], confirmed = 0) {
  return { ...shipment(1, wires, confirmed), doubtful: false };
}

Deno.test("ActiveShipment settles parts in their order, however the receipts come", () => {
  const active = new ActiveShipment(fresh(["a", "b", "c"]));
  assert.deepEqual(active.unsent(), [0, 1, 2]);
  assert.deepEqual(active.receive(2, shown("3")), []);
  assert.deepEqual([...active.shownAhead()], [[2, "3"]]);
  assert.deepEqual(active.receive(1, refused), []);
  assert.deepEqual(active.receive(0, shown("1")), [
    { kind: "part", shipment: 1, messageId: "1" },
    { kind: "refused", shipment: 1 },
    { kind: "part", shipment: 1, messageId: "3" },
  ]);
  assert.deepEqual(active.unsent(), []);
  assert.deepEqual([...active.shownAhead()], []);
  assert.deepEqual(active.shownIds(), ["1", "3"]);
  assert.deepEqual([0, 2, 3].map((index) => active.isSettled(index)), [true, true, false]);
});

const ENDS: readonly (readonly [receipts: readonly Receipt[], end: unknown])[] = [
  [[shown()], null],
  [[shown(), shown()], { kind: "done" }],
  [[shown(), refused], { kind: "rejected", reason: "no" }],
  [[refused, shown()], { kind: "rejected", reason: "no" }],
  [[refused, unsent], { kind: "open" }],
  [[unknown, shown()], { kind: "open" }],
];
for (const [receipts, end] of ENDS) {
  Deno.test(`ActiveShipment of two parts ends after ${receipts.map((one) => one.outcome)}`, () => {
    const active = new ActiveShipment(fresh(["a", "b"]));
    receipts.forEach((receipt, index) => active.receive(index, receipt));
    assert.deepEqual(active.end(), end);
  });
}

Deno.test("ActiveShipment that was read back knows what was seen through before", () => {
  const before = { ...shipment(1, ["a", "b", "c"], 1), refused: 1 };
  const active = new ActiveShipment(before, new Map([[2, messageId("3")]]));
  assert.deepEqual(active.unsent(), [1]);
  assert.deepEqual([0, 1, 2].map((index) => active.fate(index)), [
    "of no matter",
    "doubtful",
    { outcome: "confirmed", id: "3" },
  ]);
  assert.equal(active.isUnseen, false);
  assert.equal(active.untouched(), false);
  active.receive(1, shown());
  assert.deepEqual(active.end(), { kind: "rejected", reason: "a part of it was refused" });
});

Deno.test("ActiveShipment tells the fate of a part", () => {
  const active = new ActiveShipment(shipment(1, ["a", "b", "c", "d"], 2), new Map(), 1);
  active.receive(2, refused);
  assert.deepEqual([0, 1, 2, 3].map((index) => active.fate(index)), [
    "of no matter",
    "shown",
    "of no matter",
    "doubtful",
  ]);
});

Deno.test("ActiveShipment is older than an instant only as a whole, and only while something must be sent", () => {
  const at = (...times: number[]) => ({
    ...fresh(["a"]),
    deliveries: times.map((acceptedAtMs, index) =>
      delivery(index, outgoing("a"), { acceptedAtMs })
    ),
  });
  const isOlder = (...times: number[]) => new ActiveShipment(at(...times)).isOlderThan(10);
  assert.deepEqual([isOlder(9), isOlder(10), isOlder(9, 10), isOlder(8, 9)], [
    true,
    false,
    false,
    true,
  ]);
  assert.equal(isOlder(), false, "the relay's own count of what was dropped");
  const sent = new ActiveShipment(at(9));
  sent.receive(0, shown());
  assert.equal(sent.isOlderThan(10), false);
});

Deno.test("ActiveShipment has nothing to send when all of it was taken back, unless some was seen", () => {
  const of = (contents: readonly ReturnType<typeof delivery>["outgoing"][], wires = ["a"]) =>
    new ActiveShipment({
      ...shipment(1, wires),
      deliveries: contents.map((content, index) => delivery(index, content)),
    });
  const [said, gone] = [outgoing("a"), NOTHING_TO_SAY];
  assert.equal(of([gone, gone]).hasNothingToSend, true);
  assert.equal(of([gone, said]).hasNothingToSend, false);
  assert.equal(of([said]).hasNothingToSend, false);
  assert.equal(of([said], []).hasNothingToSend, true, "it could not be rendered");
  assert.equal(of([], []).hasNothingToSend, false, "an announcement");
  const seen = of([gone]);
  seen.receive(0, unknown);
  assert.equal(seen.hasNothingToSend, false);
});

Deno.test("ActiveShipment is untouched only when it certainly never left", () => {
  const after = (made: ReturnType<typeof fresh>, ...receipts: Receipt[]) => {
    const active = new ActiveShipment(made);
    receipts.forEach((receipt, index) => active.receive(index, receipt));
    return active.untouched();
  };
  assert.equal(after(fresh(["a", "b"]), unsent, unsent), true);
  assert.equal(after(fresh(["a", "b"]), unsent), false, "one part is still out");
  assert.equal(after(fresh(["a", "b"]), unsent, unknown), false);
  assert.equal(after(fresh(["a"], 1)), false);
  assert.equal(after({ ...fresh(["a"]), doubtful: true }, unsent), false);
});

Deno.test("renderableAnew() ends at the last one that must go as it is", () => {
  const old = () => new ActiveShipment(shipment(1, ["a"]));
  const young = new ActiveShipment({
    ...shipment(2, ["a"]),
    deliveries: [delivery(2, outgoing("a"), { acceptedAtMs: 10 })],
  });
  const seen = new ActiveShipment(shipment(3, ["a", "b"], 1));
  const [first, second] = [old(), old()];
  assert.deepEqual(renderableAnew([first, second], 10), [first, second]);
  assert.deepEqual(renderableAnew([first, young, second], 10), [second]);
  assert.deepEqual(renderableAnew([first, seen, second], 10), [second]);
  assert.deepEqual(renderableAnew([first, young], 10), []);
  const done = new ActiveShipment(shipment(4, ["a"], 1));
  assert.deepEqual(renderableAnew([first, done, second], 10), [first, second]);
});
