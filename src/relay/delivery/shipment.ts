import { isNothing, type Receipt } from "../port/bridge.ts";
import type { MessageId } from "../port/ids.ts";
import type { Settlement, Shipment } from "../port/store.ts";

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
  /** What was confirmed before is none of this one's: it is counted at the endpoint. */
  readonly #from: number;
  #settled: number;
  /** All of it was shown. */
  isDone = false;

  /** `from`: parts before this one left before the endpoint's history was last looked through. */
  constructor(
    readonly shipment: Shipment,
    arrived: Arrived = new Map(),
    from: number = shipment.confirmed,
  ) {
    this.#from = from;
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

  /** The settlements of parts whose turn has come. */
  settleReady(): Settlement[] {
    const settlements: Settlement[] = [];
    for (; this.#settled < this.#receipts.length; this.#settled++) {
      const receipt = this.#receipts[this.#settled];
      if (receipt === null || receipt === undefined) break;
      const shipment = this.shipment.id;
      if (receipt.outcome === "confirmed") {
        settlements.push({ kind: "part", shipment, messageId: receipt.id });
      } else if (receipt.outcome === "rejected") settlements.push({ kind: "refused", shipment });
      else break;
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
    if (rejected !== undefined) return { kind: "rejected", reason: rejected.reason };
    return this.shipment.refused > 0
      ? { kind: "rejected", reason: "a part of it was refused" }
      : { kind: "done" };
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

  /** The ids of all parts that were shown to this process. */
  shownIds(): readonly MessageId[] {
    return this.#receipts.flatMap((receipt) =>
      receipt?.outcome === "confirmed" && receipt.id !== null ? [receipt.id] : []
    );
  }

  /** What is known of a part: "shown" without knowing whether with an id; "of no matter" where no line can be its own. */
  fate(index: number): { readonly id: MessageId | null } | "shown" | "doubtful" | "of no matter" {
    if (index < this.#from) return "of no matter";
    const receipt = this.#receipts[index];
    if (receipt?.outcome === "confirmed") return receipt;
    if (receipt?.outcome === "rejected") return "of no matter";
    if (index >= this.shipment.confirmed) return "doubtful";
    // Which of them was refused is not known.
    return this.shipment.refused === 0 ? "shown" : "of no matter";
  }

  isSettled(index: number): boolean {
    return index < this.#settled;
  }

  /**
   * True when nothing of it was shown, and all that it relays was taken back or could not be rendered before the process
   * died: that is seen, and counted, when it is tried again.
   */
  get hasNothingToSend(): boolean {
    const { deliveries, parts } = this.shipment;
    const isWithdrawn = deliveries.every(({ outgoing }) => isNothing(outgoing));
    return this.isUnseen && deliveries.length > 0 && (isWithdrawn || parts.length === 0);
  }

  /** As far as anybody knows. */
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

/** The parts of one shipment that turned out to have arrived: index of the part -> its id at the service. */
export type Arrived = ReadonlyMap<number, MessageId | null>;

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
