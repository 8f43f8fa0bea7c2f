import type { EndpointId } from "../../relay/port/ids.ts";
import type {
  Acceptance,
  Delivery,
  DeliveryId,
  NewDelivery,
  SourceRef,
} from "../../relay/port/store.ts";
import type { Targets } from "./columns.ts";
import { movedCursor, type StoreDatabase } from "./database.ts";
import type { StoreHome } from "./failover.ts";
import type { LinkBook } from "./link_book.ts";
import { toRow } from "./outbox_table.ts";

type Answer = readonly (readonly Delivery[] | null)[];

/** Takes events over: recognises repetitions, writes deliveries, moves cursors. */
export class Acceptor {
  readonly #home: StoreHome;
  readonly #links: LinkBook;

  constructor(home: StoreHome, links: LinkBook) {
    this.#home = home;
    this.#links = links;
  }

  accept(batch: readonly Acceptance[], nowMs: number): Answer {
    if (batch.length === 0) return [];
    this.#home.reserveIds(batch.reduce((sum, item) => sum + 1 + item.deliveries.length, 0));
    return this.#home.write(
      // What waits for the disk here delays a message: its settlement takes it along.
      "soon",
      endpointsOf(batch),
      (database) => batch.map((item) => this.#take(database, item, nowMs)),
      (answer) => this.#count(answer),
    );
  }

  #take(database: StoreDatabase, item: Acceptance, nowMs: number): readonly Delivery[] | null {
    const origin = this.#home.number(item.origin);
    const message = this.#home.takeId();
    const deliveries = item.deliveries.map((delivery) => ({
      id: this.#home.takeId() as DeliveryId,
      acceptedAtMs: nowMs,
      ...delivery,
    }));
    if (item.messageId !== null) {
      if (this.#links.find(database, origin, item.messageId) !== null) return null;
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
    this.#moveCursor(database, origin, item);
    return deliveries;
  }

  #targets(item: Acceptance, deliveries: readonly Delivery[]): Targets {
    return deliveries.filter((delivery) => isOf(item, delivery.source))
      .map((delivery) => [delivery.id, this.#home.number(delivery.endpoint)] as const);
  }

  /** A delivery may relay another message than the one that brought it: it joins that message's copies. */
  #otherSource(database: StoreDatabase, delivery: Delivery): number | null {
    if (delivery.source === null) return null;
    const endpoint = this.#home.number(delivery.source.endpoint);
    const message = this.#links.find(database, endpoint, delivery.source.id);
    if (message === null) return null;
    const target = [delivery.id, this.#home.number(delivery.endpoint)] as const;
    this.#links.changeTargets(database, message.id, (targets) => [...targets, target]);
    return message.id;
  }

  #add(database: StoreDatabase, delivery: Delivery, source: number | null): void {
    const endpoint = this.#home.number(delivery.endpoint);
    const sourceEndpoint = delivery.source === null
      ? null
      : this.#home.number(delivery.source.endpoint);
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
        this.#home.state.count(this.#home.number(delivery.endpoint), 1);
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
    item.deliveries.forEach(add);
  }
  return [...names];
}
