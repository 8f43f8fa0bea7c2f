import {
  type Bridge,
  type HistoryMessage,
  isNothing,
  type Part,
  type Receipt,
  type WireText,
} from "../port/bridge.ts";
import type { MessageId } from "../port/ids.ts";
import type { OwnPosition, Settlement, Shipment } from "../port/store.ts";

/** What a shipment came to, once every part has its receipt. */
type ShipmentEnd =
  | { readonly kind: "done" }
  | { readonly kind: "rejected"; readonly reason: string }
  /** Some part is unsent or unknown: to be resumed when the channel is up again. */
  | { readonly kind: "open" };

/**
 * The receipts of one shipment under way. Turns them into settlements in the order of the parts, however the receipts
 * come in. Pure bookkeeping: it sends nothing and stores nothing.
 */
export class ActiveShipment {
  readonly #receipts: (Receipt | null)[];
  #settled: number;

  constructor(readonly shipment: Shipment, arrived: Arrived = new Map()) {
    this.#settled = shipment.confirmed;
    this.#receipts = shipment.parts.map((_, index) => {
      const id = arrived.get(index);
      return id === undefined ? null : { outcome: "confirmed", id };
    });
  }

  /** Indexes of the parts that must be sent, in order. */
  unsent(): number[] {
    return this.#receipts.flatMap((receipt, index) =>
      index >= this.#settled && receipt === null ? [index] : []
    );
  }

  /** Takes a receipt; answers the parts that can be settled now. */
  receive(index: number, receipt: Receipt): Settlement[] {
    this.#receipts[index] = receipt;
    return this.settleReady();
  }

  /** The settlements of confirmed parts whose turn has come. */
  settleReady(): Settlement[] {
    const settlements: Settlement[] = [];
    for (; this.#settled < this.#receipts.length; this.#settled++) {
      const receipt = this.#receipts[this.#settled];
      if (receipt === null || receipt === undefined) break;
      if (receipt.outcome === "rejected") continue;
      if (receipt.outcome !== "confirmed") break;
      settlements.push({ kind: "part", shipment: this.shipment.id, messageId: receipt.id });
    }
    return settlements;
  }

  /** How it ended; null while a receipt is missing. */
  end(): ShipmentEnd | null {
    const receipts: Receipt[] = [];
    for (const receipt of this.#receipts.slice(this.shipment.confirmed)) {
      if (receipt === null) return null;
      receipts.push(receipt);
    }
    if (receipts.some(isOpen)) return { kind: "open" };
    const rejected = receipts.find((receipt) => receipt.outcome === "rejected");
    return rejected === undefined
      ? { kind: "done" }
      : { kind: "rejected", reason: rejected.reason };
  }

  /** True when something of it must be sent and all of it was written before this instant. */
  isOlderThan(atMs: number): boolean {
    const { deliveries } = this.shipment;
    return deliveries.length > 0 && this.unsent().length > 0 &&
      deliveries.every((delivery) => delivery.acceptedAtMs < atMs);
  }

  /** Parts that were shown although one before them was not: nobody else remembers these. */
  shownAhead(): Arrived {
    return new Map(
      this.#receipts.flatMap((receipt, index) =>
        index >= this.#settled && receipt?.outcome === "confirmed" ? [[index, receipt.id]] : []
      ),
    );
  }

  /** True when all that it relays was taken back. */
  get isWithdrawn(): boolean {
    const { deliveries } = this.shipment;
    return deliveries.length > 0 && deliveries.every(({ outgoing }) => isNothing(outgoing));
  }

  /** True when nothing of it was shown, as far as anybody knows. */
  get isUnseen(): boolean {
    return this.shipment.confirmed === 0 && this.#receipts.every((receipt) => receipt === null);
  }

  /** True when certainly nothing of it has left: it may wait again as if never rendered. */
  untouched(): boolean {
    return !this.shipment.doubtful && this.shipment.confirmed === 0 &&
      this.#receipts.every((receipt) => receipt?.outcome === "unsent");
  }
}

function isOpen(receipt: Receipt): boolean {
  return receipt.outcome === "unsent" || receipt.outcome === "unknown";
}

/** One of our own messages, as the service's history shows it. */
type OwnMessage = Extract<HistoryMessage, { own: true }>;

/** The parts of one shipment that turned out to have arrived: index of the part -> its id at the service. */
export type Arrived = ReadonlyMap<number, MessageId | null>;

/** For each part the texts under which the service may show it. */
export function textsShownBy(bridge: Bridge): (part: Part) => readonly WireText[] {
  return (part) => bridge.shownAs?.(part) ?? [part.wire];
}

/**
 * Finds out which unconfirmed parts arrived, by what the service's history shows of us. Parts leave in order, so each
 * part is looked for behind the one before it; of two equal texts the first stands for the first. `shownAs` tells the
 * texts under which a part may be shown.
 *
 * Answers one map for each shipment, in order.
 */
export function reconcile(
  shipments: readonly Shipment[],
  lines: OwnLines,
  shownAs: (part: Part) => readonly WireText[] = (part) => [part.wire],
): Arrived[] {
  const found = shipments.map(() => new Map<number, MessageId | null>());
  const missing = shipments.flatMap(({ parts, confirmed }, shipment) =>
    parts.slice(confirmed).map((part, at) => ({ part, shipment, index: confirmed + at }))
  );
  const used = new Set<OwnMessage>();
  const look = (candidates: readonly OwnMessage[], most: number) => {
    let from = 0;
    for (const { part, shipment, index } of missing) {
      if (used.size >= most) return;
      if (found[shipment]?.has(index) === true) continue;
      const wires = shownAs(part);
      const at = candidates.findIndex((message, place) =>
        place >= from && !used.has(message) && wires.includes(message.wire)
      );
      const message = candidates[at];
      if (message === undefined) continue;
      found[shipment]?.set(index, message.id);
      used.add(message);
      from = at + 1;
    }
  };
  look(lines.open, Infinity);
  // A part that arrived may stand before one that was confirmed. How many arrived is known, whichever they are.
  look(lines.others, lines.arrived);
  return found;
}

/** Our own lines in a history, as far as they are not known by their ids. */
interface OwnLines {
  /** As many behind the position as were confirmed since: most likely these very ones. */
  readonly others: readonly OwnMessage[];
  /** What stands behind them: most likely the doubtful ones. */
  readonly open: readonly OwnMessage[];
  /** How many of all these nobody confirmed. */
  readonly arrived: number;
}

/**
 * Our own lines that may stand for a doubtful part. What was confirmed with an id is known by it; of the rest all up to the
 * position, and as many behind it as were confirmed since. Never by their words: people say the same thing twice.
 */
export function ownLines(
  own: readonly OwnMessage[],
  position: OwnPosition | null,
  isOwn: (id: MessageId) => boolean,
): OwnLines {
  const all = unidentified(own, position, isOwn);
  const hasIds = own.some(({ id }) => id !== null);
  const confirmed = (hasIds ? position?.nameless : position?.since) ?? 0;
  return {
    others: all.slice(0, confirmed),
    open: all.slice(confirmed),
    arrived: Math.max(0, all.length - confirmed),
  };
}

/** Our own lines behind the position, but for those that are known by their id. */
function unidentified(
  own: readonly OwnMessage[],
  position: OwnPosition | null,
  isOwn: (id: MessageId) => boolean,
): readonly OwnMessage[] {
  let left = position?.count ?? 0;
  return own.filter(({ id, atMs }) => {
    if (id !== null && isOwn(id)) return false;
    if (position === null || atMs > position.atMs) return true;
    // Where receipts tell ids, a line whose id is not known is in doubt, wherever it stands.
    if (id !== null && position.since > position.nameless) return true;
    return atMs === position.atMs && --left < 0;
  });
}

/** The position, with parts that were confirmed and not settled yet, by their ids. */
export function withConfirmed(
  position: OwnPosition | null,
  ids: readonly (MessageId | null)[],
): OwnPosition | null {
  if (position === null) return null;
  const nameless = ids.filter((id) => id === null).length;
  return {
    ...position,
    since: position.since + ids.length,
    nameless: position.nameless + nameless,
  };
}

/** The position behind all lines of this history; what was confirmed and it does not show yet counts on. */
export function positionBehind(
  own: readonly OwnMessage[],
  position: OwnPosition | null,
  isOwn: (id: MessageId) => boolean,
): OwnPosition {
  const all = unidentified(own, position, isOwn);
  const left = (count = 0) => Math.max(0, count - all.length);
  const counts = { since: left(position?.since), nameless: left(position?.nameless) };
  const atMs = all.at(-1)?.atMs;
  if (atMs === undefined) return { atMs: 0, count: 0, ...position, ...counts };
  const isSame = ({ id, atMs: at }: OwnMessage) => at === atMs && !(id !== null && isOwn(id));
  return { atMs, count: own.filter(isSame).length, ...counts };
}

/**
 * Shipments of which nothing was shown and that were written before `lateMs`: they may be rendered anew, as long as all
 * that must be sent behind them may be too, so that the order stays.
 */
export function renderableAnew(
  shipments: readonly ActiveShipment[],
  lateMs: number,
): readonly ActiveShipment[] {
  const open = shipments.filter((active) => active.unsent().length > 0);
  const first = open.findLastIndex((active) => !(active.isUnseen && active.isOlderThan(lateMs)));
  return open.slice(first + 1);
}
