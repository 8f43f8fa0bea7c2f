import { SeenIds } from "../../../base/bounded.ts";
import { byteLength } from "../../../base/text.ts";
import type { Person } from "../../../relay/port/event.ts";
import type { UserId } from "../../../relay/port/ids.ts";
import type { IrcMessage } from "../wire/message.ts";
import type { Memory } from "./link.ts";
import type { ServerFeatures } from "./server_features.ts";

/** Longest user name and host that servers show, where they have not told. */
const USER_BYTES = 11;
const HOST_BYTES = 64;

/** How the server shows us: it puts that before every line of ours, and counts it. */
export class Self {
  readonly wantedNick: string;
  readonly #features: ServerFeatures;
  #nick: string;
  #user: string | null = null;
  #host: string | null = null;
  /** Under these names our own lines may still come, or stand in a history. */
  readonly #memory: Pick<Memory, "nicks" | "spokenAs">;
  /** Signs that only the name of a RELAYMSG has. */
  relaySigns = "/";

  constructor(
    wantedNick: string,
    features: ServerFeatures,
    memory: Pick<Memory, "nicks" | "spokenAs"> = {
      nicks: new SeenIds(1),
      spokenAs: new SeenIds(1),
    },
  ) {
    this.wantedNick = wantedNick;
    this.#nick = wantedNick;
    this.#features = features;
    this.#memory = memory;
  }

  get nick(): string {
    return this.#nick;
  }

  set nick(nick: string) {
    this.#nick = nick;
    this.#memory.nicks.add(this.#features.fold(nick));
  }

  get hasWantedNick(): boolean {
    // A server that cuts nicks gave us all it can.
    return this.is(this.wantedNick.slice(0, this.#features.number("NICKLEN", Infinity)));
  }

  is(nick: string): boolean {
    return this.#features.fold(nick) === this.#features.fold(this.#nick);
  }

  /** True for a nick that we have, had, or take where the wanted one is not free. */
  hadNick(nick: string): boolean {
    const folded = this.#features.fold(nick);
    const wanted = this.#features.fold(this.wantedNick);
    return this.is(nick) || folded === wanted || this.#memory.nicks.has(folded) ||
      (folded.startsWith(wanted) && /^[_\d]{1,3}$/.test(folded.slice(wanted.length)));
  }

  /** True for a line of the history that we wrote, in this link or an earlier one. */
  wrote(message: IrcMessage): boolean {
    if (this.#spokeAs(message)) return true;
    // soju's logs keep the nick alone.
    const fits = message.user === "" || this.#user === null || message.user === this.#user;
    return fits && this.hadNick(message.nick);
  }

  /**
   * True for an earlier connection of ours that the server has not ended yet: it may work off lines that we sent before
   * we were killed.
   */
  isGhost(who: Pick<IrcMessage, "nick" | "user" | "host">): boolean {
    return !this.is(who.nick) && this.hadNick(who.nick) &&
      this.#user !== null && who.user === this.#user &&
      this.#host !== null && who.host === this.#host;
  }

  /** A name that we gave by RELAYMSG: no nick has such a sign, and the host is ours (Ergo). */
  #spokeAs(message: IrcMessage): boolean {
    if (this.#memory.spokenAs.has(this.#features.fold(message.nick))) return true;
    const isRelayed = [...this.relaySigns].some((sign) => message.nick.includes(sign));
    return isRelayed && this.#host !== null && message.host === this.#host;
  }

  /** From any line that the server sent with us as its source, or from what it told of our host. */
  learn(user: string, host: string): void {
    if (user !== "") this.#user = user;
    if (host !== "") this.#host = host;
  }

  /** Numeric 396: `host` or `user@host`. */
  hostShown(written: string): void {
    const [user = "", host] = written.split("@");
    if (host === undefined) this.learn("", written);
    else this.learn(user, host);
  }

  /** Bytes of `:nick!user@host `; on the safe side as long as the server has not shown us. */
  get prefixBytes(): number {
    const nick = Math.max(byteLength(this.#nick), byteLength(this.wantedNick));
    const user = this.#user === null
      ? this.#features.number("USERLEN", USER_BYTES) + 1
      : byteLength(this.#user);
    const host = this.#host === null
      ? this.#features.number("HOSTLEN", HOST_BYTES)
      : byteLength(this.#host);
    return nick + user + host + 4;
  }

  get person(): Person {
    const userId = `${this.#user ?? ""}@${this.#host ?? ""}`;
    return { id: `${this.#nick}!${userId}` as UserId, nick: this.#nick, userId, bot: true };
  }
}

/** Less than this is not worth a line; a server that leaves no more room cuts. */
const LEAST_TEXT_BYTES = 64;

/** How long lines may be on this connection. */
export class LineBudget {
  readonly #features: ServerFeatures;
  readonly #self: Self;

  constructor(features: ServerFeatures, self: Self) {
    this.#features = features;
    this.#self = self;
  }

  /** Bytes that the server takes in a line, CRLF included, tags not. */
  get lineBytes(): number {
    return Math.max(this.#features.number("LINELEN", 512), 512);
  }

  /** Bytes that a topic may have; null where the server has not told. */
  get topicBytes(): number | null {
    return this.#features.has("TOPICLEN") ? this.#features.number("TOPICLEN", 300) : null;
  }

  /** Bytes that the text of one PRIVMSG may have so that nobody gets it cut: the server adds our name before it. */
  textBytes(channelName: string): number {
    const frame = byteLength(`PRIVMSG ${channelName} :\r\n`) + this.#self.prefixBytes;
    return Math.max(this.lineBytes - frame, LEAST_TEXT_BYTES);
  }
}
