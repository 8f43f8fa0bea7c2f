import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { Outgoing } from "../../relay/port/bridge.ts";
import type { EndpointId, MessageId } from "../../relay/port/ids.ts";
import type {
  Acceptance,
  CountedCursor,
  Delivery,
  DeliveryId,
  NewDelivery,
  OutboxLevel,
  OutboxLimits,
  OwnPosition,
  RelayStore,
  Settlement,
  Shipment,
  ShipmentId,
  SourceRef,
  Trace,
} from "../../relay/port/store.ts";
import type { Targets } from "./columns.ts";
import { Copies, NOBODYS } from "./copy_table.ts";
import { movedCursor, type OpenLog, type StoreDatabase } from "./database.ts";
import type { OpenHandle } from "./database_file.ts";
import { Failover } from "./failover.ts";
import { Outbox } from "./outbox.ts";
import { toRow } from "./outbox_table.ts";

interface RelayStoreOptions {
  /** The database file, made with mode 0600 where there is none; its directory must exist. Null: memory only. */
  readonly path: string | null;
  readonly clock: Clock;
  readonly log: Logger;
  /** How SQLite opens a file, for tests of what happens when it can't. */
  readonly openHandle?: OpenHandle;
  /** How the write-ahead log is brought to the disk, for tests of a slow disk or a power cut; null: not at all. */
  readonly openLog?: OpenLog | null;
}

/**
 * Opens the relay's memory. A damaged file is set aside, a disk that can't be written is waited for in memory; both
 * are said through `log`. Throws StoreRefusedError for what only the operator can mend: a symbolic link, a file of
 * another program or of a newer version.
 */
export function openRelayStore(options: RelayStoreOptions): RelayStore {
  return new SqliteRelayStore(options);
}

class SqliteRelayStore implements RelayStore {
  readonly #failover: Failover;
  readonly #copies: Copies;
  readonly #acceptor: Acceptor;
  readonly #outbox: Outbox;
  #closed = false;

  constructor(options: RelayStoreOptions) {
    this.#failover = new Failover(options);
    this.#copies = new Copies(this.#failover, options.clock);
    this.#acceptor = new Acceptor(this.#failover, this.#copies);
    this.#outbox = new Outbox(this.#failover, this.#copies, options.log);
  }

  accept(batch: readonly Acceptance[], nowMs: number): readonly (readonly Delivery[] | null)[] {
    const answer = this.#acceptor.accept(batch, nowMs);
    this.#copies.forgetSome();
    return answer;
  }

  waiting(endpoint: EndpointId, after: DeliveryId | null, limit: number): readonly Delivery[] {
    return this.#outbox.waiting(endpoint, after, limit);
  }

  waitingInTurns(endpoint: EndpointId, limit: number): readonly Delivery[] {
    return this.#outbox.waitingInTurns(endpoint, limit);
  }

  underWay(endpoint: EndpointId): readonly Shipment[] {
    return this.#outbox.underWay(endpoint);
  }

  ship(batch: Parameters<RelayStore["ship"]>[0]): readonly Shipment[] {
    return this.#outbox.ship(batch);
  }

  settle(batch: readonly Settlement[], _nowMs: number): void {
    this.#outbox.settle(batch);
  }

  traces(source: SourceRef): readonly Trace[] | null {
    return this.#copies.traces(source);
  }

  sourceOf(copy: SourceRef): SourceRef | null {
    return this.#copies.sourceOf(copy);
  }

  isOwn(shown: SourceRef): boolean {
    return this.#copies.isOwn(shown);
  }

  isPacked(copy: SourceRef): boolean {
    return this.#copies.isPacked(copy);
  }

  ownPosition(endpoint: EndpointId): OwnPosition | null {
    return this.#failover.read((database) => {
      const number = this.#failover.state.endpoint(endpoint);
      return number === null ? null : database.state.own(number);
    });
  }

  setOwnPosition(
    endpoint: EndpointId,
    position: OwnPosition,
    ids: readonly MessageId[] = [],
  ): void {
    this.#failover.reserveIds(1);
    this.#failover.write("soon", [endpoint], (database) => {
      const number = this.#failover.number(endpoint);
      // Ids ascend, whatever they stand for.
      const delivery = this.#failover.takeId();
      database.state.setOwn(number, { ...position, lastShipment: delivery as ShipmentId });
      ids.forEach((copy, part) =>
        database.links.addLink({ message: NOBODYS, delivery, part, endpoint: number, copy })
      );
    });
  }

  withdraw(source: SourceRef, instead: Outgoing): readonly Delivery[] {
    return this.#outbox.withdraw(source, instead);
  }

  cursor(origin: EndpointId): CountedCursor | null {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(origin);
      return endpoint === null ? null : database.state.cursor(endpoint);
    });
  }

  setCursor(origin: EndpointId, cursor: CountedCursor): void {
    this.#failover.write("settled", [origin], (database) => {
      const number = this.#failover.number(origin);
      const before = database.state.cursor(number);
      if (before === null || cursor.atMs >= before.atMs) database.state.setCursor(number, cursor);
    });
  }

  trim(limits: OutboxLimits, nowMs: number): readonly Delivery[] {
    return this.#outbox.trim(limits, nowMs);
  }

  unannounced(endpoint: EndpointId): number {
    return this.#outbox.unannounced(endpoint);
  }

  forget(olderThanMs: number): void {
    this.#copies.forget(olderThanMs);
  }

  level(endpoint: EndpointId): OutboxLevel {
    return this.#outbox.level(endpoint);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failover.close();
  }
}

type Answer = readonly (readonly Delivery[] | null)[];

/** Takes events over: recognises repetitions, writes deliveries, moves cursors. */
class Acceptor {
  readonly #failover: Failover;
  readonly #copies: Copies;

  constructor(failover: Failover, copies: Copies) {
    this.#failover = failover;
    this.#copies = copies;
  }

  accept(batch: readonly Acceptance[], nowMs: number): Answer {
    if (batch.length === 0) return [];
    this.#failover.reserveIds(batch.reduce((sum, item) => sum + 1 + item.deliveries.length, 0));
    return this.#failover.write(
      // What waits for the disk here delays a message: its settlement takes it along.
      "soon",
      endpointsOf(batch),
      (database) => batch.map((item) => this.#take(database, item, nowMs)),
      (answer) => this.#count(answer),
    );
  }

  #take(database: StoreDatabase, item: Acceptance, nowMs: number): readonly Delivery[] | null {
    const origin = this.#failover.number(item.origin);
    const message = this.#failover.takeId();
    const deliveries = item.deliveries.map((delivery) => ({
      id: this.#failover.takeId() as DeliveryId,
      acceptedAtMs: nowMs,
      ...delivery,
    }));
    if (item.messageId !== null) {
      if (this.#copies.find(database, origin, item.messageId) !== null) return null;
      database.links.addMessage({
        id: message,
        endpoint: origin,
        name: item.messageId,
        takenAtMs: nowMs,
        targets: this.#targets(item, deliveries),
      });
    }
    for (const delivery of deliveries) {
      const source = isOf(item, delivery.source) ? message : this.#otherSource(database, delivery);
      this.#add(database, delivery, source);
    }
    for (const lost of item.lostFor ?? []) {
      database.state.addDropped(this.#failover.number(lost), 1);
    }
    this.#moveCursor(database, origin, item);
    return deliveries;
  }

  #targets(item: Acceptance, deliveries: readonly Delivery[]): Targets {
    return deliveries.filter((delivery) => isOf(item, delivery.source))
      .map((delivery) => [delivery.id, this.#failover.number(delivery.endpoint)] as const);
  }

  /** A delivery may relay another message than the one that brought it: it joins that message's copies. */
  #otherSource(database: StoreDatabase, delivery: Delivery): number | null {
    if (delivery.source === null) return null;
    const endpoint = this.#failover.number(delivery.source.endpoint);
    const message = this.#copies.find(database, endpoint, delivery.source.id);
    if (message === null) return null;
    const target = [delivery.id, this.#failover.number(delivery.endpoint)] as const;
    this.#copies.changeTargets(database, message.id, (targets) => [...targets, target]);
    return message.id;
  }

  #add(database: StoreDatabase, delivery: Delivery, source: number | null): void {
    const endpoint = this.#failover.number(delivery.endpoint);
    const sourceEndpoint = delivery.source === null
      ? null
      : this.#failover.number(delivery.source.endpoint);
    database.outbox.addDelivery(toRow(delivery, { endpoint, source, sourceEndpoint }));
  }

  #moveCursor(database: StoreDatabase, origin: number, item: Acceptance): void {
    if (item.cursorAtMs === null || !Number.isFinite(item.cursorAtMs)) return;
    const message = { ...item, cursorAtMs: item.cursorAtMs };
    database.state.setCursor(origin, movedCursor(database.state.cursor(origin), message));
  }

  #count(answer: Answer): void {
    for (const deliveries of answer) {
      for (const delivery of deliveries ?? []) {
        this.#failover.state.count(this.#failover.number(delivery.endpoint), 1);
      }
    }
  }
}

function isOf(item: Acceptance, source: SourceRef | null): boolean {
  return source !== null && source.endpoint === item.origin && source.id === item.messageId;
}

function endpointsOf(batch: readonly Acceptance[]): EndpointId[] {
  const names = new Set<EndpointId>();
  const add = (delivery: NewDelivery) => {
    names.add(delivery.endpoint);
    if (delivery.source !== null) names.add(delivery.source.endpoint);
  };
  for (const item of batch) {
    names.add(item.origin);
    item.lostFor?.forEach((endpoint) => names.add(endpoint));
    item.deliveries.forEach(add);
  }
  return [...names];
}
