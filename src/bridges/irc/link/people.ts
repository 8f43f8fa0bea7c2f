import type { Person } from "../../../relay/port/event.ts";
import type { ChannelId, UserId } from "../../../relay/port/ids.ts";
import type { IrcMessage } from "../wire/message.ts";
import type { ServerFeatures } from "./server_features.ts";

interface Known {
  nick: string;
  user: string;
  host: string;
  account: string | null;
  readonly channels: Set<ChannelId>;
}

/** Who is in the channels of one connection: IRC tells a QUIT or a NICK without naming the channels it concerns. */
export class People {
  readonly #features: ServerFeatures;
  readonly #known = new Map<string, Known>();

  constructor(features: ServerFeatures) {
    this.#features = features;
  }

  /** The sender of a line as the core wants it. */
  personOf(message: IrcMessage): Person {
    const known = this.#find(message.nick);
    if (known !== undefined && message.host !== "") {
      known.user = message.user;
      known.host = message.host;
    }
    const account = message.tags.get("account") ?? known?.account ?? null;
    const userId = `${message.user || known?.user || ""}@${message.host || known?.host || ""}`;
    const bot = message.tags.has("bot") || message.tags.has("draft/bot") ||
      message.tags.has("inspircd.org/bot");
    const id = account === null
      ? `${this.#features.fold(message.nick)}!${userId}`
      : `account:${account}`;
    return {
      id: id as UserId,
      nick: message.nick,
      userId,
      ...(account === null ? {} : { account }),
      ...(bot ? { bot: true } : {}),
    };
  }

  /** Somebody of whom only the nick is known (the victim of a KICK). */
  personNamed(nick: string): Person {
    const known = this.#find(nick);
    const { user = "", host = "", account = null } = known ?? {};
    const id = account === null
      ? `${this.#features.fold(nick)}!${user}@${host}`
      : `account:${account}`;
    return { id: id as UserId, nick: known?.nick ?? nick, userId: `${user}@${host}` };
  }

  joined(channel: ChannelId, nick: string, details: Partial<Omit<Known, "channels">> = {}): void {
    const key = this.#features.fold(nick);
    const known = this.#known.get(key) ??
      { nick, user: "", host: "", account: null, channels: new Set<ChannelId>() };
    known.channels.add(channel);
    this.#known.set(key, Object.assign(known, { nick, ...details }));
  }

  /** Everybody in a channel, ourselves and our puppets among them. */
  inChannel(channel: ChannelId): readonly Person[] {
    return [...this.#known.values()].filter((known) => known.channels.has(channel))
      .map((known) => this.personNamed(known.nick));
  }

  /** True when somebody in the channel fits. */
  hasIn(
    channel: ChannelId,
    fits: (who: { readonly nick: string; readonly user: string; readonly host: string }) => boolean,
  ): boolean {
    return [...this.#known.values()].some((known) => known.channels.has(channel) && fits(known));
  }

  isKnown(nick: string): boolean {
    return this.#find(nick) !== undefined;
  }

  isIn(channel: ChannelId, nick: string): boolean {
    return this.#find(nick)?.channels.has(channel) ?? false;
  }

  left(channel: ChannelId, nick: string): void {
    const known = this.#find(nick);
    known?.channels.delete(channel);
    if (known?.channels.size === 0) this.#known.delete(this.#features.fold(nick));
  }

  /** Forgets somebody; answers the channels we shared. */
  gone(nick: string): readonly ChannelId[] {
    const known = this.#find(nick);
    this.#known.delete(this.#features.fold(nick));
    return [...known?.channels ?? []];
  }

  /** Answers the channels we share with somebody who has a new nick now. */
  renamed(from: string, to: string): readonly ChannelId[] {
    const known = this.#find(from);
    if (known === undefined) return [];
    this.#known.delete(this.#features.fold(from));
    known.nick = to;
    this.#known.set(this.#features.fold(to), known);
    return [...known.channels];
  }

  moved(nick: string, user: string, host: string): void {
    const known = this.#find(nick);
    if (known !== undefined) Object.assign(known, { user, host });
  }

  loggedIn(nick: string, account: string | null): void {
    const known = this.#find(nick);
    if (known !== undefined) known.account = account;
  }

  /** We are out of a channel: nothing more is told of its people. */
  channelGone(channel: ChannelId): void {
    for (const [key, known] of this.#known) {
      known.channels.delete(channel);
      if (known.channels.size === 0) this.#known.delete(key);
    }
  }

  #find(nick: string): Known | undefined {
    return this.#known.get(this.#features.fold(nick));
  }
}
