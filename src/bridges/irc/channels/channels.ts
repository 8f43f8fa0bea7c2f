import type { Clock } from "../../../base/clock.ts";
import type { Timers } from "../../../base/timers.ts";
import type {
  BridgeHost,
  ChannelPlan,
  ChannelRefusal,
  History,
} from "../../../relay/port/bridge.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import { historyOf, linesWithout } from "../history/history.ts";
import { HistoryFetch } from "../history/history_fetch.ts";
import type { IrcSettings } from "../link/options.ts";
import type { People } from "../link/people.ts";
import type { Fence } from "../link/ping.ts";
import type { Self } from "../link/self.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import type { Puppets } from "../puppets/puppets.ts";
import type { IrcMessage, OutLine } from "../wire/message.ts";
import { type Channel, ChannelList, type ChannelState, OwnParts } from "./channel_list.ts";
import { JoinQueue } from "./join_queue.ts";
import { lostWaitMs, refusedWaitMs } from "./join_refusal.ts";

interface ChannelsOptions {
  readonly settings: IrcSettings;
  readonly clock: Clock;
  readonly host: BridgeHost;
  readonly features: ServerFeatures;
  readonly people: People;
  readonly self: Self;
  readonly timers: Timers;
  readonly fence: Fence;
  /** Whose lines in a history are ours as well. */
  readonly puppets: Puppets | null;
  readonly has: (capability: string) => boolean;
  /** Sends within the flood budget, ahead of messages. */
  readonly control: (line: OutLine, sent?: () => void) => void;
  /** A channel went down: what waits for it has not left. */
  readonly onDown: (channel: ChannelId, reason: string) => void;
  /** Lines that came while the channel was being entered, to be handled now that it is up. */
  readonly onLive: (messages: readonly IrcMessage[]) => void;
}

/** How lines from before our entry were got: `cut` when the server had more than we read. */
interface Reading {
  readonly cut: boolean;
  readonly asked: boolean;
}

/** Staying this long in a channel makes earlier kicks and refusals forgotten. */
const SETTLED_MS = 60_000;
const MAX_LIVE = 5_000;

/** The channels of one connection: entering, being thrown out, entering again; and what they played back. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #channels: ChannelList;
  readonly #joins: JoinQueue<Channel>;
  readonly #ownParts: OwnParts;
  #isBegun = false;

  constructor(options: ChannelsOptions) {
    this.#options = options;
    const { control, features, timers } = options;
    this.#channels = new ChannelList(options.host.channels(), (name) => features.fold(name));
    this.#ownParts = new OwnParts((name) => features.fold(name));
    this.#joins = new JoinQueue({
      features,
      timers,
      delayMs: options.settings.joinDelayMs,
      control,
      wanted: (channel) => channel.state === "out",
      joining: (channel) => {
        channel.state = "joining";
        channel.retry?.();
      },
      asked: (channel) => this.#awaitJoin(channel),
    });
  }

  joinAll(): void {
    this.#isBegun = true;
    this.#joins.add(this.#channels.all);
  }

  /** Enters one channel more, once the first ones may be entered. */
  add(plan: ChannelPlan): void {
    const channel = this.#channels.add(plan);
    if (channel !== null && this.#isBegun) this.#joins.add([channel]);
  }

  /** Enters the channels that the host wants now, and leaves the others. */
  replan(): void {
    const plans = new Map(this.#options.host.channels().map((plan) => [plan.channel, plan]));
    for (const channel of this.#channels.all) {
      const plan = plans.get(channel.plan.channel);
      if (plan === undefined) this.#drop(channel);
      else channel.plan = plan;
    }
    for (const plan of plans.values()) this.add(plan);
  }

  #drop(channel: Channel): void {
    const { onDown, people } = this.#options;
    if (channel.state === "entering" || channel.state === "up") this.#part(channel.name);
    channel.state = "left";
    channel.entry++;
    channel.retry?.();
    this.#channels.remove(channel);
    people.channelGone(channel.plan.channel);
    onDown(channel.plan.channel, "the channel is no longer wanted");
  }

  #part(name: string): void {
    this.#ownParts.sent(name);
    this.#options.control({ command: "PART", params: [name] });
  }

  /** The id of a channel that the server names, if a gateway uses it. */
  idOf(name: string): ChannelId | null {
    return this.#channels.byName(name)?.plan.channel ?? null;
  }

  nameOf(id: ChannelId): string {
    return this.#channels.byId(id)?.name ?? id;
  }

  isUp(id: ChannelId): boolean {
    return this.#channels.byId(id)?.state === "up";
  }

  stateOf(name: string): ChannelState | null {
    return this.#channels.byName(name)?.state ?? null;
  }

  /** Our own JOIN: the server let us in. */
  entered(name: string): void {
    const channel = this.#channels.byName(name);
    // Forwarded, or put there by an operator: no gateway uses it, and its people did not ask for us.
    if (channel === undefined) return this.#part(name);
    channel.retry?.();
    Object.assign(channel, { name, state: "entering", live: [], playback: null, fetch: null });
    channel.entry++;
    const { has, timers, settings } = this.#options;
    if (has("batch") || has("server-time")) {
      // Behind the PONG stand the list of names and all that the server plays back by itself.
      this.#options.fence.after(this.#settler(channel));
    } else {
      // What such a server plays back looks like live lines: the end of its list of names is the end of entering.
      channel.retry = timers.after(settings.limits.joinMs, this.#settler(channel));
    }
  }

  /** The list of names is complete (366). */
  namesComplete(name: string): void {
    const channel = this.#channels.byName(name);
    if (channel === undefined || channel.state !== "entering") return;
    if (!this.#options.has("batch") && !this.#options.has("server-time")) this.#settler(channel)();
  }

  /** What ends this entry of a channel; void once the channel was left meanwhile. */
  #settler(channel: Channel): () => void {
    const { entry } = channel;
    return () => {
      if (channel.entry === entry && channel.state === "entering" && channel.fetch === null) {
        this.#readHistory(channel);
      }
    };
  }

  /** A line of a channel that is being entered: kept until it is up. */
  keepLive(name: string, message: IrcMessage): void {
    const live = this.#channels.byName(name)?.live ?? [];
    if (live.length < MAX_LIVE) live.push(message);
  }

  /** Lines from before our entry, which the server showed as such. */
  played(name: string, messages: readonly IrcMessage[]): void {
    const channel = this.#channels.byName(name);
    if (channel === undefined || channel.state !== "entering") return;
    if (channel.fetch !== null) return channel.fetch.page(messages);
    channel.playback = [...channel.playback ?? [], ...messages];
  }

  historyFailed(name: string): void {
    this.#channels.byName(name)?.fetch?.failed();
  }

  /** Somebody opened the door: no need to wait for the next try. */
  invited(name: string): void {
    const channel = this.#channels.byName(name);
    if (channel?.state === "out") this.#joins.add([channel]);
  }

  /** The server does not let us in. */
  refused(name: string, refusal: ChannelRefusal): void {
    const channel = this.#channels.byName(name);
    if (channel === undefined) return;
    channel.failures++;
    const waitMs = refusedWaitMs(channel.failures, refusal.mend, this.#options.settings);
    this.#down(channel, refusal, waitMs);
  }

  /** Our own PART came back, wished for or not. */
  parted(name: string, reason: string): void {
    if (!this.#ownParts.returned(name)) this.lost(name, reason);
  }

  /** Thrown out, or taken out by services. */
  lost(name: string, reason: string): void {
    this.#ownParts.forget(name);
    const channel = this.#channels.byName(name);
    if (channel === undefined) return;
    channel.failures++;
    this.#down(
      channel,
      { reason, mend: "wait" },
      lostWaitMs(channel.failures, this.#options.settings),
    );
  }

  #down(channel: Channel, refusal: ChannelRefusal, retryMs: number): void {
    const { host, onDown, people, timers } = this.#options;
    channel.state = "out";
    channel.entry++;
    channel.retry?.();
    people.channelGone(channel.plan.channel);
    onDown(channel.plan.channel, refusal.reason);
    // The same refusal again and again is said once.
    if (channel.told !== refusal.reason) {
      channel.told = refusal.reason;
      host.channelDown(channel.plan.channel, refusal);
    }
    channel.retry = timers.after(retryMs, () => this.#joins.add([channel]));
  }

  #awaitJoin(channel: Channel): void {
    if (channel.state !== "joining") return;
    channel.retry = this.#options.timers.after(this.#options.settings.limits.joinMs, () => {
      if (channel.state !== "joining") return;
      const reason = `Cannot join ${channel.name}: the server does not answer`;
      this.refused(channel.name, { reason, mend: "wait" });
    });
  }

  #readHistory(channel: Channel): void {
    const { has, host, features, settings, control, timers } = this.#options;
    if (!has("draft/chathistory") || !has("batch")) {
      return this.#up(channel, channel.playback, { cut: false, asked: false });
    }
    const { entry } = channel;
    const timeout = timers.after(settings.limits.historyMs, () => channel.fetch?.end(true));
    channel.fetch = new HistoryFetch({
      channel: channel.name,
      cursor: host.cursor(channel.plan.channel),
      features,
      maxMessages: settings.history.maxMessages,
      send: control,
      done: (lines, cut) => {
        timeout();
        channel.fetch = null;
        if (channel.entry === entry && channel.state === "entering") {
          this.#up(channel, lines ?? channel.playback, { cut, asked: lines !== null });
        }
      },
    });
  }

  #up(channel: Channel, lines: readonly IrcMessage[] | null, how: Reading): void {
    const { host, timers, onLive } = this.#options;
    const { live, entry, plan } = channel;
    // What was said between our entry and the answer stands in both. At the first visit the core takes nothing from a
    // history, because it tells of the time before us: there it must come as live, later in its place in the history.
    const isFirst = host.cursor(plan.channel) === null;
    const before = isFirst && lines !== null ? linesWithout(lines, live) : lines;
    const since = isFirst ? live : linesWithout(live, lines ?? []);
    const history = before === null ? null : this.#history(channel, before, how);
    Object.assign(channel, { state: "up", told: null, live: [], playback: null });
    channel.retry?.();
    channel.retry = timers.after(SETTLED_MS, () => {
      if (channel.entry === entry) channel.failures = 0;
    });
    host.channelUp(plan.channel, history);
    onLive(since);
  }

  #history(channel: Channel, lines: readonly IrcMessage[], how: Reading): History {
    const { host, settings, people, self, clock, puppets } = this.#options;
    const id = channel.plan.channel;
    return historyOf(lines, {
      channel: id,
      cursor: host.cursor(id),
      limits: settings.history,
      people,
      self,
      puppets,
      nowMs: clock.now(),
      notices: settings.relayNotices,
      asked: how.asked,
    }, how.cut);
  }
}
