import { AsyncQueue } from "../../base/async_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Bridge, History, Receipt } from "../port/bridge.ts";
import type { ChannelId, EndpointId } from "../port/ids.ts";
import type { DropReason, RelayObserver } from "../port/observer.ts";
import type { Delivery, OutboxLimits, RelayStore, Settlement } from "../port/store.ts";
import { Announcer } from "./announcer.ts";
import { Backlog, type Pack, type PackingPolicy, Preparation, takePack } from "./backlog.ts";
import { LATE_MS, marked } from "./late_mark.ts";
import {
  ActiveShipment,
  knownOwnLines,
  positionIn,
  reconcile,
  renderableAnew,
  textsShownBy,
} from "./shipment.ts";

interface EndpointWorkerOptions {
  readonly endpoint: EndpointId;
  readonly channel: ChannelId;
  readonly bridge: Bridge;
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: RelayObserver;
  readonly packing: PackingPolicy | null;
  /** As the plan wants it at that moment. */
  readonly limits: () => OutboxLimits;
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
  | { readonly kind: "doubt"; readonly session: AbortController; readonly reason: string }
  | { readonly kind: "overdue"; readonly session: AbortController };

/** The port promises an answer to every part; a bridge that breaks this must not hold the endpoint for ever. */
const LONGEST_ANSWER_MS = 60_000;
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
  readonly #preparation: Preparation;
  readonly #backlog: Backlog;
  readonly #announcer: Announcer;
  /** Aborted when the channel goes down. Null while it is down. */
  #session: AbortController | null = null;
  /** The channel is up, and what was under way before is not taken up again yet. */
  #entered: Entered | null = null;
  /** Parts that were handed to the bridge and have no receipt yet. */
  #flying = new Set<object>();
  #active: ActiveShipment[] = [];
  #settlements: Settlement[] = [];
  #isPacking = false;
  /** True from the first part that did not go well until the channel is up anew: nothing may overtake that part. */
  #held = false;
  #closing = false;

  constructor(options: EndpointWorkerOptions) {
    this.#options = options;
    this.#preparation = new Preparation({ ...options, done: () => this.wake([]) });
    this.#announcer = new Announcer({ ...options, wake: () => this.wake([]) });
    this.#backlog = new Backlog(options.store, options.endpoint);
  }

  /** These deliveries were stored for this endpoint, behind all earlier ones. */
  wake(deliveries: readonly Delivery[]): void {
    this.#backlog.add(deliveries);
    this.#inputs.push({ kind: "wake" });
  }

  /** Something for this endpoint was dropped: it is said there as soon as it can be. */
  dropped(): void {
    this.#announcer.dropped();
    this.wake([]);
  }

  /** Some of what waits was taken back. */
  withdrawn(): void {
    this.#backlog.startAnew();
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

  /**
   * Runs until `finish`. What goes wrong with one message ends that message; rejects when the program itself is wrong:
   * nothing is delivered any more then.
   */
  async run(): Promise<void> {
    for (let batch = await this.#inputs.takeAll(); batch; batch = await this.#inputs.takeAll()) {
      for (const input of batch) this.#handle(input);
      this.#flushSettlements();
      this.#resume();
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
      case "doubt":
        if (input.session === this.#session) this.#options.reconnect(input.reason);
        return;
      case "overdue":
        if (input.session === this.#session) this.#flying = new Set();
    }
  }

  #down(): void {
    this.#session?.abort();
    this.#session = null;
    this.#entered = null;
  }

  /** A channel can come up anew on the same link: what is under way there keeps its chance to be answered. */
  #up(history: History | null): void {
    this.#down();
    const session = new AbortController();
    this.#session = session;
    this.#entered = { history, nameless: 0 };
    if (this.#flying.size === 0) return;
    this.#options.clock.sleep(LONGEST_ANSWER_MS, session.signal).then(
      () => this.#inputs.push({ kind: "overdue", session }),
      () => {},
    );
  }

  /** Takes up again what was under way: finds out what arrived, sends the rest. */
  #resume(): void {
    if (this.#entered === null || this.#flying.size > 0) return;
    const { history, nameless } = this.#entered;
    this.#entered = null;
    this.#held = false;
    this.#backlog.startAnew();
    this.#announcer.dropped();
    const { store, endpoint, log, bridge } = this.#options;
    const own = (history?.messages ?? []).filter((message) => message.own);
    const shipments = store.underWay(endpoint);
    if (shipments.length > 0) {
      const position = store.ownPosition(endpoint);
      const isKnown = knownOwnLines(own, position, (id) => store.isOwn({ endpoint, id }));
      const arrived = reconcile(shipments, own, isKnown, textsShownBy(bridge));
      log.info(
        "{count} messages were on their way when the link ended: {found} parts had arrived",
        {
          count: shipments.length,
          found: arrived.reduce((sum, parts) => sum + parts.size, 0),
          history: history === null ? "none" : "known",
        },
      );
      this.#takeUp(shipments.map((shipment, at) => new ActiveShipment(shipment, arrived[at])));
    } else this.#active = [];
    const position = positionIn(own);
    if (position !== null) store.setOwnPosition(endpoint, { ...position, since: nameless });
  }

  #takeUp(all: readonly ActiveShipment[]): void {
    const nowMs = this.#options.clock.now();
    this.#active = [...all];
    for (const active of all) this.#settlements.push(...active.settleReady());
    const { maxAgeMs } = this.#options.limits();
    for (const active of all) {
      if (active.isOlderThan(nowMs - maxAgeMs)) {
        this.#drop(active, { cause: "limits", words: TOO_OLD });
      }
    }
    // So late that its time belongs to it: rendered anew, unless something behind it can't be.
    const anew = new Set(renderableAnew(this.#active, nowMs - LATE_MS));
    for (const active of [...this.#active]) {
      if (anew.has(active)) this.#release(active);
      else this.#transmit(active);
      this.#conclude(active);
    }
    this.#flushSettlements();
  }

  #transmit(active: ActiveShipment): void {
    const session = this.#session;
    const unsent = active.unsent();
    if (session === null || unsent.length === 0) return;
    const { bridge, channel } = this.#options;
    const flying = this.#flying;
    for (const index of unsent) {
      const part = active.shipment.parts[index];
      if (part === undefined) continue;
      const flight = {};
      flying.add(flight);
      Promise.try(() => bridge.transmit(channel, part, session.signal)).catch(brokenPromise)
        .then((receipt) => {
          flying.delete(flight);
          this.#inputs.push({ kind: "receipt", active, index, receipt });
        });
    }
  }

  #receive(active: ActiveShipment, index: number, receipt: Receipt): void {
    // An old object's receipt says nothing about the one that was read back from the store since.
    if (!this.#active.includes(active)) return;
    const settled = active.receive(index, receipt);
    this.#settlements.push(...settled);
    if (this.#entered !== null) this.#entered.nameless += settled.filter(isNameless).length;
    else if (receipt.outcome === "unknown" || receipt.outcome === "unsent") {
      this.#hold(receipt.reason);
    }
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
        return this.#drop(active, { cause: "rejected", words: end.reason });
      case "open":
        // It stays in the store: the next `up` resumes it. What never left may be rendered anew.
        if (active.untouched()) this.#release(active);
    }
  }

  #release(active: ActiveShipment): void {
    this.#settlements.push({ kind: "released", shipment: active.shipment.id });
    this.#backlog.startAnew();
    this.#forget(active);
  }

  #done(active: ActiveShipment): void {
    this.#settlements.push({ kind: "done", shipment: active.shipment.id });
    this.#forget(active);
    this.#announcer.delivered(active.shipment);
    const nowMs = this.#options.clock.now();
    for (const delivery of active.shipment.deliveries) {
      this.#options.observer.confirmed(delivery, nowMs);
    }
  }

  /** It ends without having been shown: counted, logged, and announced where that is possible. */
  #drop(active: ActiveShipment, why: DropReason): void {
    const { store, endpoint, log, observer } = this.#options;
    const { id, deliveries } = active.shipment;
    const [first] = deliveries;
    const count = deliveries.length;
    this.#settlements.push({ kind: "rejected", shipment: id });
    this.#forget(active);
    if (first === undefined) return this.#announcer.refused(why.words);
    store.countDropped(endpoint, count);
    this.#announcer.dropped();
    const say = () => log.warn("a message was not relayed: {reason}", { reason: why.words, count });
    observer.about(first, say);
    observer.dropped(endpoint, first.gateway, deliveries, why);
  }

  #forget(active: ActiveShipment): void {
    this.#active = this.#active.filter((other) => other !== active);
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
    while (this.#canShip()) {
      const room = this.#options.bridge.capabilities.window - this.#active.length;
      const announcement = room <= 0 ? null : this.#announcer.next(this.#session?.signal ?? null);
      if (announcement !== null) {
        this.#ship([announcement]);
        continue;
      }
      if (room <= 0 || this.#session === null || this.#backlog.isEmpty) break;
      if (!this.#shipNext(room, this.#session)) break;
    }
    if (this.#backlog.isEmpty) this.#isPacking = false;
  }

  #canShip(): boolean {
    return this.#session !== null && this.#entered === null && !this.#held && !this.#closing;
  }

  /** Ships up to `room` packs; false when nothing is left to ship, or is not ready. */
  #shipNext(room: number, session: AbortController): boolean {
    const { bridge } = this.#options;
    // Where a message can be taken back, it must not take others along.
    const packing = bridge.capabilities.deletions ? null : this.#options.packing;
    const limit = packing === null ? room : Math.max(room, PACKING_LOOKAHEAD);
    let waiting = this.#backlog.first(limit);
    if (waiting.length === 0) return false;
    const isAll = waiting.length < limit;
    this.#isPacking ||= waiting.length >= PACK_FROM_WAITING;
    const batch: NewShipment[] = [];
    while (batch.length < room) {
      // The end of what was read may be the middle of what could be packed: read on before packing it.
      if (batch.length > 0 && !isAll && waiting.length < PACK_FROM_WAITING) break;
      const next = takePack(waiting, this.#isPacking ? packing : null);
      const pack = next === null ? null : this.#preparation.take(next, waiting, session.signal);
      if (pack === null) break;
      const shipment = this.#render(pack, waiting);
      batch.push(shipment);
      waiting = waiting.slice(shipment.deliveries.length);
    }
    this.#backlog.left(batch.flatMap(({ deliveries }) => deliveries));
    this.#ship(batch);
    return batch.length > 0;
  }

  /** One that can't be rendered has a fault in place of parts, and takes no other along. */
  #render(pack: Pack, waiting: readonly Delivery[]): NewShipment {
    const { endpoint, bridge, channel, clock } = this.#options;
    const { deliveries } = pack;
    try {
      const acceptedAtMs = deliveries[0]?.acceptedAtMs ?? clock.now();
      const outgoing = marked(pack.outgoing, acceptedAtMs, clock.now());
      return { endpoint, deliveries, parts: bridge.render(channel, outgoing) };
    } catch (thrown) {
      const alone = deliveries.length > 1 ? takePack(waiting, null) : null;
      if (alone !== null) return this.#render(alone, waiting);
      return { endpoint, deliveries, parts: [], fault: describeError(thrown) };
    }
  }

  #ship(batch: readonly NewShipment[]): void {
    this.#options.store.ship(batch).forEach((shipment, at) => {
      const active = new ActiveShipment(shipment);
      this.#active.push(active);
      const fault = batch[at]?.fault;
      if (fault !== undefined) this.#drop(active, { cause: "fault", words: fault });
      this.#transmit(active);
      this.#conclude(active);
    });
    this.#flushSettlements();
  }
}

/** A channel that came up. */
interface Entered {
  readonly history: History | null;
  /** Lines without an id that were confirmed since: nobody knows whether this history shows them. */
  nameless: number;
}

type NewShipment = Parameters<RelayStore["ship"]>[0][number] & { readonly fault?: string };

const TOO_OLD = "older than OutboxMaxAge";

function isNameless(settlement: Settlement): boolean {
  return settlement.kind === "part" && settlement.messageId === null;
}

/** The port forbids it; to send such a part again would end the same way. */
function brokenPromise(thrown: unknown): Receipt {
  return {
    outcome: "rejected",
    reason: `unexpected fault of the program: ${describeError(thrown)}`,
  };
}
