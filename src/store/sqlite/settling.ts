import type { Logger } from "../../base/log.ts";
import { assertNever } from "../../base/types.ts";
import type { Settlement } from "../../relay/port/store.ts";
import { type Copies, NOBODYS } from "./copy_table.ts";
import type { StoreDatabase } from "./database.ts";
import type { StoreState, UnderWay } from "./store_state.ts";

type Ending = Exclude<Settlement["kind"], "part" | "refused">;
type Progress = Pick<UnderWay, "confirmed" | "refused">;

/** One batch of settlements inside one transaction; `apply` takes it into memory once that is committed. */
export class Settling {
  readonly #state: StoreState;
  readonly #database: StoreDatabase;
  readonly #copies: Copies;
  readonly #log: Logger;
  /** Confirmed parts, by endpoint. */
  readonly #shown = new Map<number, { all: number; nameless: number }>();
  /** How far the shipments of this batch are seen through, where that changed. */
  readonly #progress = new Map<UnderWay, Progress>();
  readonly #ended = new Map<UnderWay, Ending>();

  constructor(state: StoreState, database: StoreDatabase, copies: Copies, log: Logger) {
    this.#state = state;
    this.#database = database;
    this.#copies = copies;
    this.#log = log;
  }

  take(settlement: Settlement): void {
    const shipment = this.#state.shipment(settlement.shipment);
    // Settled before: late news of a shipment changes nothing.
    if (shipment === null || this.#ended.has(shipment)) return;
    const { kind } = settlement;
    switch (kind) {
      case "part":
        return this.#confirm(shipment, settlement.messageId);
      case "refused":
        return void this.#proceed(shipment, 1);
      case "done":
      case "rejected":
        return this.#remove(shipment, kind);
      case "released":
        return this.#release(shipment);
      default:
        return assertNever(kind);
    }
  }

  /** Writes what the batch left of shipments that go on. */
  finish(): void {
    for (const [shipment, progress] of this.#progress) {
      if (!this.#ended.has(shipment)) this.#database.outbox.setConfirmed(shipment.id, progress);
    }
    for (const [endpoint, { all, nameless }] of this.#shown) {
      this.#database.state.addOwn(endpoint, all, nameless);
    }
  }

  apply(state: StoreState): void {
    for (const [shipment, progress] of this.#progress) {
      const current = state.shipment(shipment.id);
      if (current !== null) Object.assign(current, progress);
    }
    for (const [shipment, ending] of this.#ended) {
      const current = state.shipment(shipment.id);
      if (current === null) continue;
      state.removeShipment(current);
      if (ending !== "released") state.count(current.endpoint, -current.rows.length);
    }
  }

  #confirm(shipment: UnderWay, messageId: string | null): void {
    const part = this.#proceed(shipment, 0);
    if (part === null) return;
    const { id, endpoint, rows } = shipment;
    const shown = this.#shown.get(endpoint) ?? { all: 0, nameless: 0 };
    this.#shown.set(endpoint, shown);
    // Topics, reactions and deletions stand in no history.
    if (shipment.parts[part]?.kind === "message") {
      shown.all++;
      if (messageId === null) shown.nameless++;
    }
    if (messageId === null) return;
    const copy = { part, endpoint, copy: messageId };
    // Also what nobody's message stands behind is remembered: it must not pass for another line of the same words.
    if (rows.length === 0) {
      this.#database.links.addLink({ ...copy, message: NOBODYS, delivery: id });
    }
    for (const row of rows) {
      const message = row.source ?? NOBODYS;
      this.#database.links.addLink({ ...copy, message, delivery: row.id });
    }
  }

  #remove(shipment: UnderWay, ending: "done" | "rejected"): void {
    this.#ended.set(shipment, ending);
    this.#database.outbox.removeShipment(shipment.id);
    const announced = shipment.announces?.dropped ?? 0;
    const dropped = ending === "done" ? -announced : shipment.rows.length;
    if (dropped !== 0) this.#database.state.addDropped(shipment.endpoint, dropped);
    const { confirmed, refused } = this.#progressOf(shipment);
    const isShown = confirmed > refused;
    for (const row of shipment.rows) {
      this.#database.outbox.removeDelivery(shipment.endpoint, row.id);
      if (ending === "done" || row.source === null || isShown) continue;
      this.#copies.changeTargets(
        this.#database,
        row.source,
        (targets) => targets.filter(([delivery]) => delivery !== row.id),
      );
    }
  }

  #release(shipment: UnderWay): void {
    if (this.#progressOf(shipment).confirmed > 0) {
      this.#log.error(
        "Cannot release shipment {shipment}: some of it has arrived; it stays under way",
        { shipment: shipment.id },
      );
      return;
    }
    this.#ended.set(shipment, "released");
    this.#database.outbox.removeShipment(shipment.id);
  }

  /** One part further. Answers its index; null where there is none. */
  #proceed(shipment: UnderWay, refused: number): number | null {
    const before = this.#progressOf(shipment);
    const part = before.confirmed;
    if (part >= shipment.parts.length) return null;
    this.#progress.set(shipment, {
      confirmed: part + 1,
      refused: before.refused + refused,
    });
    return part;
  }

  #progressOf(shipment: UnderWay): Progress {
    return this.#progress.get(shipment) ?? shipment;
  }
}
