import type { Outgoing } from "../../../src/relay/port/bridge.ts";
import type { EndpointId, MessageId } from "../../../src/relay/port/ids.ts";
import type {
  Acceptance,
  CountedCursor,
  Delivery,
  DeliveryId,
  OutboxLevel,
  OutboxLimits,
  OwnPosition,
  RelayStore,
  Settlement,
  Shipment,
  SourceRef,
  Trace,
} from "../../../src/relay/port/store.ts";
import { movedCursor } from "../../../src/store/sqlite/database.ts";

interface Taken {
  readonly source: SourceRef;
  readonly takenAtMs: number;
  copies: { readonly delivery: Delivery; ids: MessageId[] }[];
}

interface Sent {
  readonly shipment: Shipment;
  confirmed: number;
  refused: number;
}

/** What a store must do, as plainly as it can be said. Ids are the real store's: it hands out its own. */
export class RelayStoreModel {
  #taken: Taken[] = [];
  #outbox: Delivery[] = [];
  #sent: Sent[] = [];
  #takenOf = new Map<Delivery, Taken>();
  readonly #cursors = new Map<EndpointId, CountedCursor>();
  readonly #dropped = new Map<EndpointId, number>();
  /** What is sent in place of deliveries that were withdrawn while they were under way. */
  readonly #instead = new Map<DeliveryId, Outgoing>();
  readonly #own = new Map<EndpointId, OwnPosition>();
  /** Every copy that was confirmed; what of them is forgotten with their messages is not compared. */
  readonly #shown = new Set<string>();

  /** Which acceptances are new, in order. */
  accept(
    batch: readonly Acceptance[],
    nowMs: number,
    answer: ReturnType<RelayStore["accept"]>,
  ): boolean[] {
    return batch.map((item, index) => {
      const source = item.messageId === null ? null : { endpoint: item.origin, id: item.messageId };
      if (source !== null && this.#find(source) !== null) return false;
      const taken: Taken | null = source === null ? null : { source, takenAtMs: nowMs, copies: [] };
      if (taken !== null) this.#taken.push(taken);
      for (const delivery of answer[index] ?? []) {
        this.#outbox.push(delivery);
        if (taken === null || delivery.source === null) continue;
        taken.copies.push({ delivery, ids: [] });
        this.#takenOf.set(delivery, taken);
      }
      for (const lost of item.lostFor ?? []) this.#countDropped(lost, 1);
      if (item.cursorAtMs !== null) {
        const cursor = movedCursor(this.cursor(item.origin), {
          ...item,
          cursorAtMs: item.cursorAtMs,
        });
        this.#cursors.set(item.origin, cursor);
      }
      return true;
    });
  }

  #now(delivery: Delivery): Delivery {
    return { ...delivery, outgoing: this.#instead.get(delivery.id) ?? delivery.outgoing };
  }

  waiting(endpoint: EndpointId): Delivery[] {
    return this.#waiting(endpoint).map((delivery) => this.#now(delivery));
  }

  #waiting(endpoint: EndpointId): Delivery[] {
    const shipped = new Set(
      this.#sent.flatMap((sent) => sent.shipment.deliveries.map((d) => d.id)),
    );
    return this.#outbox.filter((d) => d.endpoint === endpoint && !shipped.has(d.id));
  }

  underWay(endpoint: EndpointId): Shipment[] {
    return this.#sent.filter(({ shipment }) => shipment.endpoint === endpoint)
      .map(({ shipment, confirmed, refused }) => ({
        ...shipment,
        deliveries: shipment.deliveries.map((delivery) => this.#now(delivery)),
        confirmed,
        refused,
        doubtful: true,
      }));
  }

  ship(shipments: readonly Shipment[]): void {
    for (const shipment of shipments) this.#sent.push({ shipment, confirmed: 0, refused: 0 });
  }

  settle(batch: readonly Settlement[]): void {
    for (const settlement of batch) {
      const sent = this.#sent.find(({ shipment }) => shipment.id === settlement.shipment);
      if (sent === undefined) continue;
      if (settlement.kind === "part") this.#confirm(sent, settlement.messageId);
      else if (settlement.kind === "refused") this.#refuse(sent);
      else this.#end(sent, settlement.kind);
    }
  }

  traces(source: SourceRef): Trace[] | null {
    return this.#find(source)?.copies.map(({ delivery, ids }) => ({
      endpoint: delivery.endpoint,
      ids,
    })) ?? null;
  }

  sourceOf(copy: SourceRef): SourceRef | null {
    return this.#taken.find((taken) =>
      taken.copies.some(({ delivery, ids }) =>
        delivery.endpoint === copy.endpoint && ids.includes(copy.id)
      )
    )?.source ?? null;
  }

  cursor(origin: EndpointId): CountedCursor | null {
    return this.#cursors.get(origin) ?? null;
  }

  setCursor(origin: EndpointId, cursor: CountedCursor): void {
    if (cursor.atMs >= (this.cursor(origin)?.atMs ?? cursor.atMs)) {
      this.#cursors.set(origin, cursor);
    }
  }

  isOwn(shown: SourceRef): boolean {
    return this.#shown.has(`${shown.endpoint} ${shown.id}`);
  }

  ownPosition(endpoint: EndpointId): OwnPosition | null {
    return this.#own.get(endpoint) ?? null;
  }

  setOwnPosition(endpoint: EndpointId, position: OwnPosition, ids: readonly MessageId[]): void {
    this.#own.set(endpoint, position);
    for (const id of ids) this.#shown.add(`${endpoint} ${id}`);
  }

  withdraw(source: SourceRef, instead: Outgoing): Delivery[] {
    const ours = new Set(this.#find(source)?.copies.map(({ delivery }) => delivery));
    const gone = this.#outbox.filter((delivery) =>
      ours.has(delivery) && this.#waiting(delivery.endpoint).includes(delivery)
    );
    const left = this.#outbox.filter((delivery) => ours.has(delivery) && !gone.includes(delivery));
    for (const { id } of left) this.#instead.set(id, instead);
    const answer = gone.map((delivery) => this.#now(delivery));
    for (const delivery of gone) this.#forgetCopy(delivery);
    this.#outbox = this.#outbox.filter((delivery) => !gone.includes(delivery));
    return answer;
  }

  trim(limits: OutboxLimits, nowMs: number): Delivery[] {
    const over = new Set<Delivery>();
    for (const endpoint of new Set(this.#outbox.map((delivery) => delivery.endpoint))) {
      const young = this.#waiting(endpoint).filter((delivery) => {
        const old = delivery.acceptedAtMs < nowMs - limits.maxAgeMs;
        if (old) over.add(delivery);
        return !old;
      });
      const surplus = Math.max(0, young.length - limits.maxMessages);
      for (const delivery of young.slice(0, surplus)) over.add(delivery);
    }
    const dropped = this.#outbox.filter((delivery) => over.has(delivery));
    for (const delivery of dropped) {
      this.#countDropped(delivery.endpoint, 1);
      this.#forgetCopy(delivery);
    }
    this.#outbox = this.#outbox.filter((delivery) => !over.has(delivery));
    return dropped.map((delivery) => this.#now(delivery));
  }

  #countDropped(endpoint: EndpointId, count: number): void {
    this.#dropped.set(endpoint, (this.#dropped.get(endpoint) ?? 0) + count);
  }

  unannounced(endpoint: EndpointId): number {
    return this.underWay(endpoint).reduce(
      (left, { announces }) => left - (announces?.dropped ?? 0),
      this.#dropped.get(endpoint) ?? 0,
    );
  }

  forget(olderThanMs: number): void {
    this.#taken = this.#taken.filter((taken) => taken.takenAtMs >= olderThanMs);
  }

  level(endpoint: EndpointId): OutboxLevel {
    const waiting = this.waiting(endpoint);
    return { waiting: waiting.length, oldestAcceptedAtMs: waiting[0]?.acceptedAtMs ?? null };
  }

  #find(source: SourceRef): Taken | null {
    return this.#taken.find((taken) =>
      taken.source.endpoint === source.endpoint && taken.source.id === source.id
    ) ?? null;
  }

  #confirm(sent: Sent, messageId: MessageId | null): void {
    if (sent.confirmed === sent.shipment.parts.length) return;
    sent.confirmed++;
    const { endpoint } = sent.shipment;
    const own = this.#own.get(endpoint);
    if (own !== undefined) {
      const nameless = own.nameless + (messageId === null ? 1 : 0);
      this.#own.set(endpoint, { ...own, since: own.since + 1, nameless });
    }
    if (messageId === null) return;
    this.#shown.add(`${endpoint} ${messageId}`);
    for (const delivery of sent.shipment.deliveries) this.#copyOf(delivery)?.ids.push(messageId);
  }

  #refuse(sent: Sent): void {
    if (sent.confirmed === sent.shipment.parts.length) return;
    sent.confirmed++;
    sent.refused++;
  }

  #end(sent: Sent, kind: "done" | "rejected" | "released"): void {
    if (kind === "released" && sent.confirmed > 0) return;
    this.#sent = this.#sent.filter((other) => other !== sent);
    if (kind === "released") return;
    const { endpoint, announces } = sent.shipment;
    const announced = announces?.dropped ?? 0;
    this.#countDropped(endpoint, kind === "done" ? -announced : sent.shipment.deliveries.length);
    const gone = new Set(sent.shipment.deliveries.map((delivery) => delivery.id));
    this.#outbox = this.#outbox.filter((delivery) => !gone.has(delivery.id));
    if (kind === "rejected" && sent.confirmed === sent.refused) {
      sent.shipment.deliveries.forEach((d) => this.#forgetCopy(d));
    }
  }

  #copyOf(delivery: Delivery): Taken["copies"][number] | null {
    for (const [known, taken] of this.#takenOf) {
      if (known.id !== delivery.id) continue;
      return taken.copies.find((copy) => copy.delivery.id === delivery.id) ?? null;
    }
    return null;
  }

  #forgetCopy(delivery: Delivery): void {
    for (const taken of this.#taken) {
      taken.copies = taken.copies.filter((copy) => copy.delivery.id !== delivery.id);
    }
  }
}
