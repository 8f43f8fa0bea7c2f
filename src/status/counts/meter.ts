import type { Clock } from "../../base/clock.ts";
import type { ChatEvent } from "../../relay/port/event.ts";
import type { AccountId, EndpointId } from "../../relay/port/ids.ts";
import type {
  ChannelState,
  DropReason,
  LinkState,
  RelayObserver,
} from "../../relay/port/observer.ts";
import type { Delivery } from "../../relay/port/store.ts";
import { LastHour } from "./last_hour.ts";
import { RecentEvents, saidIn } from "./recent_events.ts";

/** What came from an endpoint and what the service showed of ours there, since the start. */
export interface EndpointCounts {
  /** Everything that was taken over, by kind; each counted once. */
  readonly events: Map<ChatEvent["kind"], number>;
  /** Messages among them that were read from the service's history after an absence. */
  late: number;
  /** Messages that no destination wanted: filtered, empty, chat commands. */
  ignored: number;
  /** Chat commands among them. */
  commands: number;
  /** Messages that came again; not in `events`. */
  duplicates: number;
  /** Lines or messages of ours that the service showed. */
  shown: number;
}

/** What became of a gateway's deliveries to one endpoint, since the start. */
interface DeliveryCounts {
  accepted: number;
  delivered: number;
  readonly dropped: Record<DropReason["cause"], number>;
}

/** How an account's link did, since the start. */
interface LinkCounts {
  /** Since when it is ready, or since when it is not; null before the first attempt. */
  sinceMs: number | null;
  ready: boolean;
  everReady: boolean;
  attempts: number;
  /** How often it became ready again. */
  reconnects: number;
  lastError: { readonly reason: string; readonly atMs: number } | null;
  roundTripMs: number | null;
}

interface RelayMeterOptions {
  readonly clock: Clock;
  /** Keeps what was said, for the page's last events. */
  readonly keepTexts: boolean;
  /** Takes secrets out of what services said. */
  readonly redact: (text: string) => string;
}

/** Counts along with the relay: what the page and the metrics show comes from here. */
export class RelayMeter implements RelayObserver {
  readonly hour = new LastHour();
  readonly recent = new RecentEvents();
  readonly #options: RelayMeterOptions;
  readonly #endpoints = new Map<EndpointId, EndpointCounts>();
  /** By gateway ("" for the relay's own lines), then by destination. */
  readonly #deliveries = new Map<string, Map<EndpointId, DeliveryCounts>>();
  readonly #links = new Map<AccountId, LinkCounts>();
  readonly #downFor = new Map<EndpointId, string>();

  constructor(options: RelayMeterOptions) {
    this.#options = options;
  }

  endpoint(endpoint: EndpointId): EndpointCounts {
    return entry(this.#endpoints, endpoint, newEndpointCounts);
  }

  deliveries(gateway: string, endpoint: EndpointId): DeliveryCounts {
    const byEndpoint = entry(this.#deliveries, gateway, () => new Map());
    return entry(byEndpoint, endpoint, newDeliveryCounts);
  }

  /** Gateways through which something was delivered; "" among them if the relay itself said something. */
  gatewaysSeen(): string[] {
    return [...this.#deliveries.keys()];
  }

  link(account: AccountId): LinkCounts {
    return entry(this.#links, account, newLinkCounts);
  }

  accepted(origin: EndpointId, deliveries: readonly Delivery[], event: ChatEvent | null): void {
    for (const { gateway, endpoint } of deliveries) this.deliveries(gateway, endpoint).accepted++;
    if (event === null) return;
    const counts = this.endpoint(origin);
    counts.events.set(event.kind, (counts.events.get(event.kind) ?? 0) + 1);
    if (event.kind === "message") {
      if (event.late) counts.late++;
      if (deliveries.length === 0) counts.ignored++;
    }
    if (deliveries.length === 0) return;
    const { kind: what, late } = event;
    const said = this.#options.keepTexts ? saidIn(event, this.#options.redact) : null;
    const atMs = this.#now();
    this.recent.add({ kind: "chat", atMs, endpoint: origin, what, late, count: 1, said });
  }

  command(origin: EndpointId): void {
    this.endpoint(origin).commands++;
  }

  duplicate(origin: EndpointId): void {
    this.endpoint(origin).duplicates++;
  }

  shown(endpoint: EndpointId, parts: number): void {
    this.endpoint(endpoint).shown += parts;
  }

  confirmed(delivery: Delivery, atMs: number): void {
    this.deliveries(delivery.gateway, delivery.endpoint).delivered++;
    // The page's chart shows what its tables count: the relay's own lines are no messages.
    if (delivery.gateway !== "") this.hour.delivered(atMs, atMs - delivery.acceptedAtMs);
  }

  dropped(
    endpoint: EndpointId,
    gateway: string | null,
    deliveries: readonly Delivery[],
    { cause, words }: DropReason,
  ): void {
    const count = deliveries.length;
    const atMs = this.#now();
    this.deliveries(gateway ?? "", endpoint).dropped[cause] += count;
    this.hour.dropped(atMs, deliveries.filter((one) => one.gateway !== "").length);
    this.recent.add({ kind: "dropped", atMs, endpoint, count, words: this.#clean(words) });
  }

  linkState(account: AccountId, state: LinkState): void {
    const link = this.link(account);
    const atMs = this.#now();
    link.sinceMs ??= atMs;
    switch (state.kind) {
      case "ready":
        return this.#linkUp(account, link, state.self);
      case "connecting":
        link.attempts++;
        break;
      case "waiting":
      case "refused":
        this.#linkDown(account, link, state);
        break;
    }
    // What connects again was ready until now.
    if (link.ready) link.sinceMs = atMs;
    link.ready = false;
    link.roundTripMs = null;
  }

  channelState(endpoint: EndpointId, state: ChannelState | null): void {
    const atMs = this.#now();
    const before = this.#downFor.get(endpoint) ?? null;
    if (state === null) this.#downFor.delete(endpoint);
    else if (state.kind === "up") {
      this.#downFor.delete(endpoint);
      this.recent.add({ kind: "channel", atMs, endpoint, up: true, words: "" });
    } else if (before !== state.reason) {
      this.#downFor.set(endpoint, state.reason);
      const words = this.#clean(state.reason);
      this.recent.add({ kind: "channel", atMs, endpoint, up: false, words });
    }
  }

  latency(account: AccountId, roundTripMs: number): void {
    this.link(account).roundTripMs = roundTripMs;
  }

  about(_delivery: Delivery, say: () => void): void {
    say();
  }

  #linkUp(account: AccountId, link: LinkCounts, self: string): void {
    const atMs = this.#now();
    if (!link.ready) link.sinceMs = atMs;
    if (link.everReady) link.reconnects++;
    link.everReady = true;
    link.ready = true;
    this.recent.add({ kind: "link", atMs, account, how: "up", words: self });
  }

  #linkDown(
    account: AccountId,
    link: LinkCounts,
    { kind, reason: said }: Extract<LinkState, { reason: string }>,
  ): void {
    const reason = this.#clean(said);
    const atMs = this.#now();
    const isNews = link.ready || link.lastError?.reason !== reason;
    link.lastError = { reason, atMs };
    const how = kind === "refused" ? "refused" : "down";
    if (isNews) this.recent.add({ kind: "link", atMs, account, how, words: reason });
  }

  #clean(text: string): string {
    return this.#options.redact(text);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function newEndpointCounts(): EndpointCounts {
  return { events: new Map(), late: 0, ignored: 0, commands: 0, duplicates: 0, shown: 0 };
}

function newDeliveryCounts(): DeliveryCounts {
  return { accepted: 0, delivered: 0, dropped: { rejected: 0, fault: 0, limits: 0 } };
}

function newLinkCounts(): LinkCounts {
  return {
    sinceMs: null,
    ready: false,
    everReady: false,
    attempts: 0,
    reconnects: 0,
    lastError: null,
    roundTripMs: null,
  };
}
