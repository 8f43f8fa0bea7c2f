import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type { BridgeHost } from "../../../relay/port/bridge.ts";
import type { ChatEvent } from "../../../relay/port/event.ts";
import type { Channels } from "../channels/channels.ts";
import type { People } from "../link/people.ts";
import type { Self } from "../link/self.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, lastParam, param, serverTimeMs } from "../wire/message.ts";

interface MembershipOptions {
  readonly host: BridgeHost;
  readonly clock: Clock;
  readonly log: Logger;
  readonly features: ServerFeatures;
  readonly self: Self;
  readonly people: People;
  readonly channels: Channels;
}

/** Who comes, goes and takes another name; our own coming and going too. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #splits = new Netsplits();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Takes what concerns people; false for all else. */
  handle(message: IrcMessage): boolean {
    switch (message.command) {
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
    const reason = reasonOf(message, 1);
    if (self.is(message.nick)) {
      channels.parted(
        name,
        `The server took us out of ${name}${reason === null ? "" : ` (${reason})`}`,
      );
      return true;
    }
    const channel = channels.idOf(name);
    if (channel === null) return true;
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
    const reason = reasonOf(message, 2);
    if (self.is(victim)) {
      const words = reason === null ? "" : ` (${reason})`;
      channels.lost(name, `${message.nick} kicked us from ${name}${words}`);
      return true;
    }
    const channel = channels.idOf(name);
    if (channel === null) return true;
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
    if (to === "") return true;
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
    if (this.#options.channels.isUp(event.channel)) this.#options.host.event(event);
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
