import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, param } from "../wire/message.ts";

/**
 * Whether a bouncer (ZNC, soju) stands between us and the network. It answers PING and echoes by itself, whether or not
 * its own connection is there: neither proves that anybody has seen a line.
 */
export class Bouncer {
  #present = false;
  #isZnc = false;
  #welcomedBy = "";

  get present(): boolean {
    return this.#present;
  }

  /** True where lines of an earlier connection of ours may still wait in it, to be sent and shown to us later. */
  get showsOldQueue(): boolean {
    return this.#present && !this.#isZnc;
  }

  /** The capabilities that are offered to us. */
  offers(capabilities: Iterable<string>): void {
    for (const name of capabilities) {
      this.#isZnc ||= name.startsWith("znc.in/");
      this.#present ||= this.#isZnc || name.startsWith("soju.im/");
    }
  }

  /** Who says 001: a bouncer replays the network's. */
  welcomed(source: string): void {
    this.#welcomedBy = source;
  }

  /** Who answers our PING: somebody else than who welcomed us stands between. */
  ponged(source: string): void {
    if (source !== "" && this.#welcomedBy !== "" && source !== this.#welcomedBy) {
      this.#present = true;
    }
  }
}

/** What a bouncer tells of its own connection. `target`: the channel whose message it threw away. */
interface UpstreamNews {
  readonly kind: "away" | "lost";
  readonly target: string;
  readonly reason: string;
}

const LOST = /your (?:message|notice|action|ctcp) to (\S+) got lost/i;
const AWAY =
  /\bdisconnected from\b|not connected to irc|cannot connect to irc|failed connecting|irc connection timed out/i;

/** Reads the bouncer's service (`*status`, BouncerServ); null for what says nothing of the connection. */
export function upstreamNews(message: IrcMessage): UpstreamNews | null {
  if (message.nick !== "*status" && message.nick !== "BouncerServ") return null;
  const reason = readPlain(param(message, 1));
  const lost = LOST.exec(reason)?.[1];
  if (lost !== undefined) return { kind: "lost", target: lost, reason };
  return AWAY.test(reason) ? { kind: "away", target: "", reason } : null;
}

/** True for a pseudo-user of playback: `*buffextras` of ZNC, Ergo's HistServ. No person can have the first kind of nick. */
export function isPseudoUser(message: IrcMessage, isPlayback: boolean): boolean {
  return message.nick.startsWith("*") || (isPlayback && message.nick === "HistServ");
}
