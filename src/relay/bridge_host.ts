import type { BridgeHost, ChannelPlan, ChannelRefusal, Cursor, History } from "./bridge.ts";
import type { ChatEvent } from "./event.ts";
import { type AccountId, type ChannelId, endpointId } from "./ids.ts";
import type { RelayStore } from "./relay_store.ts";

/** What the core's loop handles, in order. */
export type HostInput =
  | { readonly kind: "event"; readonly account: AccountId; readonly event: ChatEvent }
  | {
    readonly kind: "channel-up";
    readonly account: AccountId;
    readonly channel: ChannelId;
    readonly history: History | null;
  }
  | {
    readonly kind: "channel-down";
    readonly account: AccountId;
    readonly channel: ChannelId;
    readonly why: ChannelRefusal;
  }
  | { readonly kind: "link-end"; readonly account: AccountId };

export interface BridgeHostOptions {
  readonly account: AccountId;
  readonly plans: readonly ChannelPlan[];
  readonly store: RelayStore;
  readonly post: (input: HostInput) => void;
  readonly linkUp: (self: string) => void;
  readonly latency: (roundTripMs: number) => void;
}

/** The two clocks may differ by so much without a doubtful shipment being missed in the history. */
const CLOCK_SKEW_MS = 120_000;

/** The core's side of the port, for one connection of one account. */
export function bridgeHost(options: BridgeHostOptions): BridgeHost {
  const { account, store, post } = options;
  return {
    channels: () => options.plans,
    cursor: (channel) => historyCursor(store, account, channel),
    linkUp: (self) => options.linkUp(self.nick),
    channelUp: (channel, history) => post({ kind: "channel-up", account, channel, history }),
    channelDown: (channel, why) => post({ kind: "channel-down", account, channel, why }),
    event: (event) => post({ kind: "event", account, event }),
    latency: options.latency,
  };
}

/**
 * From where a bridge must read history: from the cursor, or from before the oldest shipment whose fate is unknown. A
 * message of ours may stand before the cursor although its confirmation was never stored.
 */
function historyCursor(store: RelayStore, account: AccountId, channel: ChannelId): Cursor | null {
  const endpoint = endpointId(account, channel);
  const cursor = store.cursor(endpoint);
  const times = store.underWay(endpoint).flatMap((shipment) =>
    shipment.deliveries.map((delivery) => delivery.acceptedAtMs)
  );
  if (times.length === 0) return cursor;
  // The cursor bears the service's time, deliveries bear ours: whichever is earlier, should somebody have set our clock.
  const oldestMs = Math.min(...times, cursor?.atMs ?? Infinity);
  return { id: null, atMs: oldestMs - CLOCK_SKEW_MS };
}
