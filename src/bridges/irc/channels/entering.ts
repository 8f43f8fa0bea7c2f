import type { History } from "../../../relay/port/bridge.ts";
import { type HistoryContext, historyOf, idsTakenBack, linesWithout } from "../history/history.ts";
import { type Fetched, HistoryFetch } from "../history/history_fetch.ts";
import type { Link } from "../link/link.ts";
import { messageId } from "../link/read_event.ts";
import type { IrcMessage } from "../wire/message.ts";
import type { Channel, ChannelList } from "./channel_list.ts";
import type { ChannelDoings } from "./channels.ts";

/** How lines from before our entry were got: `asked` for, or played back by the server. */
interface Reading extends Fetched {
  readonly asked: boolean;
}

const PLAYED: Reading = { cut: false, behind: false, unanswered: false, asked: false };

/** Staying this long in a channel makes earlier kicks and refusals forgotten. */
const SETTLED_MS = 60_000;
const MAX_LIVE = 5_000;

/**
 * From our own JOIN until a channel is up: what the server plays back or is asked for, what is said meanwhile, and what an
 * earlier connection of ours still says.
 */
export class Entering {
  readonly #link: Link;
  readonly #list: ChannelList;
  readonly #doings: ChannelDoings;

  /** What waits until no channel is being entered. */
  #waiting: (() => void)[] = [];

  constructor(link: Link, list: ChannelList, doings: ChannelDoings) {
    this.#link = link;
    this.#list = list;
    this.#doings = doings;
  }

  begin(channel: Channel): void {
    channel.retry?.();
    channel.fetch?.forget();
    const isAnew = channel.isAnew || channel.state === "up";
    // What was heard before stays: behind a bouncer that seemed away, or between two entries.
    const playedEarlier = playedOf(channel) ?? [];
    Object.assign(channel, {
      state: "entering",
      isAnew,
      playback: null,
      playedEarlier,
      fetch: null,
    });
    channel.entry++;
    const link = this.#link;
    if (link.has("batch") || link.has("server-time") || link.bouncer.present) {
      // Behind the answer stand the list of names, all that the server plays back by itself, and what a bouncer still
      // had to send for an earlier connection of ours.
      if (link.bouncer.present) link.through.renew();
      const fence = link.bouncer.showsOldQueue ? link.through : link.fence;
      fence.untilAfter(this.#settler(channel));
    } else {
      // What such a server plays back looks like live lines: the end of its list of names is the end of entering.
      channel.retry = link.timers.after(link.settings.limits.joinMs, this.#settler(channel));
    }
  }

  /** The list of names is complete (366). */
  namesComplete(name: string): void {
    const channel = this.#list.byName(name);
    if (channel === undefined || channel.state !== "entering") return;
    const link = this.#link;
    if (link.has("batch") || link.has("server-time") || link.bouncer.present) return;
    this.#settler(channel)();
  }

  /** What ends this entry of a channel; void once the channel was left meanwhile. */
  #settler(channel: Channel): () => void {
    const { entry } = channel;
    return () => {
      const isThis = channel.entry === entry && channel.state === "entering";
      if (isThis && channel.fetch === null) this.#awaitGhost(channel);
    };
  }

  /**
   * An earlier connection of ours may still work off what we sent before we were killed: what of it arrived is known
   * only when it has gone, or has been silent for long.
   */
  #awaitGhost(channel: Channel): void {
    const { timers, settings } = this.#link;
    if (!this.#hasGhost(channel)) return this.#readHistory(channel);
    channel.retry?.();
    channel.ghost = true;
    channel.retry = timers.after(settings.limits.ghostMs, () => this.#ghostGone(channel));
  }

  #ghostGone(channel: Channel): void {
    if (!channel.ghost) return;
    channel.ghost = false;
    channel.retry?.();
    if (channel.state === "entering") this.#readHistory(channel);
  }

  /** Somebody left the channel or the network, or has another nick: it may have been our ghost. */
  someoneGone(): void {
    for (const channel of this.#list.all) {
      if (channel.ghost && !this.#hasGhost(channel)) this.#ghostGone(channel);
    }
  }

  #hasGhost(channel: Channel): boolean {
    const { people, self } = this.#link;
    return people.hasIn(channel.plan.channel, (who) => self.isGhost(who));
  }

  /** A line of ours that came before the channel was up, from an earlier connection: it stands for a part in doubt. */
  heardOwn(name: string, message: IrcMessage): void {
    const channel = this.#list.byName(name);
    if (channel === undefined || channel.state !== "entering") return;
    if (channel.own.length < MAX_LIVE) channel.own.push(message);
    if (channel.ghost) this.#awaitGhost(channel);
  }

  /** Calls once nothing is held back any more of what was heard so far. */
  whenUp(call: () => void): void {
    // Whoever sends so many is no bouncer that waits for each.
    if (this.#waiting.length < MAX_LIVE) this.#waiting.push(call);
    this.settled();
  }

  /** A channel is not being entered any more. */
  settled(): void {
    if (this.#list.all.some((channel) => channel.state === "entering")) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call();
  }

  /** A line of a channel that is not up, though the server shows it to us: kept until it is. */
  keepLive(name: string, message: IrcMessage): void {
    const live = this.#list.byName(name)?.live ?? [];
    if (live.length < MAX_LIVE) live.push(message);
  }

  /** Lines from before our entry, which the server showed as such: the answer to our question where one is open. */
  played(name: string, messages: readonly IrcMessage[]): void {
    const channel = this.#list.byName(name);
    if (channel === undefined || channel.state !== "entering") return;
    channel.liveBefore = channel.live.length;
    if (channel.fetch !== null) return channel.fetch.page(messages);
    keepPlayed(channel, messages);
  }

  /** A line outside of any batch that only its time tells from a live one: a clock that is off makes it a wrong guess. */
  playedAlone(name: string, message: IrcMessage): void {
    const channel = this.#list.byName(name);
    if (channel?.state !== "entering") return;
    channel.liveBefore = channel.live.length;
    keepPlayed(channel, [message]);
  }

  historyFailed(name: string): void {
    this.#list.byName(name)?.fetch?.failed();
  }

  #readHistory(channel: Channel): void {
    const { fence, host, server, settings, timers } = this.#link;
    if (!this.#link.has("draft/chathistory") || !this.#link.has("batch")) {
      return this.#ready(channel, playedOf(channel), PLAYED);
    }
    const { entry } = channel;
    // A link on which nothing passes for a while is no answer: only what comes behind one tells that there is none.
    const timeout = timers.after(
      settings.limits.historyMs,
      () => fence.untilAfter(() => this.#unanswered(channel, fetch)),
    );
    const fetch = new HistoryFetch({
      channel: channel.name,
      cursor: host.cursor(channel.plan.channel),
      features: server,
      maxMessages: settings.history.maxMessages,
      send: (line) => this.#link.control(line),
      done: (lines, how) => {
        timeout();
        channel.fetch = null;
        if (channel.entry === entry && channel.state === "entering") {
          const played = playedOf(channel);
          const more = linesWithout(played ?? [], lines ?? []);
          const all = lines === null ? played : [...lines, ...more];
          const behind = how.behind && more.length === 0;
          this.#ready(channel, all, { ...how, behind, asked: lines !== null });
        }
      },
    });
    channel.fetch = fetch;
  }

  #unanswered(channel: Channel, fetch: HistoryFetch): void {
    if (channel.fetch !== fetch) return;
    const template = "the server does not say what was said in {channel} while the relay was away";
    this.#link.log.warn(template, { channel: channel.plan.written });
    fetch.unanswered();
  }

  /**
   * The link has ended while channels were being entered. What was heard of them must not be lost: only a server that can
   * be asked for it tells it again, a bouncer has forgotten it already.
   */
  salvage(): void {
    if (this.#link.has("draft/chathistory") && this.#link.has("batch")) return;
    for (const channel of this.#list.all) {
      const played = playedOf(channel);
      if (channel.state !== "up" && channel.live.length + (played?.length ?? 0) > 0) {
        this.#up(channel, played, PLAYED);
      }
    }
  }

  /** Up; a moment later where it was up before, so that the core has heard of what was settled meanwhile. */
  #ready(channel: Channel, lines: readonly IrcMessage[] | null, how: Reading): void {
    if (!channel.isAnew) return this.#up(channel, lines, how);
    const { entry } = channel;
    this.#doings.onAnew(channel.plan.channel);
    channel.isAnew = false;
    this.#link.timers.after(0, () => {
      if (channel.entry === entry && channel.state === "entering") this.#up(channel, lines, how);
    });
  }

  #up(channel: Channel, lines: readonly IrcMessage[] | null, how: Reading): void {
    const { host, timers } = this.#link;
    const { live, liveBefore, own, entry, plan } = channel;
    // What an earlier connection of ours said meanwhile may stand in the history as well.
    const heard = linesWithout(own, lines ?? []);
    // What was said between our entry and the answer stands in both. At the first visit the core takes nothing from a
    // history, because it tells of the time before us: there it must come as live, later in its place in the history.
    const isFirst = host.cursor(plan.channel) === null;
    const before = isFirst && lines !== null
      ? linesWithout(lines, live.slice(0, liveBefore))
      : lines;
    const after = isFirst ? live : [
      ...linesWithout(live.slice(0, liveBefore), lines ?? []),
      ...live.slice(liveBefore),
    ];
    const takenBack = idsTakenBack([...lines ?? [], ...live]);
    const since = after.filter((line) => !takenBack.has(messageId(line)));
    const isKnown = before !== null || heard.length > 0;
    const history = isKnown
      ? this.#history(channel, before ?? [], { ...how, heard, takenBack })
      : null;
    Object.assign(channel, {
      state: "up",
      told: null,
      live: [],
      liveBefore: 0,
      own: [],
      playback: null,
      playedEarlier: [],
    });
    channel.retry?.();
    channel.retry = timers.after(SETTLED_MS, () => {
      if (channel.entry === entry) channel.failures = 0;
    });
    host.channelUp(plan.channel, history);
    this.#doings.onLive(since);
    this.settled();
  }

  #history(
    channel: Channel,
    lines: readonly IrcMessage[],
    known: Reading & Pick<HistoryContext, "heard" | "takenBack">,
  ): History {
    const { host, settings, people, self, clock, bouncer } = this.#link;
    const id = channel.plan.channel;
    return historyOf(lines, {
      channel: id,
      cursor: host.cursor(id),
      people,
      self,
      puppets: this.#doings.puppets,
      nowMs: clock.now(),
      serverMs: this.#doings.serverMs(),
      notices: settings.relayNotices,
      ...known,
      bouncer: bouncer.present,
    });
  }
}

function keepPlayed(channel: Channel, messages: readonly IrcMessage[]): void {
  channel.playback ??= [];
  channel.playback.push(...messages.slice(0, MAX_LIVE - channel.playback.length));
}

/** What was played back in this entry and in earlier ones that came to nothing; a server may play the same twice. */
function playedOf({ playback, playedEarlier }: Channel): readonly IrcMessage[] | null {
  const all = [...playedEarlier, ...linesWithout(playback ?? [], playedEarlier)];
  return all.length === 0 ? playback : all;
}
