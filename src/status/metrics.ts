import type * as Prom from "prom-client";
import type { AccountId, EndpointId } from "../relay/port/ids.ts";
import type { Delivery } from "../relay/port/store.ts";
import { placesOf } from "./counts/subject.ts";
import { addMetricRows, MetricBoard, type MetricsOptions } from "./metric_rows.ts";

/** The relay's numbers in the form that Prometheus reads. */
export interface Metrics {
  /** One delivery was confirmed. */
  confirmed(delivery: Delivery, atMs: number): void;
  /** One round trip to the service was measured. */
  latency(account: AccountId, roundTripMs: number): void;
  text(): Promise<string>;
}

const DELIVERY_BUCKETS = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  300,
  1_800,
  7_200,
  86_400,
];
const ROUND_TRIP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Makes the registry. prom-client is only read now: a relay without a status page needs none of it. */
export async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  // A CommonJS module: which of both shapes its import has depends on who bundled it.
  const module = await import("prom-client");
  const prom: typeof Prom = "Registry" in module ? module : module["default"];
  const registry = new prom.Registry();
  const board = new MetricBoard(prom, registry);
  addMetricRows(board, options);
  const delivery = new prom.Histogram({
    name: "kosmi_relay_delivery_latency_seconds",
    help: "From taking a message over to the service showing its copy, by destination.",
    labelNames: ["account", "channel"],
    buckets: DELIVERY_BUCKETS,
    registers: [registry],
  });
  const roundTrip = new prom.Histogram({
    name: "kosmi_relay_round_trip_seconds",
    help: "Round trips to the service, as the account's link measures them.",
    labelNames: ["account"],
    buckets: ROUND_TRIP_BUCKETS,
    registers: [registry],
  });
  const deliveryOf = remembered((endpoint: EndpointId) => {
    const place = placesOf(options.subject).find((place) => place.endpoint === endpoint);
    return place === undefined ? null : delivery.labels(place.account, place.written);
  });
  const roundTripOf = remembered((account: AccountId) => roundTrip.labels(account));
  return {
    confirmed: ({ endpoint, acceptedAtMs }, atMs) =>
      deliveryOf(endpoint)?.observe(Math.max(0, atMs - acceptedAtMs) / 1_000),
    latency: (account, roundTripMs) => roundTripOf(account).observe(roundTripMs / 1_000),
    text: () => registry.metrics(),
  };
}

function remembered<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (made !== null) known.set(key, made);
    return made;
  };
}
