import type { OpenState } from "./open_state.ts";
import { type DeliveryRow, deliveryRow, type Direction, shipmentRow } from "./outbox_table.ts";
import { messageRow } from "./link_table.ts";
import type { Row } from "./columns.ts";
import type { StoreDatabase } from "./store_database.ts";

/** So many of the messages taken over last are carried along, so that they are recognised when they come again. */
const RECENT_MESSAGES = 2_000;

/** What came along from the database that was left. */
export interface Carried {
  /** False when some of it could not be read. */
  readonly complete: boolean;
  /** [endpoint, id] of every delivery that came along. */
  readonly deliveries: readonly (readonly [number, number])[];
  /** Every shipment that came along. */
  readonly shipments: readonly number[];
  /** False when the counts of dropped messages could not be read. */
  readonly dropped: boolean;
}

/**
 * Copies what is open (outbox, shipments, cursors, counts, the latest messages) into an empty database, as far as it
 * can be read. `known` is what is in memory anyway, empty at the start. Throws only what `to` throws.
 */
export function carryOver(
  from: StoreDatabase | null,
  to: StoreDatabase,
  known: OpenState,
): Carried {
  const carrier = new Carrier(from, to, known);
  return to.transaction("soon", () => carrier.run());
}

class Carrier {
  readonly #from: StoreDatabase | null;
  readonly #to: StoreDatabase;
  readonly #known: OpenState;
  readonly #deliveries = new Map<number, DeliveryRow>();
  readonly #shipments = new Set<number>();
  #complete: boolean;
  #highestId = 0;

  constructor(from: StoreDatabase | null, to: StoreDatabase, known: OpenState) {
    this.#from = from;
    this.#to = to;
    this.#known = known;
    this.#complete = from !== null;
  }

  run(): Carried {
    for (const [id, name] of this.#known.endpoints()) this.#to.state.addEndpoint(id, name);
    for (const shipment of this.#known.shipments()) {
      for (const row of shipment.rows) this.#addDelivery(row);
      this.#addShipment({ ...shipment, deliveries: shipment.rows.map((row) => row.id) });
    }
    let dropped = false;
    if (this.#from !== null) {
      dropped = this.#state(this.#from);
      this.#outbox(this.#from);
      this.#messages(this.#from);
    }
    this.#to.state.setNextId(this.#highestId + 1);
    const deliveries = [...this.#deliveries.values()];
    return {
      complete: this.#complete,
      deliveries: deliveries.map((row) => [row.endpoint, row.id] as const),
      shipments: [...this.#shipments],
      dropped,
    };
  }

  #state(from: StoreDatabase): boolean {
    this.#read(() => {
      for (const [id, name] of from.state.endpoints()) {
        this.#known.addEndpoint(id, name);
        this.#to.state.addEndpoint(id, name);
      }
    });
    this.#read(() => this.#to.state.setNextId(from.state.nextId()));
    this.#read(() => {
      for (const [endpoint, cursor] of from.state.cursors()) {
        this.#to.state.setCursor(endpoint, cursor);
      }
    });
    return this.#read(() => {
      for (const [endpoint, count] of from.state.allDropped()) {
        this.#to.state.addDropped(endpoint, count);
      }
    });
  }

  #outbox(from: StoreDatabase): void {
    this.#bothWays((direction) => from.outbox.scan("delivery", direction), (raw) => {
      const row = deliveryRow(raw);
      // Decoded here, so that a row that can't be read is left behind.
      this.#known.delivery(row);
      this.#addDelivery(row);
    });
    this.#bothWays((direction) => from.outbox.scan("shipment", direction), (raw) => {
      const row = shipmentRow(raw);
      const deliveries = row.deliveries.filter((id) => this.#deliveries.has(id));
      if (deliveries.length > 0) this.#addShipment({ ...row, deliveries });
    });
  }

  #messages(from: StoreDatabase): void {
    for (const row of this.#deliveries.values()) {
      const source = row.source;
      if (source !== null) this.#read(() => this.#addMessage(from, source));
    }
    this.#read(() => {
      let count = 0;
      for (const raw of from.links.newest()) {
        this.#read(() => this.#addMessage(from, messageRow(raw).id));
        if (++count === RECENT_MESSAGES) break;
      }
    });
  }

  #addMessage(from: StoreDatabase, id: number): void {
    const message = from.links.message(id);
    if (message === null || this.#to.links.message(id) !== null) return;
    this.#highestId = Math.max(this.#highestId, id);
    // An endpoint whose name is lost would break every later look at this message.
    for (const target of [message.endpoint, ...message.targets.map((pair) => pair[1])]) {
      this.#known.name(target);
    }
    this.#to.links.addMessage(message);
    for (const link of from.links.links(id)) this.#to.links.addLink(link);
  }

  #addDelivery(row: DeliveryRow): void {
    if (this.#deliveries.has(row.id)) return;
    this.#highestId = Math.max(this.#highestId, row.id);
    this.#deliveries.set(row.id, row);
    this.#to.outbox.addDelivery(row);
  }

  #addShipment(row: Parameters<StoreDatabase["outbox"]["addShipment"]>[0]): void {
    this.#highestId = Math.max(this.#highestId, row.id);
    if (this.#shipments.has(row.id)) return;
    this.#shipments.add(row.id);
    this.#to.outbox.addShipment(row);
  }

  /** From both ends, so that a bad page in the middle hides only itself. */
  #bothWays(rows: (direction: Direction) => Iterable<Row>, take: (row: Row) => void): void {
    const pass = (direction: Direction) =>
      this.#read(() => {
        for (const row of rows(direction)) this.#read(() => take(row));
      });
    if (!pass("ASC")) pass("DESC");
  }

  /** False when the source could not be read to the end. */
  #read(work: () => void): boolean {
    try {
      work();
      return true;
    } catch {
      this.#complete = false;
      return false;
    }
  }
}
