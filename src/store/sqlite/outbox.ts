import type { Logger } from "../../base/log.ts";
import type { Outgoing } from "../../relay/port/bridge.ts";
import type { EndpointId } from "../../relay/port/ids.ts";
import type {
  Delivery,
  DeliveryId,
  OutboxLevel,
  OutboxLimits,
  RelayStore,
  Settlement,
  Shipment,
  SourceRef,
} from "../../relay/port/store.ts";
import type { Copies } from "./copy_table.ts";
import type { StoreDatabase } from "./database.ts";
import type { Failover } from "./failover.ts";
import { type DeliveryRow, toRow } from "./outbox_table.ts";
import { Settling } from "./settling.ts";
import type { UnderWay } from "./store_state.ts";

type NewShipment = Parameters<RelayStore["ship"]>[0][number];

interface Shipped {
  readonly shipment: UnderWay;
  /** How many of its deliveries had to be put back into the outbox. */
  readonly restored: number;
}

/** Deliveries from acceptance to the end: waiting, under way, settled or dropped. */
export class Outbox {
  readonly #failover: Failover;
  readonly #copies: Copies;
  readonly #log: Logger;

  constructor(failover: Failover, copies: Copies, log: Logger) {
    this.#failover = failover;
    this.#copies = copies;
    this.#log = log;
  }

  waiting(name: EndpointId, after: DeliveryId | null, limit: number): readonly Delivery[] {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(name);
      if (endpoint === null || this.#failover.state.waiting(endpoint) === 0) return [];
      return this.#rows(database, endpoint, after ?? 0, limit)
        .map((row) => this.#failover.state.delivery(row));
    });
  }

  waitingInTurns(name: EndpointId, limit: number): readonly Delivery[] {
    return this.#failover.read((database) => {
      const { state } = this.#failover;
      const endpoint = state.endpoint(name);
      if (endpoint === null || state.waiting(endpoint) === 0) return [];
      const shipped = state.shipped(endpoint);
      return database.outbox.deliveriesInTurns(endpoint, limit + shipped.size)
        .filter((row) => !shipped.has(row.id)).slice(0, limit)
        .map((row) => state.delivery(row));
    });
  }

  underWay(name: EndpointId): readonly Shipment[] {
    return this.#failover.read(() => {
      const state = this.#failover.state;
      const endpoint = state.endpoint(name);
      return state.shipments().filter((shipment) => shipment.endpoint === endpoint)
        .map((shipment) => state.toShipment(shipment, true));
    });
  }

  ship(batch: readonly NewShipment[]): readonly Shipment[] {
    if (batch.length === 0) return [];
    this.#failover.reserveIds(batch.length);
    const shipments = this.#failover.write(
      "soon",
      batch.map((item) => item.endpoint),
      (database) => batch.map((item) => this.#shipOne(database, item)),
      (added) => {
        for (const { shipment, restored } of added) {
          this.#failover.state.count(shipment.endpoint, restored);
          this.#failover.state.addShipment(shipment);
        }
      },
    );
    return shipments.map(({ shipment }) => this.#failover.state.toShipment(shipment, false));
  }

  settle(batch: readonly Settlement[]): void {
    if (batch.length === 0) return;
    this.#failover.write("settled", [], (database) => {
      const settling = new Settling(this.#failover.state, database, this.#copies, this.#log);
      for (const settlement of batch) settling.take(settlement);
      settling.finish();
      return settling;
    }, (settling) => settling.apply(this.#failover.state));
  }

  trim(limits: OutboxLimits, nowMs: number): readonly Delivery[] {
    const olderThanMs = nowMs - limits.maxAgeMs;
    const find = (database: StoreDatabase) => this.#overLimits(database, limits, olderThanMs);
    this.#failover.syncOverdue();
    // Mostly there is nothing to do, and that needs no transaction.
    if (this.#failover.read(find).length === 0) return [];
    return this.#failover.write("settled", [], (database) => {
      const dropped = find(database);
      for (const row of dropped) this.#drop(database, row);
      return dropped;
    }, (dropped) => {
      for (const row of dropped) this.#failover.state.count(row.endpoint, -1);
    }).map((row) => this.#failover.state.delivery(row));
  }

  /** Takes back what still waits of a message. */
  withdraw(source: SourceRef, instead: Outgoing): readonly Delivery[] {
    const origin = this.#failover.state.endpoint(source.endpoint);
    if (origin === null) return [];
    const { waiting } = this.#failover.write("soon", [], (database) => {
      const message = this.#copies.find(database, origin, source.id);
      const rows = (message?.targets ?? []).flatMap(([id, endpoint]) =>
        database.outbox.delivery(endpoint, id) ?? []
      );
      const isShipped = (row: DeliveryRow) =>
        this.#failover.state.shipped(row.endpoint).has(row.id);
      const waiting = rows.filter((row) => !isShipped(row));
      const shipped = rows.filter(isShipped)
        .map((row) => ({ ...row, outgoing: JSON.stringify(instead) }));
      for (const row of waiting) this.#remove(database, row);
      for (const row of shipped) database.outbox.setOutgoing(row);
      return { waiting, shipped };
    }, ({ waiting, shipped }) => {
      for (const row of waiting) this.#failover.state.count(row.endpoint, -1);
      for (const row of shipped) this.#failover.state.replaceShipped(row);
    });
    return waiting.map((row) => this.#failover.state.delivery(row));
  }

  unannounced(name: EndpointId): number {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(name);
      if (endpoint === null) return 0;
      const said = this.#failover.state.shipments().filter((one) => one.endpoint === endpoint)
        .reduce((sum, { announces }) => sum + (announces?.dropped ?? 0), 0);
      return Math.max(0, database.state.dropped(endpoint) - said);
    });
  }

  level(name: EndpointId): OutboxLevel {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(name);
      const waiting = endpoint === null ? 0 : this.#failover.state.waiting(endpoint);
      if (endpoint === null || waiting === 0) return { waiting, oldestAcceptedAtMs: null };
      const oldest = this.#rows(database, endpoint, 0, 1)[0];
      return { waiting, oldestAcceptedAtMs: oldest?.acceptedAtMs ?? null };
    });
  }

  /** Waiting rows; those under way are few and at the front, so that skipping them costs little. */
  #rows(database: StoreDatabase, endpoint: number, after: number, limit: number): DeliveryRow[] {
    const shipped = this.#failover.state.shipped(endpoint);
    const behind = [...shipped].filter((id) => id > after).length;
    return database.outbox.deliveriesAfter(endpoint, after, limit + behind)
      .filter((row) => !shipped.has(row.id)).slice(0, limit);
  }

  #shipOne(database: StoreDatabase, item: NewShipment): Shipped {
    const endpoint = this.#failover.number(item.endpoint);
    let restored = 0;
    const rows = item.deliveries.map((delivery) => {
      if (this.#failover.state.shipped(endpoint).has(delivery.id)) {
        throw new Error(`Cannot ship delivery ${delivery.id}: it is under way already`);
      }
      const row = database.outbox.delivery(endpoint, delivery.id);
      if (row !== null) return row;
      restored++;
      return this.#restore(database, endpoint, delivery);
    });
    const { deliveries, parts, announces = null } = item;
    const id = this.#failover.takeId();
    const shipment = {
      id,
      endpoint,
      rows,
      deliveries,
      parts,
      announces,
      confirmed: 0,
      refused: 0,
    };
    database.outbox.addShipment({ ...shipment, deliveries: rows.map((row) => row.id) });
    return { shipment, restored };
  }

  /** `trim` dropped it while the worker held it: it leaves all the same, so it was not dropped. */
  #restore(database: StoreDatabase, endpoint: number, delivery: Delivery): DeliveryRow {
    const { source } = delivery;
    const origin = source === null ? null : this.#failover.state.endpoint(source.endpoint);
    const message = source === null || origin === null
      ? null
      : this.#copies.find(database, origin, source.id);
    if (message !== null) {
      const target = [delivery.id, endpoint] as const;
      this.#copies.changeTargets(database, message.id, (targets) => [...targets, target]);
    }
    if (database.state.dropped(endpoint) > 0) database.state.addDropped(endpoint, -1);
    const row = toRow(delivery, { endpoint, source: message?.id ?? null, sourceEndpoint: origin });
    database.outbox.addDelivery(row);
    return row;
  }

  #drop(database: StoreDatabase, row: DeliveryRow): void {
    this.#remove(database, row);
    database.state.addDropped(row.endpoint, 1);
  }

  /** Nothing of it remains, but that its message was taken over. */
  #remove(database: StoreDatabase, row: DeliveryRow): void {
    database.outbox.removeDelivery(row.endpoint, row.id);
    if (row.source === null) return;
    this.#copies.changeTargets(
      database,
      row.source,
      (targets) => targets.filter(([delivery]) => delivery !== row.id),
    );
  }

  #overLimits(database: StoreDatabase, limits: OutboxLimits, olderThanMs: number): DeliveryRow[] {
    const state = this.#failover.state;
    const over = new Map<number, DeliveryRow>();
    // Asked every second, and mostly nothing waits.
    if (![...state.endpoints().keys()].some((endpoint) => state.waiting(endpoint) > 0)) return [];
    for (const row of database.outbox.deliveriesBefore(olderThanMs)) {
      if (!state.shipped(row.endpoint).has(row.id)) over.set(row.id, row);
    }
    for (const endpoint of state.endpoints().keys()) {
      const surplus = state.waiting(endpoint) - limits.maxMessages;
      if (surplus <= 0) continue;
      let left = surplus;
      for (const row of over.values()) if (row.endpoint === endpoint) left--;
      // Whoever says most pays for it: the others' messages stay.
      const shipped = state.shipped(endpoint);
      const most = surplus + over.size + shipped.size;
      for (const row of database.outbox.deliveriesOfMost(endpoint, most)) {
        if (left <= 0) break;
        if (over.has(row.id) || shipped.has(row.id)) continue;
        over.set(row.id, row);
        left--;
      }
    }
    return [...over.values()].sort((a, b) => a.id - b.id);
  }
}
