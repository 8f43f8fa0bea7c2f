import type { EndpointId } from "./ids.ts";
import type { AccountId } from "./ids.ts";
import type { Delivery } from "./relay_store.ts";
import type { LinkState } from "./link_state.ts";

/** Who wants to count along (metrics, status page). Called in the core's own loop: must be quick and never throw. */
export interface RelayObserver {
  /** An event was taken over; `deliveries` is empty when no destination wants it. */
  accepted(origin: EndpointId, deliveries: readonly Delivery[]): void;
  confirmed(delivery: Delivery, atMs: number): void;
  /** Counted as lost: rejected by the service, too old, too many, or never confirmed. */
  dropped(endpoint: EndpointId, gateway: string | null, count: number, reason: string): void;
  linkState(account: AccountId, state: LinkState): void;
  latency(account: AccountId, roundTripMs: number): void;
}

export const noObserver: RelayObserver = {
  accepted: () => {},
  confirmed: () => {},
  dropped: () => {},
  linkState: () => {},
  latency: () => {},
};
