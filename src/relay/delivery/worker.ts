import { AsyncQueue } from "../../base/async_queue.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { type Bridge, type History, ownLine, type Receipt } from "../port/bridge.ts";
import type { ChannelId, EndpointId, MessageId } from "../port/ids.ts";
import type { DropReason, RelayObserver } from "../port/observer.ts";
import type { Delivery, RelayStore, Settlement, ShipmentId } from "../port/store.ts";
import { Backlog, type PackingPolicy, Preparation, takePack } from "./backlog.ts";
import { ActiveShipment, reconcile, textsShownBy } from "./shipment.ts";

interface EndpointWorkerOptions {
  readonly endpoint: EndpointId;
  readonly channel: ChannelId;
  readonly bridge: Bridge;
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: RelayObserver;
  readonly packing: PackingPolicy | null;
  /** Ends the account's connection and makes a new one, so that its history tells what arrived. */
  readonly reconnect: (reason: string) => void;
}

type Input =
  | { readonly kind: "wake" }
  | { readonly kind: "up"; readonly history: History | null }
  | { readonly kind: "down" }
  | {
    readonly kind: "receipt";
    readonly active: ActiveShipment;
    readonly index: number;
    readonly receipt: Receipt;
  }
  | { readonly kind: "announced"; readonly count: number; readonly receipt: Receipt }
  | { readonly kind: "doubt"; readonly session: AbortController; readonly reason: string };

/** A shipment that left so often and was never shown is given up: else it would appear for ever. */
const MOST_ATTEMPTS = 3;
/** A receipt without an answer often comes just before the news that the link is gone: give that news time. */
const DOUBT_GRACE_MS = 1_000;
const PACKING_LOOKAHEAD = 128;
/** So many deliveries must be waiting before messages are packed; from then on until none waits. */
const PACK_FROM_WAITING = 10;

/**
 * Sends the deliveries of one endpoint, in order, and sees them through to their confirmation. One loop owns all its
 * state: bridge, store and core only put inputs into its queue.
 */
export class EndpointWorker {
  readonly #options: EndpointWorkerOptions;
  readonly #inputs = new AsyncQueue<Input>();
  readonly #attempts = new Map<ShipmentId, number>();
  readonly #preparation: Preparation;
  readonly #backlog: Backlog;
  /** Aborted when the channel goes down. Null while it is down. */
  #session: AbortController | null = null;
  #active: ActiveShipment[] = [];
  #settlements: Settlement[] = [];
  #isPacking = false;
  /** True from the first part that did not go well until the channel is up anew: nothing may overtake that part. */
  #held = false;
  #closing = false;

  constructor(options: EndpointWorkerOptions) {
    this.#options = options;
    this.#preparation = new Preparation({ ...options, done: () => this.wake([]) });
    this.#backlog = new Backlog(options.store, options.endpoint);
  }

  /** These deliveries were stored for this endpoint, behind all earlier ones. */
  wake(deliveries: readonly Delivery[]): void {
    this.#backlog.add(deliveries);
    this.#inputs.push({ kind: "wake" });
  }

  channelUp(history: History | null): void {
    this.#inputs.push({ kind: "up", history });
  }

  channelDown(): void {
    this.#inputs.push({ kind: "down" });
  }

  /** True when nothing can or need be sent now. */
  get idle(): boolean {
    const { store, endpoint } = this.#options;
    return this.settled && (this.#session === null || store.level(endpoint).waiting === 0);
  }

  /** True when nothing is under way, or can't be seen through as long as the channel is down. */
  get settled(): boolean {
    return this.#inputs.size === 0 && (this.#session === null || this.#active.length === 0);
  }

  /** Runs until `close`. Never rejects unless the program is wrong. */
  async run(): Promise<void> {
    for (let batch = await this.#inputs.takeAll(); batch; batch = await this.#inputs.takeAll()) {
      for (const input of batch) this.#handle(input);
      this.#flushSettlements();
      this.#fill();
    }
  }

  /** Begins nothing new. Call `finish` once the bridge has ended its link. */
  close(): void {
    this.#closing = true;
  }

  /** Settles what has become known and ends `run`. */
  finish(): void {
    this.#closing = true;
    this.#inputs.push({ kind: "down" });
    this.#inputs.close();
  }

  #handle(input: Input): void {
    switch (input.kind) {
      case "wake":
        return;
      case "up":
        return this.#up(input.history);
      case "down":
        return this.#down();
      case "receipt":
        return this.#receive(input.active, input.index, input.receipt);
      case "announced":
        return this.#announced(input.count, input.receipt);
      case "doubt":
        if (input.session === this.#session) this.#options.reconnect(input.reason);
    }
  }

  #down(): void {
    this.#session?.abort();
    this.#session = null;
  }

  #up(history: History | null): void {
    this.#down();
    this.#flushSettlements();
    this.#session = new AbortController();
    this.#backlog.startAnew();
    this.#held = false;
    this.#resume(history);
    this.#announceDropped();
  }

  /** Takes up again what was under way: finds out what arrived, sends the rest. */
  #resume(history: History | null): void {
    const { store, endpoint, log, bridge } = this.#options;
    const shipments = store.underWay(endpoint);
    if (shipments.length === 0) {
      this.#active = [];
      return;
    }
    const own = (history?.messages ?? []).filter((message) => message.own);
    const isKnown = (id: MessageId) => store.sourceOf({ endpoint, id }) !== null;
    const arrived = reconcile(shipments, own, isKnown, textsShownBy(bridge));
    this.#active = shipments.map((shipment, at) => new ActiveShipment(shipment, arrived[at]));
    log.info("{count} messages were on their way when the link ended: {found} parts had arrived", {
      count: shipments.length,
      found: arrived.reduce((sum, parts) => sum + parts.size, 0),
      history: history === null ? "none" : "known",
    });
    for (const active of [...this.#active]) {
      this.#settlements.push(...active.settleReady());
      if (this.#givenUp(active)) continue;
      this.#transmit(active);
      this.#conclude(active);
    }
  }

  /** True when the shipment has left too often already: it ends here, and loudly. */
  #givenUp(active: ActiveShipment): boolean {
    const attempts = this.#attempts.get(active.shipment.id) ?? 0;
    if (attempts < MOST_ATTEMPTS || active.unsent().length === 0) return false;
    const words = `sent ${attempts} times and never shown by the service`;
    this.#reject(active, { cause: "unconfirmed", words });
    return true;
  }

  #transmit(active: ActiveShipment): void {
    const session = this.#session;
    const unsent = active.unsent();
    if (session === null || unsent.length === 0) return;
    const { bridge, channel } = this.#options;
    for (const index of unsent) {
      const part = active.shipment.parts[index];
      if (part === undefined) continue;
      bridge.transmit(channel, part, session.signal).then((receipt) =>
        this.#inputs.push({ kind: "receipt", active, index, receipt })
      );
    }
  }

  #receive(active: ActiveShipment, index: number, receipt: Receipt): void {
    // An old object's receipt says nothing about the one that was read back from the store since.
    if (!this.#active.includes(active)) return;
    this.#settlements.push(...active.receive(index, receipt));
    if (receipt.outcome === "unknown" || receipt.outcome === "unsent") this.#hold(receipt.reason);
    this.#conclude(active);
  }

  /** Stops sending; if the channel does not go down by itself, a new connection must show what arrived. */
  #hold(reason: string): void {
    if (this.#held) return;
    this.#held = true;
    const { clock, log } = this.#options;
    log.debug("a part is not confirmed: {reason}", { reason });
    const session = this.#session;
    if (session === null) return;
    clock.sleep(DOUBT_GRACE_MS, session.signal).then(
      () => this.#inputs.push({ kind: "doubt", session, reason }),
      () => {},
    );
  }

  /** Ends a shipment whose receipts are complete. */
  #conclude(active: ActiveShipment): void {
    const end = active.end();
    if (end === null || !this.#active.includes(active)) return;
    switch (end.kind) {
      case "done":
        return this.#done(active);
      case "rejected":
        return this.#reject(active, { cause: "rejected", words: end.reason });
      case "open":
        // It stays in the store: the next `up` resumes it. What never left may be rendered anew.
        if (end.unknown) {
          const attempts = (this.#attempts.get(active.shipment.id) ?? 0) + 1;
          this.#attempts.set(active.shipment.id, attempts);
        }
        if (active.untouched()) {
          this.#settlements.push({ kind: "released", shipment: active.shipment.id });
          this.#backlog.startAnew();
          this.#forget(active);
        }
    }
  }

  #done(active: ActiveShipment): void {
    this.#settlements.push({ kind: "done", shipment: active.shipment.id });
    this.#forget(active);
    const nowMs = this.#options.clock.now();
    for (const delivery of active.shipment.deliveries) {
      this.#options.observer.confirmed(delivery, nowMs);
    }
  }

  #reject(active: ActiveShipment, why: DropReason): void {
    const { store, endpoint, log, observer } = this.#options;
    const { deliveries } = active.shipment;
    const count = deliveries.length;
    this.#settlements.push({ kind: "rejected", shipment: active.shipment.id });
    this.#forget(active);
    store.countDropped(endpoint, count);
    const [first] = deliveries;
    const say = () => log.warn("a message was not relayed: {reason}", { reason: why.words, count });
    if (first === undefined) say();
    else observer.about(first, say);
    observer.dropped(endpoint, first?.gateway ?? null, deliveries, why);
  }

  #forget(active: ActiveShipment): void {
    this.#active = this.#active.filter((other) => other !== active);
    this.#attempts.delete(active.shipment.id);
  }

  #flushSettlements(): void {
    if (this.#settlements.length === 0) return;
    const batch = this.#settlements;
    this.#settlements = [];
    const { store, clock, observer, endpoint } = this.#options;
    store.settle(batch, clock.now());
    const shown = batch.filter((settlement) => settlement.kind === "part").length;
    if (shown > 0) observer.shown(endpoint, shown);
  }

  /** Lets new shipments leave, as many as may be under way. */
  #fill(): void {
    while (this.#session !== null && !this.#held && !this.#closing && !this.#backlog.isEmpty) {
      const room = this.#options.bridge.capabilities.window - this.#active.length;
      if (room <= 0 || !this.#shipNext(room, this.#session)) break;
    }
    if (this.#backlog.isEmpty) this.#isPacking = false;
  }

  /** Ships up to `room` packs; false when nothing is left to ship, or is not ready. */
  #shipNext(room: number, session: AbortController): boolean {
    const { store, endpoint, bridge, channel, packing } = this.#options;
    const limit = packing === null ? room : Math.max(room, PACKING_LOOKAHEAD);
    let waiting = this.#backlog.first(limit);
    if (waiting.length === 0) return false;
    const isAll = waiting.length < limit;
    this.#isPacking ||= waiting.length >= PACK_FROM_WAITING;
    const batch: Parameters<RelayStore["ship"]>[0][number][] = [];
    while (batch.length < room) {
      // The end of what was read may be the middle of what could be packed: read on before packing it.
      if (batch.length > 0 && !isAll && waiting.length < PACK_FROM_WAITING) break;
      const next = takePack(waiting, this.#isPacking ? packing : null);
      const pack = next === null ? null : this.#preparation.take(next, waiting, session.signal);
      if (pack === null) break;
      const parts = bridge.render(channel, pack.outgoing);
      batch.push({ endpoint, deliveries: pack.deliveries, parts });
      waiting = waiting.slice(pack.deliveries.length);
    }
    this.#backlog.left(batch.flatMap(({ deliveries }) => deliveries));
    for (const shipment of store.ship(batch)) {
      const active = new ActiveShipment(shipment);
      this.#active.push(active);
      this.#transmit(active);
      this.#conclude(active);
    }
    this.#flushSettlements();
    return batch.length > 0;
  }

  /** Says once, at the destination, how many messages it will never see. */
  #announceDropped(): void {
    const { store, endpoint, bridge, channel } = this.#options;
    const count = store.takeUnannounced(endpoint);
    const session = this.#session;
    if (count === 0 || session === null) return;
    const text = count === 1
      ? "1 older message was not relayed"
      : `${count} older messages were not relayed`;
    for (const part of bridge.render(channel, ownLine(text))) {
      bridge.transmit(channel, part, session.signal).then((receipt) =>
        this.#inputs.push({ kind: "announced", count, receipt })
      );
    }
  }

  #announced(count: number, receipt: Receipt): void {
    if (receipt.outcome === "confirmed") this.#options.observer.shown(this.#options.endpoint, 1);
    if (receipt.outcome === "confirmed" || receipt.outcome === "unknown") return;
    this.#options.store.countDropped(this.#options.endpoint, count);
  }
}
