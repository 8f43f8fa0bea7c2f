import type { ChannelPlan } from "../../relay/bridge.ts";
import type { HistoryFetch } from "./history_fetch.ts";
import type { Cancel } from "./timers.ts";
import type { IrcMessage } from "./wire/message.ts";

/** out: not in it, a retry may be planned. entering: the server let us in, its history is being read. left: not wanted any more. */
export type ChannelState = "out" | "joining" | "entering" | "up" | "left";

/** One channel of one connection. Its owner is `Channels`, which alone changes it. */
export interface Channel {
  plan: ChannelPlan;
  /** As the server writes it. */
  name: string;
  state: ChannelState;
  failures: number;
  /** What the core was told last; null while it thinks that all is well or about to be. */
  told: string | null;
  retry: Cancel | null;
  /** Counts our entries: what was begun in an earlier one is void. */
  entry: number;
  live: IrcMessage[];
  playback: IrcMessage[] | null;
  fetch: HistoryFetch | null;
}

export function newChannel(plan: ChannelPlan): Channel {
  return {
    plan,
    name: plan.channel,
    state: "out",
    failures: 0,
    told: null,
    retry: null,
    entry: 0,
    live: [],
    playback: null,
    fetch: null,
  };
}
