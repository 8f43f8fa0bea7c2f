import type { ChannelPlan, ChannelRefusal } from "../../../relay/port/bridge.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import type { OtherVoices } from "../history/history.ts";
import type { Link } from "../link/link.ts";
import type { IrcMessage } from "../wire/message.ts";
import type { Channel, ChannelList, JoinState } from "./channel_list.ts";
import { OwnParts } from "./channel_list.ts";
import { Entering } from "./entering.ts";
import { JoinQueue } from "./join_queue.ts";
import { lostWaitMs, refusedWaitMs } from "./join_refusal.ts";

/** What others do when something happens to a channel. */
export interface ChannelDoings {
  /** Whose lines in a history are ours as well. */
  readonly puppets: OtherVoices | null;
  /** A channel went down: what waits for it has not left. */
  readonly onDown: (channel: ChannelId, reason: string) => void;
  /** It was entered while it was up, and is about to be up anew. */
  readonly onAnew: (channel: ChannelId) => void;
  /** The bouncer's connection is gone. */
  readonly onAway: (reason: string) => void;
  /** What time the server has; null where it has not told. */
  readonly serverMs: () => number | null;
  /** Lines that came while the channel was being entered, to be handled now that it is up. */
  readonly onLive: (messages: readonly IrcMessage[]) => void;
}

const MOST_FORWARDS = 100;

/** The channels of one connection: asking to enter, being thrown out, entering again. */
export class Channels {
  readonly #link: Link;
  readonly #list: ChannelList;
  readonly #doings: ChannelDoings;
  readonly entering: Entering;
  readonly #joins: JoinQueue<Channel>;
  readonly #ownParts: OwnParts;
  /** Where the server put us in place of a channel that we asked for. */
  readonly #forwards = new Set<string>();
  #isBegun = false;

  constructor(link: Link, list: ChannelList, doings: ChannelDoings) {
    this.#link = link;
    this.#list = list;
    this.#doings = doings;
    this.#ownParts = new OwnParts((name) => link.server.fold(name));
    this.entering = new Entering(link, list, doings);
    this.#joins = new JoinQueue({
      features: link.server,
      timers: link.timers,
      delayMs: link.settings.joinDelayMs,
      control: (line, sent) => link.control(line, sent),
      wanted: (channel) => channel.state === "out",
      joining: (channel) => {
        channel.state = "joining";
        channel.asked = true;
        channel.retry?.();
      },
      asked: (channel) => this.#awaitJoin(channel),
    });
  }

  joinAll(): void {
    this.#isBegun = true;
    this.#joins.add(this.#list.all.filter((channel) => this.#canExist(channel)));
  }

  /** Enters one channel more, once the first ones may be entered. */
  add(plan: ChannelPlan): void {
    const channel = this.#list.add(plan);
    if (channel !== null && this.#isBegun && this.#canExist(channel)) this.#joins.add([channel]);
  }

  /** False, and told, for a kind of channel that this server does not have. */
  #canExist(channel: Channel): boolean {
    const { server } = this.#link;
    if (server.isChannel(channel.name)) return true;
    const kinds = server.text("CHANTYPES") ?? "";
    const reason = `Cannot join ${channel.name}: this server has no channels that begin with "${
      channel.name.charAt(0)
    }", only with "${kinds}". Change the channel's name in the configuration`;
    this.#tellDown(channel, { reason, mend: "person" });
    return false;
  }

  /** Enters the channels that the host wants now, and leaves the others. */
  replan(): void {
    const plans = new Map(this.#link.host.channels().map((plan) => [plan.channel, plan]));
    for (const channel of this.#list.all) {
      const plan = plans.get(channel.plan.channel);
      if (plan === undefined) this.#drop(channel);
      else channel.plan = plan;
    }
    for (const plan of plans.values()) this.add(plan);
  }

  #drop(channel: Channel): void {
    const isInside = channel.state === "entering" || channel.state === "up";
    // Behind a bouncer the channel may be its owner's, who was there before us.
    if (isInside && channel.asked) this.#part(channel.name);
    channel.state = "left";
    channel.entry++;
    channel.retry?.();
    this.#list.remove(channel);
    this.#link.people.channelGone(channel.plan.channel);
    this.#doings.onDown(channel.plan.channel, "the channel is no longer wanted");
  }

  #part(name: string): void {
    this.#ownParts.sent(name);
    this.#link.control({ command: "PART", params: [name] });
  }

  /** The id of a channel that the server names, if a gateway uses it. */
  idOf(name: string): ChannelId | null {
    return this.#list.byName(name)?.plan.channel ?? null;
  }

  nameOf(id: ChannelId): string {
    return this.#list.byId(id)?.name ?? id;
  }

  isUp(id: ChannelId): boolean {
    return this.#list.byId(id)?.state === "up";
  }

  stateOf(name: string): JoinState | null {
    return this.#list.byName(name)?.state ?? null;
  }

  /** The server sends us to another channel in place of one that we asked for (470). */
  forwarded(name: string): void {
    if (this.#forwards.size >= MOST_FORWARDS) this.#forwards.clear();
    this.#forwards.add(this.#link.server.fold(name));
  }

  /** Our own JOIN: the server let us in. */
  entered(name: string): void {
    const channel = this.#list.byName(name);
    if (channel === undefined) {
      // No gateway uses it. Only where our own JOIN brought us there it is for us to leave: a bouncer's channels are its
      // owner's.
      if (this.#forwards.delete(this.#link.server.fold(name))) this.#part(name);
      return;
    }
    this.#list.rename(channel, name);
    this.entering.begin(channel);
  }

  /** Somebody opened the door: no need to wait for the next try. */
  invited(name: string): void {
    const channel = this.#list.byName(name);
    if (channel?.state === "out") this.#joins.add([channel]);
  }

  /** The server does not let us in. */
  refused(name: string, refusal: ChannelRefusal): void {
    const channel = this.#list.byName(name);
    if (channel === undefined) return;
    channel.failures++;
    const waitMs = refusedWaitMs(channel.failures, refusal.mend, this.#link.settings);
    this.#down(channel, refusal, waitMs);
  }

  /** Our own PART came back, wished for or not. */
  parted(name: string, reason: string): void {
    if (!this.#ownParts.returned(name)) this.lost(name, reason);
  }

  /** Thrown out, or taken out by services. */
  lost(name: string, reason: string): void {
    this.#ownParts.forget(name);
    const channel = this.#list.byName(name);
    if (channel !== undefined) this.#out(channel, reason);
  }

  /** The bouncer has lost its own connection: no channel can be used until it has it back. */
  away(reason: string): void {
    this.#doings.onAway(reason);
    for (const channel of this.#list.all) {
      if (channel.state === "up" || channel.state === "entering") this.#out(channel, reason);
    }
  }

  /** The server calls a channel by another name from now on. */
  renamed(from: string, to: string): void {
    const channel = this.#list.byName(from);
    if (channel !== undefined) this.#list.rename(channel, to);
  }

  #out(channel: Channel, reason: string): void {
    channel.failures++;
    this.#down(
      channel,
      { reason, mend: "wait" },
      lostWaitMs(channel.failures, this.#link.settings),
    );
  }

  #down(channel: Channel, refusal: ChannelRefusal, retryMs: number): void {
    channel.state = "out";
    channel.entry++;
    channel.retry?.();
    channel.fetch?.forget();
    Object.assign(channel, { ghost: false, isAnew: false, own: [], fetch: null });
    this.#link.people.channelGone(channel.plan.channel);
    this.#doings.onDown(channel.plan.channel, refusal.reason);
    this.#tellDown(channel, refusal);
    channel.retry = this.#link.timers.after(retryMs, () => this.#joins.add([channel]));
    this.entering.settled();
  }

  /** The same refusal again and again is said once. */
  #tellDown(channel: Channel, refusal: ChannelRefusal): void {
    if (channel.told === refusal.reason) return;
    channel.told = refusal.reason;
    this.#link.host.channelDown(channel.plan.channel, refusal);
  }

  #awaitJoin(channel: Channel): void {
    if (channel.state !== "joining") return;
    const { bouncer, settings, timers, through } = this.#link;
    const unanswered = () => {
      if (channel.state !== "joining") return;
      const reason = `Cannot join ${channel.name}: the server does not answer`;
      this.refused(channel.name, { reason, mend: "wait" });
    };
    if (!bouncer.present) {
      channel.retry = timers.after(settings.limits.joinMs, unanswered);
    } else {
      // A server says nothing to the JOIN of somebody who is in the channel already.
      through.after(() => {
        if (channel.state === "joining") this.entered(channel.name);
      }, unanswered);
    }
  }
}
