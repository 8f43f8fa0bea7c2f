import type { Timers } from "../../../base/timers.ts";
import type { LinkEnd } from "../../../relay/port/bridge.ts";
import type { IrcPuppets, IrcSettings } from "../link/options.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import type { Speaker } from "../sending/speaker.ts";
import type { PuppetGate } from "./gate.ts";
import { type OpenLink, Puppet } from "./puppet.ts";
import { puppetNick, puppetUser } from "./puppet_name.ts";

export interface RosterOptions {
  readonly settings: IrcSettings;
  readonly puppets: IrcPuppets;
  readonly features: ServerFeatures;
  readonly timers: Timers;
  readonly gate: PuppetGate;
  readonly open: OpenLink;
  /** True for a nick that is not to be had: the relay's own, or somebody's in a channel. */
  readonly isTaken: (nick: string) => boolean;
  /** True while something that it says is under way. */
  readonly isUsed: (puppet: Puppet) => boolean;
  readonly onNick: (puppet: Puppet, nick: string) => void;
  /** Somebody's puppet became ready somewhere, or can't be used there. */
  readonly onChange: () => void;
  /** Its connection has ended. */
  readonly onGone: (puppet: Puppet) => void;
}

/** Where the server has not told how long a nick may be. */
const MAX_NICKLEN = 16;

/** Who has a puppet: makes them one after the other, as many as may be, and lets the silent ones go. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #bySpeaker = new Map<string, Puppet>();
  /** Every puppet with a connection, also those about to leave. */
  readonly #running = new Set<Promise<void>>();
  #nextDialMs = -Infinity;
  #stopped = false;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** The speaker's puppet, made if need be; null where there can't be one. */
  puppetOf(speaker: Speaker): Puppet | null {
    const { gate, puppets, isUsed } = this.#options;
    const known = this.#bySpeaker.get(speaker.key);
    if (known !== undefined && !known.left) {
      if (known.speaker.nick === speaker.nick || isUsed(known)) return known;
      // The person has another name now: the puppet comes back under it.
      this.#retire(known);
    }
    const isFull = this.#bySpeaker.size >= puppets.max;
    if (this.#stopped || isFull || gate.isClosed(this.#now())) return null;
    return this.#make(speaker);
  }

  /** All puppets say goodbye, and none is made any more. Idempotent. */
  stop(): void {
    this.#stopped = true;
    for (const puppet of this.#bySpeaker.values()) puppet.leave();
  }

  /** Resolves when no puppet has a connection any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  #make(speaker: Speaker): Puppet {
    const { settings, open, puppets, timers, onNick, onChange } = this.#options;
    const user = puppetUser(speaker.key);
    const nick = this.#freeNick(speaker, user);
    const puppet = new Puppet({ settings, open, speaker, user, nick, onNick, onChange });
    this.#bySpeaker.set(speaker.key, puppet);
    const nowMs = this.#now();
    const dialMs = Math.max(nowMs, this.#nextDialMs);
    this.#nextDialMs = dialMs + puppets.connectDelayMs;
    timers.after(dialMs - nowMs, () => this.#dial(puppet));
    return puppet;
  }

  #freeNick(speaker: Speaker, user: string): string {
    const { features, isTaken, puppets } = this.#options;
    const others = [...this.#bySpeaker.values()].map((one) => features.fold(one.wantedNick));
    const longest = features.number("NICKLEN", MAX_NICKLEN);
    const name = { shown: speaker.nick, user, suffix: puppets.suffix };
    let nick = puppetNick(name, longest);
    for (let attempt = 1; attempt <= puppets.max; attempt++) {
      if (!others.includes(features.fold(nick)) && !isTaken(nick)) return nick;
      nick = puppetNick(name, longest, attempt);
    }
    return nick;
  }

  #dial(puppet: Puppet): void {
    // The server may have begun to refuse puppets while this one waited for its turn.
    if (this.#stopped || puppet.left || this.#options.gate.isClosed(this.#now())) {
      this.#retire(puppet);
      return this.#options.onChange();
    }
    const running = puppet.run().then((end) => this.#gone(puppet, end));
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
    this.#watchIdle(puppet);
  }

  #watchIdle(puppet: Puppet): void {
    const { isUsed, puppets, timers } = this.#options;
    if (puppet.left) return;
    const leftMs = puppet.lastMs + puppets.idleMs - this.#now();
    const isNeeded = puppet.isComing || isUsed(puppet);
    if (leftMs <= 0 && !isNeeded) return this.#retire(puppet);
    timers.after(leftMs > 0 ? leftMs : puppets.idleMs, () => this.#watchIdle(puppet));
  }

  #retire(puppet: Puppet): void {
    puppet.leave();
    const { key } = puppet.speaker;
    if (this.#bySpeaker.get(key) === puppet) this.#bySpeaker.delete(key);
  }

  #gone(puppet: Puppet, end: LinkEnd): void {
    const { gate, onGone, settings } = this.#options;
    const { reason } = end;
    this.#retire(puppet);
    if (!this.#stopped) {
      const nick = puppet.wantedNick;
      settings.log.debug("The puppet {nick} is gone: {reason}", { nick, reason });
      const waitMs = gate.ended({ end, livedMs: puppet.livedMs }, this.#now());
      if (waitMs !== null) {
        settings.log.warn(
          "The server refuses puppets ({reason}). Relaying under our own nick, next try in {minutes} minutes",
          { reason, minutes: Math.ceil(waitMs / 60_000) },
        );
      }
    }
    onGone(puppet);
  }

  #now(): number {
    return this.#options.settings.clock.monotonic();
  }
}
