import type { EndpointId } from "./ids.ts";
import type { Delivery, DeliveryId, RelayStore } from "./relay_store.ts";

/** More than these are read from the store when their turn comes: it has room, memory has not. */
const MOST_FRESH = 256;

/**
 * What waits for one endpoint, oldest first. The store knows; but what was just stored is remembered, so that a single
 * message need not be read back: that read is a fifth of the time it takes.
 */
export class Backlog {
  readonly #store: RelayStore;
  readonly #endpoint: EndpointId;
  /** False once the store had nothing more: what waits then is in `#fresh`. */
  #mayWait = true;
  #fresh: Delivery[] = [];
  /** No delivery up to this one waits: ids ascend, and the oldest always leave first. Null: nobody knows. */
  #leftUpTo: DeliveryId | null = null;

  constructor(store: RelayStore, endpoint: EndpointId) {
    this.#store = store;
    this.#endpoint = endpoint;
  }

  /** These deliveries were stored, behind all earlier ones. */
  add(deliveries: readonly Delivery[]): void {
    if (!this.#mayWait && this.#fresh.length + deliveries.length <= MOST_FRESH) {
      this.#fresh.push(...deliveries);
      return;
    }
    this.#mayWait = true;
    this.#fresh = [];
  }

  /** What had left may be waiting again. */
  startAnew(): void {
    this.#mayWait = true;
    this.#fresh = [];
    this.#leftUpTo = null;
  }

  get isEmpty(): boolean {
    return !this.#mayWait && this.#fresh.length === 0;
  }

  /** The oldest deliveries that wait; they go on waiting until they have `left`. */
  first(limit: number): readonly Delivery[] {
    if (!this.#mayWait) return this.#fresh.slice(0, limit);
    const waiting = this.#store.waiting(this.#endpoint, this.#leftUpTo, limit);
    this.#mayWait = waiting.length > 0;
    return waiting;
  }

  /** The oldest deliveries are in a shipment now. */
  left(deliveries: readonly Delivery[]): void {
    this.#fresh.splice(0, deliveries.length);
    this.#leftUpTo = deliveries.at(-1)?.id ?? this.#leftUpTo;
  }
}
