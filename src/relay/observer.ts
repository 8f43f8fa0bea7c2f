import type { ChatEvent } from "./event.ts";
import type { AccountId, EndpointId } from "./ids.ts";
import type { ChannelState, LinkState } from "./link_state.ts";
import type { Delivery } from "./relay_store.ts";

/** Why deliveries are lost; `words` are for people, and may be the service's own. */
export interface DropReason {
  readonly cause:
    /** Refused by the service for good. */
    | "rejected"
    /** Sent again and again, and never shown. */
    | "unconfirmed"
    /** Over OutboxMaxAge or OutboxMaxMessages. */
    | "limits";
  readonly words: string;
}

/**
 * Who wants to count along (metrics, status page, traces). Called in the core's own loops, often: must be quick and
 * never throw.
 */
export interface RelayObserver {
  /**
   * An event was taken over, for the first time; null for a line of the relay's own. `deliveries` is empty when no
   * destination wants it.
   */
  accepted(origin: EndpointId, deliveries: readonly Delivery[], event: ChatEvent | null): void;
  /** A message came that had been taken over before: nothing follows from it. */
  duplicate(origin: EndpointId): void;
  /** The service showed so many more parts (lines, messages) of ours, those of announcements too. */
  shown(endpoint: EndpointId, parts: number): void;
  confirmed(delivery: Delivery, atMs: number): void;
  /** Counted as lost: rejected by the service, too old, too many, or never confirmed. */
  dropped(
    endpoint: EndpointId,
    gateway: string | null,
    deliveries: readonly Delivery[],
    why: DropReason,
  ): void;
  linkState(account: AccountId, state: LinkState): void;
  /** Null: the link is gone, and all its channels with it. */
  channelState(endpoint: EndpointId, state: ChannelState | null): void;
  latency(account: AccountId, roundTripMs: number): void;
  /** Calls `say` once, at once: what it logs is about this delivery. */
  about(delivery: Delivery, say: () => void): void;
}

export const noObserver: RelayObserver = {
  accepted: () => {},
  duplicate: () => {},
  shown: () => {},
  confirmed: () => {},
  dropped: () => {},
  linkState: () => {},
  channelState: () => {},
  latency: () => {},
  about: (_delivery, say) => say(),
};
