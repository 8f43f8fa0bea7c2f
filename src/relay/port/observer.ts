import type { ChatEvent } from "./event.ts";
import type { AccountId, EndpointId } from "./ids.ts";
import type { Delivery } from "./store.ts";

/** Why deliveries are lost; `words` are for people, and may be the service's own. */
export interface DropReason {
  readonly cause:
    /** Refused by the service for good. */
    | "rejected"
    /** It could not be brought into the service's form: a fault of the program. */
    | "fault"
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
  /** What was taken over last from there, for nobody, was a chat command. */
  command?(origin: EndpointId): void;
  /** A message came that had been taken over before: nothing follows from it. */
  duplicate(origin: EndpointId): void;
  /** The service showed so many more parts (lines, messages) of ours, those of announcements too. */
  shown(endpoint: EndpointId, parts: number): void;
  confirmed(delivery: Delivery, atMs: number): void;
  /** Counted as lost. */
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

/** How an account's link stands: always exactly one of these. Times in milliseconds since the UNIX epoch. */
export type LinkState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly sinceMs: number; readonly attempt: number }
  | { readonly kind: "ready"; readonly sinceMs: number; readonly self: string }
  | {
    readonly kind: "waiting";
    readonly untilMs: number;
    readonly reason: string;
    readonly attempt: number;
  }
  /** Only a person can mend it; tried again at `untilMs` all the same. */
  | { readonly kind: "refused"; readonly untilMs: number; readonly reason: string }
  | { readonly kind: "stopped" };

/** How a channel of a ready link stands. */
export type ChannelState =
  | { readonly kind: "up"; readonly sinceMs: number }
  | { readonly kind: "down"; readonly reason: string; readonly mend: "wait" | "person" };

/** One observer that tells several. */
export function observers(all: readonly RelayObserver[]): RelayObserver {
  return {
    accepted: (...told) => all.forEach((one) => one.accepted(...told)),
    command: (origin) => all.forEach((one) => one.command?.(origin)),
    duplicate: (...told) => all.forEach((one) => one.duplicate(...told)),
    shown: (...told) => all.forEach((one) => one.shown(...told)),
    confirmed: (...told) => all.forEach((one) => one.confirmed(...told)),
    dropped: (...told) => all.forEach((one) => one.dropped(...told)),
    linkState: (...told) => all.forEach((one) => one.linkState(...told)),
    channelState: (...told) => all.forEach((one) => one.channelState(...told)),
    latency: (...told) => all.forEach((one) => one.latency(...told)),
    about: (delivery, say) =>
      all.reduceRight((inner, one) => () => one.about(delivery, inner), say)(),
  };
}
