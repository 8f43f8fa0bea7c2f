import type { ChatEvent } from "../../../relay/port/event.ts";
import type { Channels } from "../channels/channels.ts";
import type { Link } from "../link/link.ts";
import type { NickKeeper } from "../login/nick_keeper.ts";
import type { Puppets } from "../puppets/puppets.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, lastParam, param, serverTimeMs } from "../wire/message.ts";

/** Who comes, goes and takes another name; our own coming and going too. */
export class Membership {
  readonly #link: Link;
  readonly #channels: Channels;
  readonly #nickKeeper: NickKeeper;
  readonly #puppets: Puppets | null;
  readonly #splits = new Netsplits();

  constructor(link: Link, channels: Channels, nickKeeper: NickKeeper, puppets: Puppets | null) {
    this.#link = link;
    this.#channels = channels;
    this.#nickKeeper = nickKeeper;
    this.#puppets = puppets;
  }

  joined(message: IrcMessage): void {
    if (this.#puppets?.takes(message)) return;
    const { clock, people, self, server } = this.#link;
    const name = param(message, 0);
    if (self.is(message.nick)) {
      self.learn(message.user, message.host);
      return this.#channels.entered(name);
    }
    const channel = this.#channels.idOf(name);
    if (channel === null) return;
    const { user, host } = message;
    const account = message.params.length > 1
      ? accountOf(param(message, 1))
      : message.tags.get("account") ?? null;
    people.joined(channel, message.nick, { user, host, account });
    const key = `${channel} ${server.fold(message.nick)}`;
    if (this.#splits.isReturn(key, clock.now())) return;
    this.#tell({ kind: "join", channel, ...this.#when(message), who: people.personOf(message) });
  }

  parted(message: IrcMessage): void {
    if (this.#puppets?.takes(message)) return;
    const { people, self } = this.#link;
    const name = param(message, 0);
    const reason = reasonOf(message, 1);
    if (self.is(message.nick)) {
      const words = reason === null ? "" : ` (${reason})`;
      return this.#channels.parted(name, `The server took us out of ${name}${words}`);
    }
    const channel = this.#channels.idOf(name);
    if (channel === null) return;
    const who = people.personOf(message);
    people.left(channel, message.nick);
    this.#channels.entering.someoneGone();
    const when = this.#when(message);
    this.#tell({ kind: "leave", channel, ...when, who, how: "part", by: null, reason });
  }

  kicked(message: IrcMessage): void {
    if (this.#puppets?.takes(message)) return;
    const { people, self } = this.#link;
    const name = param(message, 0);
    const victim = param(message, 1);
    const reason = reasonOf(message, 2);
    if (self.is(victim)) {
      const words = reason === null ? "" : ` (${reason})`;
      return this.#channels.lost(name, `${message.nick} kicked us from ${name}${words}`);
    }
    const channel = this.#channels.idOf(name);
    if (channel === null) return;
    const who = people.personNamed(victim);
    people.left(channel, victim);
    this.#channels.entering.someoneGone();
    const by = message.nick;
    this.#tell({ kind: "leave", channel, ...this.#when(message), who, how: "kick", by, reason });
  }

  /** 731: these nicks are free, as MONITOR tells it. */
  gone(message: IrcMessage): void {
    for (const nick of lastParam(message).split(",")) this.#nickKeeper.freed(nick);
  }

  quit(message: IrcMessage): void {
    this.#nickKeeper.freed(message.nick);
    if (this.#puppets?.takes(message)) return;
    const { clock, log, people, self, server } = this.#link;
    if (self.is(message.nick)) return;
    const isGhost = self.isGhost(message);
    const who = people.personOf(message);
    const reason = reasonOf(message, 0);
    const split = reason !== null && isSplitReason(reason);
    if (split) log.debug("A netsplit took {nick}", { nick: message.nick });
    const channels = people.gone(message.nick);
    this.#channels.entering.someoneGone();
    if (isGhost) return;
    const when = this.#when(message);
    for (const channel of channels) {
      if (split) this.#splits.left(`${channel} ${server.fold(message.nick)}`, clock.now());
      else this.#tell({ kind: "leave", channel, ...when, who, how: "quit", by: null, reason });
    }
  }

  /** The one place that knows of new nicks: ours (before the welcome is complete, too), puppets' and others'. */
  renamed(message: IrcMessage): void {
    const { people, self, log } = this.#link;
    const to = param(message, 0);
    if (to === "") return;
    const isOwn = self.is(message.nick);
    if (!isOwn && !this.#link.server.isSame(message.nick, to)) this.#nickKeeper.freed(message.nick);
    if (!isOwn && this.#puppets?.takes(message)) return;
    const channels = people.renamed(message.nick, to);
    if (isOwn) {
      self.nick = to;
      return log.info("Our nick is {nick} now", { nick: to });
    }
    this.#channels.entering.someoneGone();
    const who = { ...people.personNamed(to), nick: to };
    for (const channel of channels) {
      this.#tell({ kind: "rename", channel, ...this.#when(message), who, from: message.nick });
    }
  }

  account(message: IrcMessage): void {
    if (this.#puppets?.takes(message)) return;
    this.#link.people.loggedIn(message.nick, accountOf(param(message, 0)));
  }

  /** One line of NAMES: `@nick` or `@+nick!user@host`, as far as the capabilities go. */
  names(message: IrcMessage): void {
    const { people, self, server } = this.#link;
    const channel = this.#channels.idOf(param(message, 2));
    if (channel === null) return;
    for (const entry of lastParam(message).split(" ")) {
      let at = 0;
      while (at < entry.length && server.prefixSigns.includes(entry.charAt(at))) at++;
      const [nick = "", user = "", host = ""] = entry.slice(at).split(/[!@]/);
      if (nick !== "" && !self.is(nick)) {
        people.joined(channel, nick, user === "" ? {} : { user, host });
      }
    }
  }

  hostChanged(message: IrcMessage): void {
    if (this.#puppets?.takes(message)) return;
    const { people, self } = this.#link;
    people.moved(message.nick, param(message, 0), param(message, 1));
    if (self.is(message.nick)) self.learn(param(message, 0), param(message, 1));
  }

  /** RENAME (draft/channel-rename): the channel goes by another name from now on. */
  channelRenamed(message: IrcMessage): void {
    this.#channels.renamed(param(message, 0), param(message, 1));
  }

  #when(message: IrcMessage): { atMs: number; late: false } {
    return { atMs: serverTimeMs(message) ?? this.#link.clock.now(), late: false };
  }

  /** Only of channels that are up: what happens while one is being entered is part of its list of names. */
  #tell(event: ChatEvent): void {
    if (this.#channels.isUp(event.channel)) this.#link.host.event(event);
  }
}

function reasonOf(message: IrcMessage, index: number): string | null {
  const reason = readPlain(param(message, index));
  return reason === "" ? null : reason;
}

function accountOf(written: string): string | null {
  return written === "*" || written === "" ? null : written;
}

/** How long somebody whom a netsplit took may stay away and still count as coming back from it. */
const RETURN_MS = 15 * 60_000;
const MOST_GONE = 5_000;
const SERVER = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

/** True for the reason of a QUIT that a netsplit caused: the names of the two servers that lost each other. */
export function isSplitReason(reason: string): boolean {
  const [near = "", far = "", ...more] = reason.split(" ");
  if (more.length > 0 || near === far) return false;
  if (near === "*.net" && far === "*.split") return true;
  return SERVER.test(near) && SERVER.test(far);
}

/**
 * Remembers whom a netsplit took, so that neither their leaving nor their coming back is told as news: a split can take
 * hundreds at once, who know nothing of it.
 */
export class Netsplits {
  readonly #gone = new Map<string, number>();

  left(key: string, nowMs: number): void {
    this.#gone.set(key, nowMs);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
  }

  /** True when this join ends a split, not an absence. */
  isReturn(key: string, nowMs: number): boolean {
    const goneAtMs = this.#gone.get(key);
    this.#gone.delete(key);
    for (const [old, atMs] of this.#gone) {
      // Oldest first: the rest is younger.
      if (nowMs - atMs <= RETURN_MS) break;
      this.#gone.delete(old);
    }
    return goneAtMs !== undefined && nowMs - goneAtMs <= RETURN_MS;
  }
}
