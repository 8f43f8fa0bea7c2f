import { AsyncQueue } from "../../base/async_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Bridge, History, Receipt } from "../port/bridge.ts";
import type { ChannelId, EndpointId } from "../port/ids.ts";
import type { DropReason, RelayObserver } from "../port/observer.ts";
import type { Delivery, OutboxLimits, RelayStore, Settlement } from "../port/store.ts";
import { Announcer } from "./announcer.ts";
import type { PackingPolicy } from "./backlog.ts";
import { LATE_MS, Loader, type NewShipment } from "./loader.ts";
import { lookedThrough, readBack } from "./reconcile.ts";
import { ActiveShipment, renderableAnew } from "./shipment.ts";

interface WorkerOptions {
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

/**
 * Sends the deliveries of one endpoint, in order, and sees them through to their confirmation. One loop owns all its
 * state: bridge, store and core only put inputs into its queue.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #inputs = new AsyncQueue<Input>();
  readonly #loader: Loader;
  readonly #announcer: Announcer;
  /** Aborted when the channel goes down. Null while it is down. */
  #session: AbortController | null = null;
  /** The channel is up, and what was under way before is not taken up again yet. */
  #entered: { readonly history: History | null } | null = null;
  /** Parts that were handed to the bridge and have no receipt yet. */
  #flying = new Set<object>();
  #active: ActiveShipment[] = [];
  #settlements: Settlement[] = [];
  /** True from the first part that did not go well until the channel is up anew: nothing may overtake that part. */
  #held = false;
  #closing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#announcer = new Announcer({ ...options, wake: () => this.wake([]) });
    this.#loader = new Loader({ ...options, wake: () => this.wake([]) });
  }

  /** These deliveries were stored for this endpoint, behind all earlier ones. */
  wake(deliveries: readonly Delivery[]): void {
    this.#loader.add(deliveries);
    this.#inputs.push({ kind: "wake" });
  }

  /** Something for this endpoint was dropped: it is said there as soon as it can be. */
  dropped(): void {
    this.#loader.startAnew();
    this.#announcer.dropped();
    this.wake([]);
  }

  /** Some of what waits was taken back. */
  withdrawn(): void {
    this.#loader.startAnew();
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
    this.#entered = { history };
    if (this.#flying.size === 0) return;
    this.#options.clock.sleep(LONGEST_ANSWER_MS, session.signal).then(
      () => this.#inputs.push({ kind: "overdue", session }),
      () => {},
    );
  }

  /** Takes up again what was under way: finds out what arrived, sends the rest. */
  #resume(): void {
    if (this.#entered === null || this.#flying.size > 0) return;
    const { history } = this.#entered;
    this.#entered = null;
    this.#held = false;
    this.#loader.startAnew();
    this.#announcer.dropped();
    const { shipments, found } = readBack(this.#options, this.#active, history);
    if (shipments.length > 0) {
      this.#options.log.info(
        "{count} messages were in flight when the connection was lost; {found} parts were delivered",
        { count: shipments.length, found, history: history === null ? "none" : "known" },
      );
    }
    this.#takeUp(shipments);
    lookedThrough(this.#options, shipments, history);
  }

  #takeUp(all: readonly ActiveShipment[]): void {
    const nowMs = this.#options.clock.now();
    this.#active = [...all];
    for (const active of all) this.#settlements.push(...active.settleReady());
    const { maxAgeMs } = this.#options.limits();
    for (const active of all) {
      if (active.isOlderThan(nowMs - maxAgeMs)) this.#drop(active, TOO_OLD);
    }
    // So late that its time belongs to it: rendered anew, unless something behind it can't be.
    const anew = new Set(renderableAnew(this.#active, nowMs - LATE_MS));
    for (const active of [...this.#active]) {
      if (anew.has(active) || active.hasNothingToSend) this.#release(active);
      else this.#transmit(active);
      this.#conclude(active);
    }
    // The position is about to move behind all of these.
    for (const active of [...this.#active]) if (active.isDone) this.#end(active, "done");
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
    this.#settlements.push(...active.receive(index, receipt));
    if (receipt.outcome === "unknown" || receipt.outcome === "unsent") this.#hold(receipt.reason);
    this.#conclude(active);
  }

  /** Stops sending; if the channel does not go down by itself, a new connection must show what arrived. */
  #hold(reason: string): void {
    if (this.#held || this.#entered !== null) return;
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
    this.#end(active, "released");
    if (active.shipment.announces !== null) this.#announcer.unsaid();
    this.#loader.startAnew();
  }

  #done(active: ActiveShipment): void {
    active.isDone = true;
    this.#endInOrder();
    this.#announcer.delivered(active.shipment);
    const nowMs = this.#options.clock.now();
    for (const delivery of active.shipment.deliveries) {
      this.#options.observer.confirmed(delivery, nowMs);
    }
  }

  /**
   * What was shown while one before it is in doubt stays beside that one: which of two equal lines in a history is whose
   * is told by the order in which they were sent.
   */
  #endInOrder(): void {
    for (let [first] = this.#active; first?.isDone === true; [first] = this.#active) {
      this.#end(first, "done");
    }
  }

  /** It ends without having been shown: counted, logged, and announced where that is possible. */
  #drop(active: ActiveShipment, why: DropReason): void {
    const { endpoint, log, observer } = this.#options;
    const { deliveries } = active.shipment;
    const [first] = deliveries;
    this.#end(active, "rejected");
    if (first === undefined) return this.#announcer.refused(why.words);
    this.#announcer.dropped();
    const facts = { reason: why.words, count: deliveries.length };
    observer.about(first, () => log.warn("a message was not relayed: {reason}", facts));
    observer.dropped(endpoint, first.gateway, deliveries, why);
  }

  #end(active: ActiveShipment, kind: "done" | "rejected" | "released"): void {
    this.#settlements.push({ kind, shipment: active.shipment.id });
    this.#active = this.#active.filter((other) => other !== active);
    if (kind !== "done") this.#endInOrder();
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
    while (this.#entered === null && !this.#held && !this.#closing) {
      const open = this.#active.filter((active) => !active.isDone).length;
      const room = this.#options.bridge.capabilities.window - open;
      if (room <= 0 || this.#session === null) break;
      const { signal } = this.#session;
      const announcement = this.#announcer.next(signal);
      const batch = announcement === null ? this.#loader.next(room, signal) : [announcement];
      if (batch.length === 0) break;
      this.#ship(batch);
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

const TOO_OLD: DropReason = { cause: "limits", words: "older than OutboxMaxAge" };

/** The port forbids it; to send such a part again would end the same way. */
function brokenPromise(thrown: unknown): Receipt {
  return {
    outcome: "rejected",
    reason: `internal error, please report it: ${describeError(thrown)}`,
  };
}
