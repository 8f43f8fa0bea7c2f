import type * as Prom from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { RelayMeter } from "./counts/meter.ts";
import { readiness } from "./counts/readiness.ts";
import { placesOf, type StatusSubject } from "./counts/subject.ts";

export interface MetricsOptions {
  readonly subject: StatusSubject;
  readonly meter: RelayMeter;
  readonly clock: Clock;
}

const LINK_STATES = ["idle", "connecting", "ready", "waiting", "refused", "stopped"] as const;
const EVENT_KINDS = [
  ["message", "edit", "deletion", "reaction"],
  ["join", "leave", "rename", "topic"],
].flat();

/** Everything that can be looked up. */
export function addMetricRows(board: MetricBoard, options: MetricsOptions): void {
  addReceived(board, options);
  addDelivered(board, options);
  addQueues(board, options);
  addLinks(board, options);
  addProcess(board, options);
}

function addReceived(board: MetricBoard, { subject, meter }: MetricsOptions): void {
  const places = () =>
    placesOf(subject).map(({ endpoint, account, written: channel }) => ({
      labels: { account, channel },
      counts: meter.endpoint(endpoint),
    }));
  const labels = ["account", "channel"];
  const rows: readonly [string, string, (counts: ReturnType<RelayMeter["endpoint"]>) => number][] =
    [
      [
        "kosmi_relay_messages_received_total",
        "Messages that were taken over, each once.",
        (counts) => counts.events.get("message") ?? 0,
      ],
      [
        "kosmi_relay_messages_caught_up_total",
        "Received messages that were read from the service's history after an absence.",
        (counts) => counts.late,
      ],
      [
        "kosmi_relay_messages_ignored_total",
        "Received messages that went nowhere: filtered, empty, or chat commands.",
        (counts) => counts.ignored,
      ],
      [
        "kosmi_relay_messages_duplicate_total",
        "Messages that came again after they had been taken over; not counted as received.",
        (counts) => counts.duplicates,
      ],
      [
        "kosmi_relay_parts_shown_total",
        "Lines or messages of the relay's that the service showed.",
        (counts) => counts.shown,
      ],
    ];
  for (const [name, help, value] of rows) {
    board.counter(name, help, labels, (set) => {
      for (const { labels, counts } of places()) set(labels, value(counts));
    });
  }
  board.counter(
    "kosmi_relay_events_received_total",
    "Everything that was taken over, messages among it, by kind.",
    [...labels, "kind"],
    (set) => {
      for (const { labels, counts } of places()) {
        for (const kind of EVENT_KINDS) {
          set({ ...labels, kind }, new Map<string, number>(counts.events).get(kind) ?? 0);
        }
      }
    },
  );
}

function addDelivered(board: MetricBoard, options: MetricsOptions): void {
  const labels = ["gateway", "account", "channel"];
  board.counter(
    "kosmi_relay_messages_accepted_total",
    "Messages stored for a destination; each ends as delivered or dropped.",
    labels,
    (set) => eachDelivery(options, (labels, counts) => set(labels, counts.accepted)),
  );
  board.counter(
    "kosmi_relay_messages_delivered_total",
    "Messages that the destination showed.",
    labels,
    (set) => eachDelivery(options, (labels, counts) => set(labels, counts.delivered)),
  );
  board.counter(
    "kosmi_relay_messages_dropped_total",
    "Messages that were not relayed: refused for good, never shown, or over the outbox's limits.",
    [...labels, "reason"],
    (set) =>
      eachDelivery(options, (labels, { dropped }) => {
        for (const [reason, count] of Object.entries(dropped)) set({ ...labels, reason }, count);
      }),
  );
}

/** What the relay itself says (answers to commands) has the gateway "". */
function eachDelivery(
  { subject, meter }: MetricsOptions,
  visit: (labels: Record<string, string>, counts: ReturnType<RelayMeter["deliveries"]>) => void,
): void {
  const own = { name: "", places: meter.gatewaysSeen().includes("") ? placesOf(subject) : [] };
  for (const gateway of [...subject.gateways(), own]) {
    for (const { endpoint, account, written, direction } of gateway.places) {
      if (direction === "in") continue;
      const labels = { gateway: gateway.name, account, channel: written };
      visit(labels, meter.deliveries(gateway.name, endpoint));
    }
  }
}

function addQueues(board: MetricBoard, { subject, clock }: MetricsOptions): void {
  const labels = ["account", "channel"];
  const targets = () => placesOf(subject).filter(({ direction }) => direction !== "in");
  board.gauge(
    "kosmi_relay_queue_length",
    "Messages that wait for a destination.",
    labels,
    (set) => {
      for (const { endpoint, account, written: channel } of targets()) {
        set({ account, channel }, subject.level(endpoint).waiting);
      }
    },
  );
  board.gauge(
    "kosmi_relay_queue_oldest_seconds",
    "How long the oldest of them has been waiting; 0 when none waits.",
    labels,
    (set) => {
      for (const { endpoint, account, written: channel } of targets()) {
        const since = subject.level(endpoint).oldestAcceptedAtMs ?? clock.now();
        set({ account, channel }, Math.max(0, clock.now() - since) / 1_000);
      }
    },
  );
  board.gauge("kosmi_relay_channel_up", "1 when the channel can be used.", labels, (set) => {
    const states = subject.channels();
    for (const { endpoint, account, written: channel } of placesOf(subject)) {
      set({ account, channel }, states.get(endpoint)?.kind === "up" ? 1 : 0);
    }
  });
}

function addLinks(board: MetricBoard, { subject, meter }: MetricsOptions): void {
  board.gauge(
    "kosmi_relay_link_state",
    "1 for the state in which the account's link is.",
    ["account", "state"],
    (set) => {
      const links = subject.links();
      for (const { id: account } of subject.accounts()) {
        const now = links.get(account)?.kind ?? "idle";
        for (const state of LINK_STATES) set({ account, state }, state === now ? 1 : 0);
      }
    },
  );
  board.counter(
    "kosmi_relay_connection_attempts_total",
    "How often the account tried to connect.",
    ["account"],
    (set) => {
      for (const { id: account } of subject.accounts()) {
        set({ account }, meter.link(account).attempts);
      }
    },
  );
  board.counter(
    "kosmi_relay_reconnects_total",
    "How often the account was ready again after its link had ended.",
    ["account"],
    (set) => {
      for (const { id: account } of subject.accounts()) {
        set({ account }, meter.link(account).reconnects);
      }
    },
  );
  board.gauge(
    "kosmi_relay_token_expires_timestamp_seconds",
    "When the account's token expires; absent where that is not known.",
    ["account"],
    (set) => {
      for (const { id: account, token } of subject.accounts()) {
        const expiresAtMs = token()?.expiresAtMs ?? null;
        if (expiresAtMs !== null) set({ account }, expiresAtMs / 1_000);
      }
    },
  );
}

function addProcess(board: MetricBoard, { subject }: MetricsOptions): void {
  board.gauge(
    "kosmi_relay_ready",
    "1 when every account is ready and every channel can be used.",
    [],
    (set) => set({}, readiness(subject).ready ? 1 : 0),
  );
  board.gauge(
    "kosmi_relay_build_info",
    "1; which version this is.",
    ["version", "deno_version"],
    (set) => set({ version: subject.version, deno_version: subject.runtime }, 1),
  );
  board.gauge(
    "process_start_time_seconds",
    "When the process started, in seconds since the UNIX epoch.",
    [],
    (set) => set({}, subject.startedAtMs / 1_000),
  );
  board.gauge(
    "process_resident_memory_bytes",
    "Memory that the process has in RAM.",
    [],
    (set) => set({}, Deno.memoryUsage().rss),
  );
  board.gauge(
    "process_heap_bytes",
    "JavaScript heap in use.",
    [],
    (set) => set({}, Deno.memoryUsage().heapUsed),
  );
}

type SetValue = (labels: Record<string, string>, value: number) => void;

/** Numbers that are looked up whenever somebody asks. */
export class MetricBoard {
  readonly #prom: typeof Prom;
  readonly #registry: Prom.Registry;

  constructor(prom: typeof Prom, registry: Prom.Registry) {
    this.#prom = prom;
    this.#registry = registry;
  }

  counter(name: string, help: string, labelNames: string[], fill: (set: SetValue) => void): void {
    new this.#prom.Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        fill((labels, value) => this.inc(labels, value));
      },
    });
  }

  gauge(name: string, help: string, labelNames: string[], fill: (set: SetValue) => void): void {
    new this.#prom.Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        fill((labels, value) => this.set(labels, value));
      },
    });
  }
}
