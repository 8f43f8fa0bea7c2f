import type { Part } from "../../relay/port/bridge.ts";
import type { EndpointId, MessageId } from "../../relay/port/ids.ts";
import type {
  Announcement,
  Delivery,
  DeliveryId,
  Shipment,
  ShipmentId,
} from "../../relay/port/store.ts";
import { isOutgoing } from "./columns.ts";
import type { StoreDatabase } from "./database.ts";
import type { DeliveryRow } from "./outbox_table.ts";
import { DamagedRowError } from "./store_fault.ts";

/** A shipment that is not settled. */
export interface UnderWay {
  readonly id: number;
  readonly endpoint: number;
  readonly rows: readonly DeliveryRow[];
  readonly deliveries: readonly Delivery[];
  readonly parts: readonly Part[];
  readonly announces: Announcement | null;
  confirmed: number;
  refused: number;
}

/**
 * What is asked for all the time, kept in memory beside the database: names, counts and the few shipments under way.
 * It is changed only after the transaction that says the same has been committed.
 */
export class StoreState {
  readonly #names = new Map<number, EndpointId>();
  readonly #endpoints = new Map<EndpointId, number>();
  readonly #outbox = new Map<number, number>();
  readonly #shipments = new Map<number, UnderWay>();
  readonly #shipped = new Map<number, Set<number>>();

  /** Reads it from a database; throws DamagedRowError where the tables contradict each other. */
  static load(database: StoreDatabase): StoreState {
    const state = new StoreState();
    for (const [id, name] of database.state.endpoints()) state.addEndpoint(id, name);
    for (const [endpoint, count] of database.outbox.counts()) state.count(endpoint, count);
    for (const row of database.outbox.shipments()) {
      const rows = row.deliveries.map((id) => {
        const delivery = database.outbox.delivery(row.endpoint, id);
        if (delivery !== null) return delivery;
        throw new DamagedRowError(`Cannot find delivery ${id} of shipment ${row.id}`);
      });
      const deliveries = rows.map((delivery) => state.delivery(delivery));
      state.addShipment({ ...row, rows, deliveries });
    }
    return state;
  }

  addEndpoint(id: number, name: EndpointId): void {
    this.#names.set(id, name);
    this.#endpoints.set(name, id);
  }

  endpoint(name: EndpointId): number | null {
    return this.#endpoints.get(name) ?? null;
  }

  endpoints(): ReadonlyMap<number, EndpointId> {
    return this.#names;
  }

  /** Throws DamagedRowError: a row speaks of an endpoint that has no name. */
  name(endpoint: number): EndpointId {
    const name = this.#names.get(endpoint);
    if (name !== undefined) return name;
    throw new DamagedRowError(`Cannot find the name of endpoint ${endpoint}`);
  }

  /** Changes the count of deliveries in an endpoint's outbox. */
  count(endpoint: number, change: number): void {
    this.#outbox.set(endpoint, (this.#outbox.get(endpoint) ?? 0) + change);
  }

  /** Deliveries in no shipment, by endpoint. */
  waiting(endpoint: number): number {
    return (this.#outbox.get(endpoint) ?? 0) - (this.#shipped.get(endpoint)?.size ?? 0);
  }

  /** Deliveries in the outbox, in a shipment or not; of all endpoints when none is named. */
  outboxSize(endpoint?: number): number {
    if (endpoint !== undefined) return this.#outbox.get(endpoint) ?? 0;
    let size = 0;
    for (const count of this.#outbox.values()) size += count;
    return size;
  }

  outboxSizes(): ReadonlyMap<number, number> {
    return this.#outbox;
  }

  addShipment(shipment: UnderWay): void {
    this.#shipments.set(shipment.id, shipment);
    const shipped = this.#shipped.get(shipment.endpoint) ?? new Set();
    for (const row of shipment.rows) shipped.add(row.id);
    this.#shipped.set(shipment.endpoint, shipped);
  }

  removeShipment(shipment: UnderWay): void {
    this.#shipments.delete(shipment.id);
    for (const row of shipment.rows) this.#shipped.get(shipment.endpoint)?.delete(row.id);
  }

  /** A delivery under way has a new content. */
  replaceShipped(row: DeliveryRow): void {
    for (const shipment of this.shipments()) {
      const at = shipment.rows.findIndex(({ id }) => id === row.id);
      if (at === -1) continue;
      const rows = shipment.rows.with(at, row);
      const deliveries = shipment.deliveries.with(at, this.delivery(row));
      this.#shipments.set(shipment.id, { ...shipment, rows, deliveries });
    }
  }

  shipment(id: number): UnderWay | null {
    return this.#shipments.get(id) ?? null;
  }

  /** All shipments under way, oldest first. */
  shipments(): readonly UnderWay[] {
    return [...this.#shipments.values()];
  }

  /** Ids of an endpoint's deliveries that are in a shipment. */
  shipped(endpoint: number): ReadonlySet<number> {
    return this.#shipped.get(endpoint) ?? NOTHING;
  }

  /** Throws DamagedRowError. */
  delivery(row: DeliveryRow): Delivery {
    const outgoing: unknown = parse(row.outgoing);
    if (!isOutgoing(outgoing)) {
      throw new DamagedRowError(`Cannot read delivery ${row.id}: it is not what was written`);
    }
    const source = row.sourceEndpoint === null || row.sourceName === null
      ? null
      : { endpoint: this.name(row.sourceEndpoint), id: row.sourceName as MessageId };
    return {
      id: row.id as DeliveryId,
      acceptedAtMs: row.acceptedAtMs,
      endpoint: this.name(row.endpoint),
      outgoing,
      source,
      gateway: row.gateway,
      speaker: row.speaker,
    };
  }

  toShipment(underWay: UnderWay, doubtful: boolean): Shipment {
    return {
      id: underWay.id as ShipmentId,
      endpoint: this.name(underWay.endpoint),
      deliveries: underWay.deliveries,
      parts: underWay.parts,
      announces: underWay.announces,
      confirmed: underWay.confirmed,
      refused: underWay.refused,
      doubtful,
    };
  }
}

const NOTHING: ReadonlySet<number> = new Set();

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Ids are reserved on the disk in blocks, so that taking one costs nothing. */
const BLOCK = 10_000;

/** One ascending sequence of ids: none is given out twice, also not by a later run. */
export class IdSequence {
  #next: number;
  #reserved: number;

  /** `next` is the first id that no run has reserved; up to `reserved` is reserved for this sequence. */
  constructor(next: number, reserved: number = next) {
    this.#next = next;
    this.#reserved = reserved;
  }

  /** The end of what is reserved: a database without this sequence's past must start here. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Makes sure that `count` ids can be taken; `store` writes down the new end of what is reserved. */
  reserve(count: number, store: (reserved: number) => void): void {
    if (this.#next + count <= this.#reserved) return;
    const reserved = this.#next + Math.max(count, BLOCK);
    store(reserved);
    this.#reserved = reserved;
  }

  take(): number {
    return this.#next++;
  }
}
