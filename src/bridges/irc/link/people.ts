import type { Holdings } from "../../../base/bounded.ts";
import type { Person } from "../../../relay/port/event.ts";
import type { ChannelId, UserId } from "../../../relay/port/ids.ts";
import type { IrcMessage } from "../wire/message.ts";
import type { Self } from "./self.ts";
import type { ServerFeatures } from "./server_features.ts";

interface Known {
  nick: string;
  user: string;
  host: string;
  account: string | null;
  readonly channels: Set<ChannelId>;
  /** What was taken for it of what the connection may hold. */
  bytes: number;
}

/** Who somebody is, as far as was told. */
type Who = Pick<Known, "nick" | "user" | "host">;

const BYTES_A_CHANNEL = 40;

/** Who is in the channels of one connection: IRC tells a QUIT or a NICK without naming the channels it concerns. */
export class People {
  readonly #features: ServerFeatures;
  readonly #held: Holdings;
  readonly #only: Pick<Self, "isGhost"> | null;
  readonly #known = new Map<string, Known>();

  /** `only`: remembers its ghosts alone, since a puppet need not know everybody a second time. */
  constructor(features: ServerFeatures, held: Holdings, only: Pick<Self, "isGhost"> | null) {
    this.#features = features;
    this.#held = held;
    this.#only = only;
  }

  /** The sender of a line as the core wants it. */
  personOf(message: IrcMessage): Person {
    const known = this.#find(message.nick);
    if (known !== undefined && message.host !== "") {
      known.user = message.user;
      known.host = message.host;
      this.#weigh(known);
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
    const known = this.#known.get(key) ?? this.#meet(nick, details);
    if (known === null) return;
    known.channels.add(channel);
    this.#known.set(key, Object.assign(known, { nick, ...details }));
    this.#weigh(known);
  }

  #meet(nick: string, { user = "", host = "" }: Partial<Who>): Known | null {
    if (this.#only?.isGhost({ nick, user, host }) === false) return null;
    this.#held.take("people", 0);
    return { nick, user, host, account: null, channels: new Set<ChannelId>(), bytes: 0 };
  }

  #weigh(known: Known): void {
    const { nick, user, host, account, channels } = known;
    const bytes = nick.length + user.length + host.length + (account?.length ?? 0) +
      channels.size * BYTES_A_CHANNEL;
    this.#held.grow("people", bytes - known.bytes);
    known.bytes = bytes;
  }

  #forget(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    this.#known.delete(key);
    this.#held.giveBack(known.bytes);
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
    if (known === undefined) return;
    known.channels.delete(channel);
    this.#weigh(known);
    if (known.channels.size === 0) this.#forget(this.#features.fold(nick));
  }

  /** Forgets somebody; answers the channels we shared. */
  gone(nick: string): readonly ChannelId[] {
    const known = this.#find(nick);
    this.#forget(this.#features.fold(nick));
    return [...known?.channels ?? []];
  }

  /** Answers the channels we share with somebody who has a new nick now. */
  renamed(from: string, to: string): readonly ChannelId[] {
    const known = this.#find(from);
    if (known === undefined) return [];
    this.#known.delete(this.#features.fold(from));
    // Whoever was known by the new nick has gone without our being told.
    this.#forget(this.#features.fold(to));
    known.nick = to;
    this.#known.set(this.#features.fold(to), known);
    this.#weigh(known);
    return [...known.channels];
  }

  moved(nick: string, user: string, host: string): void {
    const known = this.#find(nick);
    if (known !== undefined) this.#weigh(Object.assign(known, { user, host }));
  }

  loggedIn(nick: string, account: string | null): void {
    const known = this.#find(nick);
    if (known !== undefined) this.#weigh(Object.assign(known, { account }));
  }

  /** We are out of a channel: nothing more is told of its people. */
  channelGone(channel: ChannelId): void {
    for (const [key, known] of this.#known) {
      known.channels.delete(channel);
      this.#weigh(known);
      if (known.channels.size === 0) this.#forget(key);
    }
  }

  #find(nick: string): Known | undefined {
    return this.#known.get(this.#features.fold(nick));
  }
}
