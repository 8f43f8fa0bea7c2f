import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { BridgeHost } from "../../relay/bridge.ts";
import type { ChatEvent } from "../../relay/event.ts";
import type { ChannelId } from "../../relay/ids.ts";
import type { Channels } from "./channels.ts";
import { isSplitReason, Netsplits } from "./netsplit.ts";
import type { ServerFeatures } from "./isupport.ts";
import type { People } from "./people.ts";
import { messageId, readMessage, replyTarget } from "./read_message.ts";
import type { Self } from "./self.ts";
import type { Sender } from "./sender.ts";
import { readPlain } from "./text/mirc_read.ts";
import { type IrcMessage, lastParam, param, serverTimeMs } from "./wire/message.ts";

export interface TrafficOptions {
  readonly host: BridgeHost;
  readonly clock: Clock;
  readonly log: Logger;
  readonly features: ServerFeatures;
  readonly self: Self;
  readonly people: People;
  readonly channels: Channels;
  readonly sender: Sender;
  readonly relayNotices: boolean;
  /** True for a line from before this connection, which a bouncer or the server plays back. */
  readonly isPlayback: (message: IrcMessage) => boolean;
  /** CTCP requests and whatever else is said to us alone. */
  readonly onPrivate: (message: IrcMessage) => void;
}

/** What people do in channels: keeps the lists of members and tells the core. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #splits = new Netsplits();

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  /** Takes what concerns channels and people; false for all else. `label`: the command of ours that it answers. */
  handle(message: IrcMessage, label: string | null): boolean {
    switch (message.command) {
      case "PRIVMSG":
      case "NOTICE":
        return this.#said(message, label);
      case "TAGMSG":
        return this.#tagged(message);
      case "REDACT":
        return this.#redacted(message, label);
      case "JOIN":
        return this.#joined(message);
      case "PART":
        return this.#parted(message);
      case "KICK":
        return this.#kicked(message);
      case "QUIT":
        return this.#quit(message);
      case "NICK":
        return this.#renamed(message);
      case "TOPIC":
        return this.#topic(message, label);
      case "353":
        return this.#names(message);
      case "366":
        this.#options.channels.namesComplete(param(message, 1));
        return true;
      case "ACCOUNT":
        this.#options.people.loggedIn(message.nick, accountOf(param(message, 0)));
        return true;
      case "CHGHOST":
        return this.#hostChanged(message);
      default:
        return false;
    }
  }

  #said(message: IrcMessage, label: string | null): boolean {
    const { channels, clock, features, people, self, sender } = this.#options;
    const target = param(message, 0);
    if (self.is(target)) {
      this.#options.onPrivate(message);
      return true;
    }
    // "@#channel" is for the channel's operators only: not ours to spread.
    if (features.statusSigns.includes(target.charAt(0))) return true;
    const channel = channels.idOf(target);
    if (channel === null) return true;
    if (this.#isOwn(message)) {
      sender.echoed(channel, param(message, 1), label, messageId(message));
      return true;
    }
    if (message.command === "NOTICE" && !this.#options.relayNotices) return true;
    if (channels.isEntering(target)) {
      if (this.#options.isPlayback(message)) channels.played(target, [message]);
      else channels.keepLive(target, message);
      return true;
    }
    if (this.#options.isPlayback(message)) return true;
    const event = readMessage(message, { channel, people, nowMs: clock.now(), late: false });
    if (event !== null) this.#tell(event);
    else this.#options.onPrivate(message);
    return true;
  }

  #isOwn(message: IrcMessage): boolean {
    const { self } = this.#options;
    const speaker = message.tags.get("draft/relaymsg") ?? message.tags.get("relaymsg");
    return self.is(message.nick) || (speaker !== undefined && self.is(speaker));
  }

  #tagged(message: IrcMessage): boolean {
    const channel = this.#options.channels.idOf(param(message, 0));
    const id = replyTarget(message);
    const added = message.tags.get("+draft/react");
    const key = added ?? message.tags.get("+draft/unreact");
    if (channel === null || id === null || !key || this.#isOwn(message)) return true;
    const sender = this.#options.people.personOf(message);
    const removed = added === undefined;
    this.#tell({
      kind: "reaction",
      channel,
      ...this.#when(message),
      id,
      sender,
      key: readPlain(key),
      removed,
    });
    return true;
  }

  #redacted(message: IrcMessage, label: string | null): boolean {
    const channel = this.#options.channels.idOf(param(message, 0));
    if (channel === null) return true;
    if (this.#options.self.is(message.nick)) {
      if (label !== null) this.#options.sender.acknowledged(label);
      return true;
    }
    const id = param(message, 1) as ReturnType<typeof messageId>;
    const by = this.#options.people.personOf(message);
    if (id) this.#tell({ kind: "deletion", channel, ...this.#when(message), id, by });
    return true;
  }

  #joined(message: IrcMessage): boolean {
    const { channels, people, self, clock } = this.#options;
    const name = param(message, 0);
    if (self.is(message.nick)) {
      self.learn(message.user, message.host);
      channels.entered(name);
      return true;
    }
    const channel = channels.idOf(name);
    if (channel === null) return true;
    const { user, host } = message;
    const account = message.params.length > 1
      ? accountOf(param(message, 1))
      : message.tags.get("account") ?? null;
    people.joined(channel, message.nick, { user, host, account });
    if (
      this.#splits.isReturn(`${channel} ${this.#options.features.fold(message.nick)}`, clock.now())
    ) return true;
    this.#tell({ kind: "join", channel, ...this.#when(message), who: people.personOf(message) });
    return true;
  }

  #parted(message: IrcMessage): boolean {
    const { channels, people, self } = this.#options;
    const name = param(message, 0);
    const channel = channels.idOf(name);
    if (channel === null) return true;
    const reason = reasonOf(message, 1);
    if (self.is(message.nick)) {
      channels.lost(
        name,
        `The server took us out of ${name}${reason === null ? "" : ` (${reason})`}`,
      );
      return true;
    }
    const who = people.personOf(message);
    people.left(channel, message.nick);
    this.#tell({
      kind: "leave",
      channel,
      ...this.#when(message),
      who,
      how: "part",
      by: null,
      reason,
    });
    return true;
  }

  #kicked(message: IrcMessage): boolean {
    const { channels, people, self } = this.#options;
    const name = param(message, 0);
    const victim = param(message, 1);
    const channel = channels.idOf(name);
    if (channel === null) return true;
    const reason = reasonOf(message, 2);
    if (self.is(victim)) {
      const words = reason === null ? "" : ` (${reason})`;
      channels.lost(name, `${message.nick} kicked us from ${name}${words}`);
      return true;
    }
    const who = people.personNamed(victim);
    people.left(channel, victim);
    const by = message.nick;
    this.#tell({ kind: "leave", channel, ...this.#when(message), who, how: "kick", by, reason });
    return true;
  }

  #quit(message: IrcMessage): boolean {
    const { clock, features, log, people, self } = this.#options;
    if (self.is(message.nick)) return true;
    const who = people.personOf(message);
    const reason = reasonOf(message, 0);
    const split = reason !== null && isSplitReason(reason);
    if (split) log.debug("A netsplit took {nick}", { nick: message.nick });
    for (const channel of people.gone(message.nick)) {
      if (split) this.#splits.left(`${channel} ${features.fold(message.nick)}`, clock.now());
      else {this.#tell({
          kind: "leave",
          channel,
          ...this.#when(message),
          who,
          how: "quit",
          by: null,
          reason,
        });}
    }
    return true;
  }

  #renamed(message: IrcMessage): boolean {
    const { people, self, log } = this.#options;
    const to = param(message, 0);
    const channels = people.renamed(message.nick, to);
    if (self.is(message.nick)) {
      self.nick = to;
      log.info("Our nick is {nick} now", { nick: to });
      return true;
    }
    const who = { ...people.personNamed(to), nick: to };
    for (const channel of channels) {
      this.#tell({ kind: "rename", channel, ...this.#when(message), who, from: message.nick });
    }
    return true;
  }

  #topic(message: IrcMessage, label: string | null): boolean {
    const { channels, people, self, sender } = this.#options;
    const channel = channels.idOf(param(message, 0));
    if (channel === null) return true;
    if (self.is(message.nick)) {
      sender.topicShown(channel, label);
      return true;
    }
    const by = message.user === "" ? null : people.personOf(message);
    this.#tell({
      kind: "topic",
      channel,
      ...this.#when(message),
      by,
      topic: readPlain(param(message, 1)),
    });
    return true;
  }

  /** One line of NAMES: `@nick` or `@+nick!user@host`, as far as the capabilities go. */
  #names(message: IrcMessage): boolean {
    const { channels, features, people, self } = this.#options;
    const channel = channels.idOf(param(message, 2));
    if (channel === null) return true;
    for (const entry of lastParam(message).split(" ")) {
      let at = 0;
      while (at < entry.length && features.prefixSigns.includes(entry.charAt(at))) at++;
      const [nick = "", user = "", host = ""] = entry.slice(at).split(/[!@]/);
      if (nick !== "" && !self.is(nick)) {
        people.joined(channel, nick, user === "" ? {} : { user, host });
      }
    }
    return true;
  }

  #hostChanged(message: IrcMessage): boolean {
    const { people, self } = this.#options;
    people.moved(message.nick, param(message, 0), param(message, 1));
    if (self.is(message.nick)) self.learn(param(message, 0), param(message, 1));
    return true;
  }

  #when(message: IrcMessage): { atMs: number; late: false } {
    return { atMs: serverTimeMs(message) ?? this.#options.clock.now(), late: false };
  }

  /** Only of channels that are up: what happens while one is being entered is part of its list of names. */
  #tell(event: ChatEvent): void {
    if (this.#isUp(event.channel)) this.#options.host.event(event);
  }

  #isUp(channel: ChannelId): boolean {
    return this.#options.channels.isUp(channel);
  }
}

function reasonOf(message: IrcMessage, index: number): string | null {
  const reason = readPlain(param(message, index));
  return reason === "" ? null : reason;
}

function accountOf(written: string): string | null {
  return written === "*" || written === "" ? null : written;
}
