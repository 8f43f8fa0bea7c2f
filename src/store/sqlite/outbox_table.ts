import type { DatabaseSync } from "node:sqlite";
import type { Part } from "../../relay/port/bridge.ts";
import type { Announcement, Delivery } from "../../relay/port/store.ts";
import {
  isNumbers,
  isParts,
  jsonIn,
  numberIn,
  numberOrNullIn,
  type Row,
  scan,
  textIn,
  textOrNullIn,
  toText,
} from "./columns.ts";

/** A row of `delivery`. `outgoing` is JSON; `source` is the row of the message that it relays. */
export interface DeliveryRow {
  readonly endpoint: number;
  readonly id: number;
  readonly acceptedAtMs: number;
  readonly gateway: string;
  readonly speaker: string | null;
  readonly source: number | null;
  readonly sourceEndpoint: number | null;
  readonly sourceName: string | null;
  readonly outgoing: string;
}

interface ShipmentRow {
  readonly id: number;
  readonly endpoint: number;
  readonly deliveries: readonly number[];
  readonly parts: readonly Part[];
  readonly announces: Announcement | null;
  readonly confirmed: number;
  readonly refused: number;
}

export type Direction = "ASC" | "DESC";

/** Statements on `delivery` and `shipment`: rows only, no rules. */
export class OutboxTable {
  readonly #handle: DatabaseSync;
  readonly #insertDelivery;
  readonly #deleteDelivery;
  readonly #setOutgoing;
  readonly #delivery;
  readonly #deliveriesAfter;
  readonly #deliveriesInTurns;
  readonly #deliveriesOfMost;
  readonly #deliveriesBefore;
  readonly #insertShipment;
  readonly #confirm;
  readonly #deleteShipment;

  constructor(handle: DatabaseSync) {
    this.#handle = handle;
    this.#insertDelivery = handle.prepare(
      "INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#deleteDelivery = handle.prepare("DELETE FROM delivery WHERE endpoint = ? AND id = ?");
    this.#setOutgoing = handle.prepare(
      "UPDATE delivery SET outgoing = ? WHERE endpoint = ? AND id = ?",
    );
    this.#delivery = handle.prepare("SELECT * FROM delivery WHERE endpoint = ? AND id = ?");
    this.#deliveriesAfter = handle.prepare(
      "SELECT * FROM delivery WHERE endpoint = ? AND id > ? ORDER BY id LIMIT ?",
    );
    this.#deliveriesInTurns = handle.prepare(
      "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY ltrim(speaker, '~') ORDER BY id) AS turn " +
        "FROM delivery WHERE endpoint = ?) ORDER BY turn, id LIMIT ?",
    );
    this.#deliveriesOfMost = handle.prepare(
      "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY ltrim(speaker, '~') ORDER BY id DESC) AS place " +
        "FROM delivery WHERE endpoint = ?) ORDER BY place DESC, id LIMIT ?",
    );
    this.#deliveriesBefore = handle.prepare("SELECT * FROM delivery WHERE accepted_at < ?");
    this.#insertShipment = handle.prepare(
      "INSERT INTO shipment VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#confirm = handle.prepare("UPDATE shipment SET confirmed = ?, refused = ? WHERE id = ?");
    this.#deleteShipment = handle.prepare("DELETE FROM shipment WHERE id = ?");
  }

  addDelivery(row: DeliveryRow): void {
    this.#insertDelivery.run(
      row.endpoint,
      row.id,
      row.acceptedAtMs,
      toText(row.gateway),
      row.speaker === null ? null : toText(row.speaker),
      row.source,
      row.sourceEndpoint,
      row.sourceName === null ? null : toText(row.sourceName),
      row.outgoing,
    );
  }

  removeDelivery(endpoint: number, id: number): void {
    this.#deleteDelivery.run(endpoint, id);
  }

  setOutgoing({ endpoint, id, outgoing }: DeliveryRow): void {
    this.#setOutgoing.run(outgoing, endpoint, id);
  }

  delivery(endpoint: number, id: number): DeliveryRow | null {
    const row = this.#delivery.get(endpoint, id);
    return row === undefined ? null : deliveryRow(row);
  }

  /** Deliveries of an endpoint with ids above `after`, oldest first. */
  deliveriesAfter(endpoint: number, after: number, limit: number): DeliveryRow[] {
    return this.#deliveriesAfter.all(endpoint, after, limit).map(deliveryRow);
  }

  /** The first deliveries of every speaker at an endpoint, then the second ones … */
  deliveriesInTurns(endpoint: number, limit: number): DeliveryRow[] {
    return this.#deliveriesInTurns.all(endpoint, limit).map(deliveryRow);
  }

  /** The oldest deliveries of whoever has the most at an endpoint, until all have as many; then the oldest of all. */
  deliveriesOfMost(endpoint: number, limit: number): DeliveryRow[] {
    return this.#deliveriesOfMost.all(endpoint, limit).map(deliveryRow);
  }

  /** Deliveries of all endpoints that were accepted before this instant, in no order. */
  deliveriesBefore(acceptedAtMs: number): DeliveryRow[] {
    return this.#deliveriesBefore.all(acceptedAtMs).map(deliveryRow);
  }

  /** Counts of deliveries by endpoint. */
  counts(): Map<number, number> {
    const rows = this.#handle.prepare(
      "SELECT endpoint, count(*) AS count FROM delivery GROUP BY endpoint",
    ).all();
    return new Map(rows.map((row) => [numberIn(row, "endpoint"), numberIn(row, "count")]));
  }

  addShipment(row: ShipmentRow): void {
    this.#insertShipment.run(
      row.id,
      row.endpoint,
      JSON.stringify(row.deliveries),
      JSON.stringify(row.parts),
      row.confirmed,
      row.announces?.dropped ?? null,
      row.announces?.atMs ?? null,
      row.refused,
    );
  }

  setConfirmed(
    shipment: number,
    { confirmed, refused }: Pick<ShipmentRow, "confirmed" | "refused">,
  ): void {
    this.#confirm.run(confirmed, refused, shipment);
  }

  removeShipment(shipment: number): void {
    this.#deleteShipment.run(shipment);
  }

  shipments(): ShipmentRow[] {
    return this.#handle.prepare("SELECT * FROM shipment ORDER BY id").all().map(shipmentRow);
  }

  /** Undecoded rows of a table by its key, from one end or the other: see `scan`. */
  scan(table: "delivery" | "shipment", direction: Direction): Iterable<Row> {
    const [than, from] = direction === "ASC" ? [">", -1] : ["<", Number.MAX_SAFE_INTEGER];
    const key = table === "delivery" ? ["endpoint", "id"] : ["id"];
    const statement = this.#handle.prepare(
      `SELECT * FROM ${table} WHERE (${key.join(", ")}) ${than} (${
        key.map(() => "?").join(", ")
      }) ` +
        `ORDER BY ${key.map((column) => `${column} ${direction}`).join(", ")} LIMIT ?`,
    );
    return scan((last, limit) =>
      statement.all(...key.map((column) => last === null ? from : numberIn(last, column)), limit)
    );
  }

  clear(): void {
    this.#handle.exec("DELETE FROM delivery; DELETE FROM shipment");
  }
}

/** A delivery as a row, with the numbers that stand for its names. */
export function toRow(
  delivery: Delivery,
  numbers: Pick<DeliveryRow, "endpoint" | "source" | "sourceEndpoint">,
): DeliveryRow {
  return {
    ...numbers,
    id: delivery.id,
    acceptedAtMs: delivery.acceptedAtMs,
    gateway: delivery.gateway,
    speaker: delivery.speaker,
    sourceName: delivery.source === null ? null : delivery.source.id,
    outgoing: JSON.stringify(delivery.outgoing),
  };
}

/** Throws DamagedRowError. */
export function deliveryRow(row: Row): DeliveryRow {
  return {
    endpoint: numberIn(row, "endpoint"),
    id: numberIn(row, "id"),
    acceptedAtMs: numberIn(row, "accepted_at"),
    gateway: textIn(row, "gateway"),
    speaker: textOrNullIn(row, "speaker"),
    source: numberOrNullIn(row, "source"),
    sourceEndpoint: numberOrNullIn(row, "source_endpoint"),
    sourceName: textOrNullIn(row, "source_name"),
    outgoing: textIn(row, "outgoing"),
  };
}

/** Throws DamagedRowError. */
export function shipmentRow(row: Row): ShipmentRow {
  const dropped = numberOrNullIn(row, "announces");
  return {
    id: numberIn(row, "id"),
    endpoint: numberIn(row, "endpoint"),
    deliveries: jsonIn(row, "deliveries", isNumbers),
    parts: jsonIn(row, "parts", isParts),
    announces: dropped === null ? null : { dropped, atMs: numberIn(row, "announced_at") },
    confirmed: numberIn(row, "confirmed"),
    refused: numberIn(row, "refused"),
  };
}
