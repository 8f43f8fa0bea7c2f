import type { Row } from "./columns.ts";
import { type MessageRow, messageRow, NOBODYS } from "./copy_table.ts";
import type { StoreDatabase } from "./database.ts";
import { type DeliveryRow, deliveryRow, type Direction, shipmentRow } from "./outbox_table.ts";
import type { StoreState } from "./store_state.ts";

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
  known: StoreState,
): Carried {
  const carrier = new Carrier(from, to, known);
  return to.transaction("soon", () => carrier.run());
}

class Carrier {
  readonly #from: StoreDatabase | null;
  readonly #to: StoreDatabase;
  readonly #known: StoreState;
  readonly #deliveries = new Map<number, DeliveryRow>();
  readonly #shipments = new Set<number>();
  #complete: boolean;
  #highestId = 0;

  constructor(from: StoreDatabase | null, to: StoreDatabase, known: StoreState) {
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
    this.#read(() => {
      for (const [endpoint, own] of from.state.allOwn()) this.#to.state.setOwn(endpoint, own);
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
      const isWhole = deliveries.length > 0 || row.announces !== null;
      if (isWhole) this.#addShipment({ ...row, deliveries });
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

/**
 * Makes the database on the disk say what the one in memory says, in one transaction. What was on the disk and could
 * not be read when it was left stays there. Throws what the disk throws; then nothing has changed.
 */
export function bringBack(
  memory: StoreDatabase,
  disk: StoreDatabase,
  state: StoreState,
  stay: { readonly carried: Carried; readonly forgottenBeforeMs: number },
): void {
  const { carried, forgottenBeforeMs } = stay;
  disk.transaction("settled", () => {
    const ids = endpointIds(disk, state);
    const endpoint = (id: number) => ids.get(id) ?? id;
    disk.state.setNextId(memory.state.nextId());
    clearOutbox(disk, carried);
    for (const row of deliveriesOf(memory, state)) disk.outbox.addDelivery(moved(row, endpoint));
    for (const row of memory.outbox.shipments()) {
      disk.outbox.addShipment({ ...row, endpoint: endpoint(row.endpoint) });
    }
    for (const [id, cursor] of memory.state.cursors()) disk.state.setCursor(endpoint(id), cursor);
    for (const [id, own] of memory.state.allOwn()) disk.state.setOwn(endpoint(id), own);
    if (carried.dropped) disk.state.clearAllDropped();
    for (const [id, count] of memory.state.allDropped()) disk.state.addDropped(endpoint(id), count);
    for (const id of disk.links.takenBefore(forgottenBeforeMs, -1)) disk.links.removeMessage(id);
    for (const row of memory.links.all()) addMessage(memory, disk, row, endpoint);
    for (const link of memory.links.links(NOBODYS)) {
      disk.links.addLink({ ...link, endpoint: endpoint(link.endpoint) });
    }
  });
}

/** The disk's own number for each endpoint: it may never have been read since the start. */
function endpointIds(disk: StoreDatabase, state: StoreState): Map<number, number> {
  const byName = new Map([...disk.state.endpoints()].map(([id, name]) => [name, id]));
  let nextId = Math.max(0, ...byName.values(), ...state.endpoints().keys()) + 1;
  const ids = new Map<number, number>();
  const taken = new Set(byName.values());
  for (const [id, name] of state.endpoints()) {
    const known = byName.get(name) ?? (taken.has(id) ? nextId++ : id);
    disk.state.addEndpoint(known, name);
    ids.set(id, known);
  }
  return ids;
}

function clearOutbox(disk: StoreDatabase, carried: Carried): void {
  if (carried.complete) return disk.outbox.clear();
  for (const id of carried.shipments) disk.outbox.removeShipment(id);
  for (const [endpoint, id] of carried.deliveries) disk.outbox.removeDelivery(endpoint, id);
}

function* deliveriesOf(memory: StoreDatabase, state: StoreState): Iterable<DeliveryRow> {
  for (const endpoint of state.endpoints().keys()) {
    yield* memory.outbox.deliveriesAfter(endpoint, 0, -1);
  }
}

function moved(row: DeliveryRow, endpoint: (id: number) => number): DeliveryRow {
  const sourceEndpoint = row.sourceEndpoint === null ? null : endpoint(row.sourceEndpoint);
  return { ...row, endpoint: endpoint(row.endpoint), sourceEndpoint };
}

function addMessage(
  memory: StoreDatabase,
  disk: StoreDatabase,
  row: MessageRow,
  endpoint: (id: number) => number,
): void {
  const targets = row.targets.map(([delivery, id]) => [delivery, endpoint(id)] as const);
  const message = { ...row, endpoint: endpoint(row.endpoint), targets };
  // The one in memory knows what has become of it since.
  const older = disk.links.find(message.endpoint, message.name);
  if (older?.id === message.id) disk.links.setTargets(message.id, targets);
  else {
    if (older !== null) disk.links.removeMessage(older.id);
    disk.links.addMessage(message);
  }
  for (const link of memory.links.links(row.id)) {
    disk.links.addLink({ ...link, endpoint: endpoint(link.endpoint) });
  }
}
