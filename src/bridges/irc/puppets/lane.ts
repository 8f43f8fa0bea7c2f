import type { Clock } from "../../../base/clock.ts";
import type { Cancel, Timers } from "../../../base/timers.ts";
import type { Part, Receipt } from "../../../relay/port/bridge.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import type { Speaker } from "../sending/speaker.ts";

/** A connection that speaks: the relay's own, or a puppet's. */
export interface Voice {
  /** Sends what a speaker says; the receipt is as `Bridge.transmit` wants it. */
  say(entry: LaneEntry): Promise<Receipt>;
}

/** One part on its way into one channel. */
export interface LaneEntry {
  readonly channel: ChannelId;
  readonly part: Part;
  /** Null for what the relay itself says. */
  readonly speaker: Speaker | null;
  readonly signal: AbortSignal;
  readonly settle: (receipt: Receipt) => void;
  readonly sinceMs: number;
  /** When it was given to a voice. */
  sentMs: number;
  /** "lost": its connection ended, and whether it was shown is being found out. */
  state: "waiting" | "sent" | "lost";
  voice: Voice | null;
  /** Only the relay's own connection will do: the puppet was refused. */
  plain: boolean;
  /** The lane is looked at again when it has waited long enough. */
  timed: boolean;
}

interface LaneOptions {
  readonly channel: ChannelId;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Who says this now; null where the one who should is not ready. */
  readonly voiceFor: (entry: LaneEntry) => Voice | null;
  /** Decides what follows from a receipt that no part can be settled with; true when the entry stays in the lane. */
  readonly retry: (entry: LaneEntry, receipt: Receipt) => boolean;
}

/** So long a speaker waits for what others said before to be shown; then order gives way to speed. */
const ORDER_MS = 3_000;
/** So long a speaker waits for somebody new, whose puppet is only now connecting. */
const NEWCOMER_ORDER_MS = 1_000;

/**
 * What goes into one channel through several connections. What one person says stays in order, always. What several
 * say stays in order as far as none of them is held up for long (a puppet that is only now connecting, a pace).
 */
export class Lane {
  readonly #options: LaneOptions;
  #entries: LaneEntry[] = [];
  #wake: Cancel | null = null;
  #stopped: string | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  transmit(part: Part, speaker: Speaker | null, signal: AbortSignal): Promise<Receipt> {
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    const reason = this.#stopped ?? (signal.aborted ? "the sending was given up" : null);
    if (reason !== null) {
      resolve({ outcome: "unsent", reason });
      return promise;
    }
    const giveUp = () => {
      if (entry.state === "waiting") {
        this.settle(entry, { outcome: "unsent", reason: "the sending was given up" });
      }
    };
    const entry: LaneEntry = {
      channel: this.#options.channel,
      part,
      speaker,
      signal,
      settle: (receipt) => {
        signal.removeEventListener("abort", giveUp);
        resolve(receipt);
      },
      sinceMs: this.#options.clock.monotonic(),
      sentMs: 0,
      state: "waiting",
      voice: null,
      plain: false,
      timed: false,
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#entries.push(entry);
    this.pump();
    return promise;
  }

  /** Lets go what may go now. To be called whenever a voice becomes ready or is gone. */
  pump(): void {
    this.#wake?.();
    this.#wake = null;
    const entries = this.#entries;
    for (const [at, entry] of entries.entries()) {
      if (this.#stopped !== null) return;
      if (entry.state !== "waiting") continue;
      const voice = this.#options.voiceFor(entry);
      if (voice !== null && !this.#mustWait(entry, voice, entries.slice(0, at))) {
        this.#say(entry, voice);
      }
    }
  }

  /** True while something of this voice is under way or in doubt. */
  isUsing(voice: Voice): boolean {
    return this.#entries.some((entry) => entry.voice === voice);
  }

  /** Entries whose connection ended before it was known whether they were shown. */
  lost(voice: Voice): readonly LaneEntry[] {
    return this.#entries.filter((entry) => entry.state === "lost" && entry.voice === voice);
  }

  /** Ends an entry. */
  settle(entry: LaneEntry, receipt: Receipt): void {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((one) => one !== entry);
    if (this.#entries.length === before) return;
    entry.settle(receipt);
    this.pump();
  }

  /** Sends an entry again, by whoever speaks for it now. */
  again(entry: LaneEntry): void {
    entry.state = "waiting";
    entry.voice = null;
    if (entry.signal.aborted) {
      return this.settle(entry, { outcome: "unsent", reason: "the sending was given up" });
    }
    this.pump();
  }

  /** Nothing leaves any more; what was sent may still be settled. */
  stop(reason: string): void {
    this.#stopped ??= reason;
    this.#wake?.();
    for (const entry of [...this.#entries]) {
      if (entry.state === "waiting") this.settle(entry, { outcome: "unsent", reason });
      if (entry.state === "lost") this.settle(entry, { outcome: "unknown", reason });
    }
  }

  get stopped(): boolean {
    return this.#stopped !== null;
  }

  #mustWait(entry: LaneEntry, voice: Voice, before: readonly LaneEntry[]): boolean {
    const nowMs = this.#options.clock.monotonic();
    let waitMs = 0;
    for (const earlier of before) {
      if (earlier.state === "sent" && earlier.voice === voice) continue;
      if (earlier.speaker?.key === entry.speaker?.key) return true;
      waitMs = Math.max(waitMs, this.#patienceMs(earlier, nowMs));
    }
    if (waitMs <= 0) return false;
    this.#wake ??= this.#options.timers.after(waitMs, () => this.pump());
    return true;
  }

  /** How long others wait for this entry from now on. */
  #patienceMs(entry: LaneEntry, nowMs: number): number {
    if (entry.state !== "waiting") return entry.sentMs + ORDER_MS - nowMs;
    // One that waits only for its turn leaves soon, or lets the next one pass then.
    return this.#options.voiceFor(entry) === null
      ? entry.sinceMs + NEWCOMER_ORDER_MS - nowMs
      : ORDER_MS;
  }

  #say(entry: LaneEntry, voice: Voice): void {
    entry.state = "sent";
    entry.sentMs = this.#options.clock.monotonic();
    entry.voice = voice;
    voice.say(entry).then((receipt) => {
      const open = receipt.outcome !== "confirmed" && !this.stopped;
      if (open && this.#options.retry(entry, receipt)) return;
      this.settle(entry, receipt);
    });
  }
}
