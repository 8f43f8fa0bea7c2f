import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { Delivery, RelayStore, Shipment } from "../../../src/relay/port/store.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { acceptance, endpoint, id, partsOf } from "./relay_store_support.ts";

/**
 * Runs messages through a store until it is killed. Arguments: the database file, the number of the first message.
 * Each line on standard output is one message's step that the store has acknowledged: "<step> <message> <delivery>".
 * The first lines, up to "ready", are the steps that the messages of an earlier run had reached.
 */
const [path, first] = Deno.args;
if (path === undefined || first === undefined) throw new Error("Cannot run: two arguments needed");

const origin = endpoint("kosmi.a", "main");
const target = endpoint("irc.b", "#c");
const encoder = new TextEncoder();
const store = openRelayStore({ path, clock: systemClock, log: silentLogger });
recover(store);
for (let next = Number(first);; next += 3) relay(store, [next, next + 1, next + 2]);

function recover(store: RelayStore): void {
  const waiting = store.waiting(target, null, 1_000);
  for (const delivery of waiting) say("accepted", delivery);
  const shipments = store.underWay(target);
  for (const shipment of shipments) {
    if (!shipment.doubtful) throw new Error("Cannot trust a shipment of an earlier run");
    sayAll(shipment.confirmed === 0 ? "shipped" : "confirmed", shipment);
  }
  Deno.stdout.writeSync(encoder.encode("ready\n"));
  for (const shipment of shipments) finish(store, shipment);
  if (waiting.length > 0) send(store, waiting);
}

function relay(store: RelayStore, messages: readonly number[]): void {
  const batch = messages.map((number) =>
    acceptance({ origin, id: `m${number}`, to: [target], atMs: number })
  );
  const deliveries = store.accept(batch, Date.now()).flatMap((accepted) => accepted ?? []);
  for (const delivery of deliveries) say("accepted", delivery);
  send(store, deliveries);
}

function send(store: RelayStore, deliveries: readonly Delivery[]): void {
  const batch = deliveries.map((delivery) => ({
    endpoint: target,
    deliveries: [delivery],
    parts: partsOf("one", "two"),
  }));
  const shipments = store.ship(batch);
  for (const shipment of shipments) sayAll("shipped", shipment);
  for (const shipment of shipments) finish(store, shipment);
}

function finish(store: RelayStore, shipment: Shipment): void {
  const name = shipment.deliveries[0]?.source?.id;
  if (shipment.confirmed === 0) {
    const part = { kind: "part", shipment: shipment.id, messageId: id(`${name}-1`) } as const;
    store.settle([part], Date.now());
    sayAll("confirmed", shipment);
  }
  store.settle([
    { kind: "part", shipment: shipment.id, messageId: id(`${name}-2`) },
    { kind: "done", shipment: shipment.id },
  ], Date.now());
  sayAll("done", shipment);
}

function sayAll(step: string, shipment: Shipment): void {
  for (const delivery of shipment.deliveries) say(step, delivery);
}

function say(step: string, delivery: Delivery): void {
  const line = `${step} ${delivery.source?.id.slice(1)} ${delivery.id}\n`;
  Deno.stdout.writeSync(encoder.encode(line));
}
