import type { ChatEvent } from "../../../relay/port/event.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";
import type { Channels } from "../channels/channels.ts";
import type { PlaybackFilter } from "../history/playback.ts";
import type { Link } from "../link/link.ts";
import { isPseudoUser, upstreamNews } from "../link/ping.ts";
import {
  ctcpAnswer,
  CtcpLimit,
  messageId,
  readCtcp,
  readMessage,
  replyTarget,
} from "../link/read_event.ts";
import type { Puppets } from "../puppets/puppets.ts";
import type { Sender } from "../sending/sender.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, param, serverTimeMs } from "../wire/message.ts";

/** Whom what is said concerns. */
interface MessageParts {
  readonly channels: Channels;
  readonly sender: Sender;
  readonly puppets: Puppets | null;
  readonly playback: PlaybackFilter;
}

/** What is said in channels, and the echoes of what we said. `label`: the command of ours that a line answers. */
export class Messages {
  readonly #link: Link;
  readonly #parts: MessageParts;
  readonly #ctcp: CtcpResponder;

  constructor(link: Link, parts: MessageParts) {
    this.#link = link;
    this.#parts = parts;
    this.#ctcp = new CtcpResponder(link);
  }

  /** PRIVMSG and NOTICE. */
  said(message: IrcMessage, label: string | null): void {
    const { self } = this.#link;
    const { channels, puppets } = this.#parts;
    const target = param(message, 0);
    if (self.is(target)) return this.#saidToUs(message);
    const channel = this.#channelOf(target);
    if (channel === null) return;
    if (this.#isOwn(message)) return this.#own(channel, message, label);
    if (self.isGhost(message)) return channels.entering.heardOwn(target, message);
    if (puppets?.wrote(message) && !this.#isPlayback(message)) {
      return puppets.shown(channel, message, messageId(message));
    }
    if (this.#isRelayed(message)) this.#saidBySomebody(channel, message);
  }

  /** False for programs' lines: NOTICEs, unless they are wanted, and pseudo-users of playback. */
  #isRelayed(message: IrcMessage): boolean {
    if (isPseudoUser(message, false)) return false;
    return message.command === "PRIVMSG" || this.#link.settings.relayNotices;
  }

  /** The channel that is meant; null for none of ours, and for "@#channel", which is for its operators only. */
  #channelOf(target: string): ChannelId | null {
    const { channels } = this.#parts;
    // On some servers a channel's own name begins with such a sign (+name on ngircd).
    const channel = channels.idOf(target);
    const isForSome = this.#link.server.statusSigns.includes(target.charAt(0)) &&
      this.#link.server.isChannel(target.slice(1));
    return isForSome && !this.#link.server.isChannel(target) ? null : channel;
  }

  #saidBySomebody(channel: ChannelId, message: IrcMessage): void {
    const { channels } = this.#parts;
    const target = param(message, 0);
    const state = channels.stateOf(target);
    if (state === "entering" && this.#isPlayback(message)) {
      return channels.entering.playedAlone(target, message);
    }
    if (state !== "up") return channels.entering.keepLive(target, message);
    // Once a channel is entered servers play back in batches only; a bouncer may do it at any time.
    if (this.#link.bouncer.present && this.#isPlayback(message)) return;
    const event = this.#read(channel, message);
    if (event !== null) this.#tell(event, message);
    else this.#private(message);
  }

  #read(channel: ChannelId, message: IrcMessage) {
    const { people, clock } = this.#link;
    return readMessage(message, { channel, people, nowMs: clock.now(), late: false });
  }

  /** Our own line: an echo, or what another client of the same account says. */
  #own(channel: ChannelId, message: IrcMessage, label: string | null): void {
    const { channels, sender } = this.#parts;
    const target = param(message, 0);
    sender.answers.echoed(channel, param(message, 1), label, {
      id: messageId(message),
      atMs: serverTimeMs(message),
      otherwise: () => {
        if (channels.isUp(channel)) this.#saidByOwner(channel, message);
        else channels.entering.heardOwn(target, message);
      },
    });
  }

  #saidByOwner(channel: ChannelId, message: IrcMessage): void {
    const { bouncer, settings } = this.#link;
    if (!(settings.relayOwnLines ?? bouncer.present) || !this.#isRelayed(message)) return;
    if (this.#isPlayback(message)) return;
    const event = this.#read(channel, message);
    if (event !== null) this.#tell(event, message);
  }

  #saidToUs(message: IrcMessage): void {
    const { channels, sender } = this.#parts;
    const news = upstreamNews(message);
    if (news?.kind === "lost") {
      const channel = channels.idOf(news.target);
      if (channel !== null) sender.answers.thrownAway(channel, news.reason);
    }
    if (news !== null) return channels.away(news.reason);
    if (!this.#isPlayback(message)) this.#private(message);
  }

  /** CTCP requests and whatever else is said to us alone. */
  #private(message: IrcMessage): void {
    const { puppet } = this.#link.settings;
    if (puppet === null) this.#ctcp.handle(message);
    else if (this.#link.self.is(param(message, 0))) puppet.hear(message);
  }

  #isPlayback(message: IrcMessage): boolean {
    return this.#parts.playback.isOld(message);
  }

  #isOwn(message: IrcMessage): boolean {
    const { self } = this.#link;
    const speaker = message.tags.get("draft/relaymsg") ?? message.tags.get("relaymsg");
    return speaker === undefined ? self.is(message.nick) : self.hadNick(speaker);
  }

  /** TAGMSG: a reaction. */
  tagged(message: IrcMessage, label: string | null): void {
    if (label !== null) this.#parts.sender.answers.acknowledged(label);
    const channel = this.#channelOf(param(message, 0));
    this.#typing(channel, message);
    const id = replyTarget(message);
    const added = message.tags.get("+draft/react");
    const key = added ?? message.tags.get("+draft/unreact");
    if (channel === null || id === null || !key || this.#isOwn(message)) return;
    const sender = this.#link.people.personOf(message);
    const removed = added === undefined;
    const when = this.#when(message);
    const event: ChatEvent = {
      ...{ kind: "reaction", channel, ...when, id, sender },
      ...{ key: readPlain(key), removed },
    };
    this.#tell(event, message);
  }

  #typing(channel: ChannelId | null, message: IrcMessage): void {
    const state = message.tags.get("+typing");
    if (state === undefined || channel === null || this.#isOwn(message)) return;
    if (!this.#parts.channels.isUp(channel) || this.#parts.puppets?.wrote(message)) return;
    const who = this.#link.people.personOf(message);
    this.#link.host.typing?.(channel, who, state === "active");
  }

  redacted(message: IrcMessage, label: string | null): void {
    const channel = this.#parts.channels.idOf(param(message, 0));
    if (channel === null) return;
    if (this.#link.self.is(message.nick)) {
      if (label !== null) this.#parts.sender.answers.acknowledged(label);
      return;
    }
    const id = param(message, 1) as MessageId;
    const by = this.#link.people.personOf(message);
    if (id) this.#tell({ kind: "deletion", channel, ...this.#when(message), id, by }, message);
  }

  topic(message: IrcMessage, label: string | null): void {
    const channel = this.#parts.channels.idOf(param(message, 0));
    if (channel === null) return;
    if (this.#link.self.is(message.nick)) {
      return this.#parts.sender.answers.topicShown(channel, label);
    }
    const by = message.user === "" ? null : this.#link.people.personOf(message);
    const topic = readPlain(param(message, 1));
    this.#tell({ kind: "topic", channel, ...this.#when(message), by, topic }, message);
  }

  #when(message: IrcMessage): { atMs: number; late: false } {
    return { atMs: serverTimeMs(message) ?? this.#link.clock.now(), late: false };
  }

  /** At once where the channel is up, else in its turn when it is. */
  #tell(event: ChatEvent, message: IrcMessage): void {
    const { channels } = this.#parts;
    if (channels.isUp(event.channel)) this.#link.host.event(event);
    else if (!this.#isPlayback(message)) channels.entering.keepLive(param(message, 0), message);
  }
}

/** Answers CTCP requests by NOTICE, seldom. */
class CtcpResponder {
  readonly #link: Link;
  readonly #limit: CtcpLimit;

  constructor(link: Link) {
    this.#link = link;
    this.#limit = new CtcpLimit(link.settings.limits.ctcpMs);
  }

  handle(message: IrcMessage): void {
    // A NOTICE is never answered: two programs would go on for ever.
    if (message.command !== "PRIVMSG") return;
    const { clock, settings: { version, userInfo } } = this.#link;
    const request = readCtcp(param(message, 1));
    const answer = request === null
      ? null
      : ctcpAnswer(request, { version, userInfo, nowMs: clock.now() });
    if (answer === null || !this.#limit.allows(clock.monotonic())) return;
    this.#link.control({ command: "NOTICE", params: [message.nick, `\x01${answer}\x01`] });
  }
}
