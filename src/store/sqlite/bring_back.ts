import type { Carried } from "./carry_over.ts";
import type { MessageRow } from "./link_table.ts";
import type { OpenState } from "./open_state.ts";
import type { DeliveryRow } from "./outbox_table.ts";
import type { StoreDatabase } from "./store_database.ts";

/**
 * Makes the database on the disk say what the one in memory says, in one transaction. What was on the disk and could
 * not be read when it was left stays there. Throws what the disk throws; then nothing has changed.
 */
export function bringBack(
  memory: StoreDatabase,
  disk: StoreDatabase,
  state: OpenState,
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
    if (carried.dropped) disk.state.clearAllDropped();
    for (const [id, count] of memory.state.allDropped()) disk.state.addDropped(endpoint(id), count);
    for (const id of disk.links.takenBefore(forgottenBeforeMs, -1)) disk.links.removeMessage(id);
    for (const row of memory.links.all()) addMessage(memory, disk, row, endpoint);
  });
}

/** The disk's own number for each endpoint: it may never have been read since the start. */
function endpointIds(disk: StoreDatabase, state: OpenState): Map<number, number> {
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

function* deliveriesOf(memory: StoreDatabase, state: OpenState): Iterable<DeliveryRow> {
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
