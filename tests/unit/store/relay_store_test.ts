import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import {
  acceptance,
  endpoint,
  id,
  partsOf,
  RecordingLogger,
  TurnedClock,
} from "./relay_store_support.ts";

const kosmi = endpoint("kosmi.a", "main");
const irc = endpoint("irc.b", "#c");

Deno.test("openRelayStore() carries a message from acceptance to its link", () => {
  const store = openRelayStore({ path: null, clock: systemClock, log: silentLogger });
  const [deliveries] = store.accept([acceptance({ origin: kosmi, id: "m1", to: [irc] })], 1_000);
  assert.equal(deliveries?.length, 1);
  assert.deepEqual(store.traces({ endpoint: kosmi, id: id("m1") }), [{ endpoint: irc, ids: [] }]);
  assert.deepEqual(store.level(irc), { waiting: 1, oldestAcceptedAtMs: 1_000 });
  const waiting = store.waiting(irc, null, 10);
  assert.deepEqual(waiting, deliveries);
  const [shipment] = store.ship([{ endpoint: irc, deliveries: waiting, parts: partsOf("a", "b") }]);
  assert.ok(shipment);
  assert.deepEqual(store.waiting(irc, null, 10), []);
  store.settle([
    { kind: "part", shipment: shipment.id, messageId: id("c1") },
    { kind: "part", shipment: shipment.id, messageId: id("c2") },
    { kind: "done", shipment: shipment.id },
  ], 2_000);
  assert.deepEqual(store.underWay(irc), []);
  assert.deepEqual(store.traces({ endpoint: kosmi, id: id("m1") }), [
    { endpoint: irc, ids: ["c1", "c2"] },
  ]);
  assert.deepEqual(store.sourceOf({ endpoint: irc, id: id("c2") }), { endpoint: kosmi, id: "m1" });
  store.close();
});

Deno.test("forget() keeps lines of ours behind which no message stands as long as messages", () => {
  const clock = new TurnedClock(1_000_000);
  const store = openRelayStore({ path: null, clock, log: new RecordingLogger() });
  const to = endpoint("kosmi.b", "main");
  const own = { endpoint: to, id: id("own") };
  const said = { origin: endpoint("irc.a", "#c"), to: [to] };
  const [deliveries] = store.accept([acceptance({ ...said, id: null })], clock.now());
  const batch = [{ endpoint: to, deliveries: deliveries ?? [], parts: partsOf("text") }];
  const shipment = store.ship(batch)[0]?.id ?? assert.fail();
  store.settle([{ kind: "part", shipment, messageId: own.id }], clock.now());
  for (let hour = 0; hour < 10; hour++) {
    store.accept([acceptance({ ...said, id: `m${hour}` })], clock.now());
    store.forget(clock.now() - 5 * 3_600_000);
    assert.equal(store.isOwn(own), hour <= 5, `after ${hour} hours`);
    clock.advance(3_600_000);
  }
  store.close();
});

Deno.test("openRelayStore() makes whoever says most pay for a full outbox, and lets everybody have a turn", () => {
  const store = openRelayStore({ path: null, clock: systemClock, log: silentLogger });
  const say = (speaker: string, nth: number) => {
    const said = acceptance({ origin: kosmi, id: `${speaker}${nth}`, to: [irc] });
    store.accept(
      [{ ...said, deliveries: said.deliveries.map((one) => ({ ...one, speaker })) }],
      nth,
    );
  };
  for (const nth of [1, 2]) say("zoe", nth);
  for (let nth = 0; nth < 60; nth++) say("mallory", nth);
  say("~zoe", 3);
  const dropped = store.trim({ maxAgeMs: 1_000_000, maxMessages: 20 }, 100);
  assert.deepEqual(new Set(dropped.map(({ speaker }) => speaker)), new Set(["mallory"]));
  assert.equal(dropped[0]?.source?.id, id("mallory0"));
  assert.equal(store.level(irc).waiting, 20);
  const turns = store.waitingInTurns(irc, 6).map(({ source }) => source?.id);
  const names = ["zoe1", "mallory43", "zoe2", "mallory44", "mallory45", "~zoe3"];
  assert.deepEqual(turns, names.map(id));
  store.close();
});
