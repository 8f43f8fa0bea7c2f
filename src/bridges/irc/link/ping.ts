import type { Clock } from "../../../base/clock.ts";
import type { Cancel, Timers } from "../../../base/timers.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, type OutLine, param } from "../wire/message.ts";

interface FenceOptions {
  readonly send: (line: OutLine) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Begins each token. */
  readonly name: string;
  /** A line to which the answer repeats the token. */
  readonly ask: (token: string) => OutLine;
  /** One measured round trip; includes the time that the server let our lines wait. */
  readonly onRoundTrip: (roundTripMs: number) => void;
  /** An answer that does not come within this time never will. */
  readonly limitMs: number;
  readonly onSilence: () => void;
}

interface Waiting {
  readonly reached: (atMs: number | null) => void;
  /** Null: asked again until there is an answer. */
  readonly missed: (() => void) | null;
}

/** A question that was answered later than this may have gone to a connection of the bouncer that is no more. */
const OLD_MS = 1_000;

/**
 * Tells when everything sent so far has been worked off: a connection's lines are handled in order, so that the answer to
 * one stands behind all answers to what went before. At most one is under way; who asks meanwhile shares the next.
 */
export class Fence {
  readonly #options: FenceOptions;
  #count = 0;
  #sentAtMs = 0;
  #limit: Cancel = () => {};
  #under: readonly Waiting[] = [];
  #waiting: Waiting[] = [];

  constructor(options: FenceOptions) {
    this.#options = options;
  }

  /** True while an answer is due. */
  get open(): boolean {
    return this.#under.length > 0;
  }

  /**
   * Calls `reached` once all that was sent before this call has been worked off, with the time that the answer bears;
   * `missed` when no answer comes.
   */
  after(reached: (atMs: number | null) => void, missed: () => void = () => {}): void {
    this.#wait({ reached, missed });
  }

  /** The same for what a later question serves as well: it is asked again when the network is back. */
  untilAfter(reached: () => void): void {
    this.#wait({ reached, missed: null });
  }

  #wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (!this.open) this.#ask();
  }

  /** Takes the token of an answer; false when it is not ours. */
  answered(token: string, atMs: number | null = null): boolean {
    if (!this.open || token !== this.#token()) return false;
    this.#options.onRoundTrip(this.#options.clock.monotonic() - this.#sentAtMs);
    this.passed(atMs);
    return true;
  }

  /** The question that is under way was answered, in whatever words. */
  passed(atMs: number | null = null): void {
    const reached = this.#under;
    this.#limit();
    this.#under = [];
    if (this.#waiting.length > 0) this.#ask();
    reached.forEach((each) => each.reached(atMs));
  }

  /** The network is there again: a question that has been open for a while went to nobody. */
  renew(): void {
    const isOld = this.#options.clock.monotonic() - this.#sentAtMs > OLD_MS;
    if (this.open && isOld) this.#miss();
  }

  /** Asks again for those who wait for any answer; the others hear that there was none. */
  #miss(): void {
    const all = [...this.#under, ...this.#waiting];
    this.#limit();
    this.#under = [];
    // A late answer must not pass for that to the next question.
    this.#count++;
    this.#waiting = all.filter((each) => each.missed === null);
    if (this.#waiting.length > 0) this.#ask();
    all.forEach((each) => each.missed?.());
  }

  #ask(): void {
    const { clock, timers, limitMs, ask, send } = this.#options;
    this.#under = this.#waiting;
    this.#waiting = [];
    this.#count++;
    this.#sentAtMs = clock.monotonic();
    this.#limit = timers.after(limitMs, () => this.#silent());
    send(ask(this.#token()));
  }

  #silent(): void {
    this.#options.onSilence();
    if (this.open) this.#miss();
  }

  #token(): string {
    return `${this.#options.name}-${this.#count}`;
  }
}

interface KeepaliveOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly fence: Fence;
  readonly pingDelayMs: number;
  readonly deadMs: number;
  readonly dead: () => void;
}

/**
 * Notices a link on which nothing comes any more, though no packet says so: asks after `pingDelayMs` of silence, gives
 * up after `deadMs` of it.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #lastMs: number;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#lastMs = options.clock.monotonic();
    this.#watchDeath();
    this.#ask();
  }

  /** Bytes came in. */
  alive(): void {
    this.#lastMs = this.#options.clock.monotonic();
  }

  #ask(): void {
    const { pingDelayMs, timers, fence } = this.#options;
    const leftMs = this.#lastMs + pingDelayMs - this.#options.clock.monotonic();
    if (leftMs > 0) return void timers.after(leftMs, () => this.#ask());
    if (!fence.open) fence.after(() => {});
    timers.after(pingDelayMs, () => this.#ask());
  }

  #watchDeath(): void {
    const leftMs = this.#lastMs + this.#options.deadMs - this.#options.clock.monotonic();
    if (leftMs <= 0) return this.#options.dead();
    this.#options.timers.after(leftMs, () => this.#watchDeath());
  }
}

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
