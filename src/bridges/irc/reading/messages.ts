import type { Clock } from "../../../base/clock.ts";
import type { BridgeHost } from "../../../relay/port/bridge.ts";
import type { ChatEvent } from "../../../relay/port/event.ts";
import type { Channels } from "../channels/channels.ts";
import type { People } from "../link/people.ts";
import { messageId, readMessage, replyTarget } from "../link/read_event.ts";
import type { Self } from "../link/self.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import type { Puppets } from "../puppets/puppets.ts";
import type { Sender } from "../sending/sender.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, param, serverTimeMs } from "../wire/message.ts";

interface TalkOptions {
  readonly host: BridgeHost;
  readonly clock: Clock;
  readonly features: ServerFeatures;
  readonly self: Self;
  readonly people: People;
  readonly channels: Channels;
  readonly sender: Sender;
  readonly relayNotices: boolean;
  /** True for a line from before this connection, which a bouncer or the server plays back. */
  readonly isPlayback: (message: IrcMessage) => boolean;
  readonly puppets: Puppets | null;
  /** CTCP requests and whatever else is said to us alone. */
  readonly onPrivate: (message: IrcMessage) => void;
}

/** What is said in channels, and the echoes of what we said. */
export class Talk {
  readonly #options: TalkOptions;

  constructor(options: TalkOptions) {
    this.#options = options;
  }

  /** Takes what concerns messages and topics; false for all else. `label`: the command of ours that it answers. */
  handle(message: IrcMessage, label: string | null): boolean {
    switch (message.command) {
      case "PRIVMSG":
      case "NOTICE":
        return this.#said(message, label);
      case "TAGMSG":
        return this.#tagged(message);
      case "REDACT":
        return this.#redacted(message, label);
      case "TOPIC":
        return this.#topic(message, label);
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
    if (this.#options.puppets?.wrote(message) && !this.#options.isPlayback(message)) {
      this.#options.puppets.shown(channel, message, messageId(message));
      return true;
    }
    if (message.command === "NOTICE" && !this.#options.relayNotices) return true;
    if (channels.stateOf(target) === "entering") {
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

  #when(message: IrcMessage): { atMs: number; late: false } {
    return { atMs: serverTimeMs(message) ?? this.#options.clock.now(), late: false };
  }

  #tell(event: ChatEvent): void {
    if (this.#options.channels.isUp(event.channel)) this.#options.host.event(event);
  }
}
