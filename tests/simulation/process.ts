import type { Clock } from "../../src/base/clock.ts";
import type { AccountId, ChannelId } from "../../src/relay/port/ids.ts";
import type { Part } from "../../src/relay/port/bridge.ts";
import type { Piece } from "./hidden.ts";
import type { DiskUser } from "./disk.ts";
import { exactly, type Timeline } from "./timeline.ts";

/** The machine the relay runs on: its clocks, and whether it is asleep. */
export class Machine {
  readonly #timeline: Timeline;
  readonly #epochMs: number;
  #offsetMs = 0;
  #sleptMs = 0;
  awakeAtMs = 0;

  constructor(timeline: Timeline, epochMs: number) {
    this.#timeline = timeline;
    this.#epochMs = epochMs;
  }

  nowMs(): number {
    return this.#epochMs + this.#timeline.nowMs + this.#offsetMs;
  }

  /** Stands still while the machine sleeps. */
  monotonicMs(): number {
    return this.#timeline.nowMs - this.#sleptMs;
  }

  jump(byMs: number): void {
    this.#offsetMs += exactly(byMs);
  }

  suspend(forMs: number): void {
    const { nowMs } = this.#timeline;
    if (nowMs < this.awakeAtMs) return;
    this.awakeAtMs = nowMs + exactly(forMs);
    this.#sleptMs += exactly(forMs);
  }
}

/** After an outage of T the next try comes within a quarter of T: after 30 s at least, and 5 minutes at most. */
const LEAST_WAIT_MS = 30_000;
const MOST_WAIT_MS = 300_000;

/** How long one process waits before it connects again. Times are its monotonic ones. */
class Tries {
  readonly #fault: (what: string) => void;
  readonly #outages = new Map<AccountId, { sinceMs: number; endedMs: number }>();
  /** When the first try of a process began: it is in an outage until it is let in. */
  readonly #begunMs = new Map<AccountId, number>();

  constructor(fault: (what: string) => void) {
    this.#fault = fault;
  }

  tried(account: AccountId, nowMs: number): void {
    const outage = this.#outages.get(account);
    if (outage === undefined) return void this.#begunMs.set(account, nowMs);
    const lastedMs = outage.endedMs - outage.sinceMs;
    // A service that lets us in and throws us out may be asked less often.
    if (lastedMs === 0) return;
    const mostMs = Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, lastedMs / 4));
    const waitedMs = nowMs - outage.endedMs;
    if (waitedMs > mostMs + 1_000) {
      this.#fault(
        `${account} was tried again after ${waitedMs} ms, ${lastedMs} ms into its outage`,
      );
    }
  }

  ready(account: AccountId): void {
    this.#outages.delete(account);
    this.#begunMs.delete(account);
  }

  ended(account: AccountId, nowMs: number): void {
    const outage = this.#outages.get(account);
    const sinceMs = this.#begunMs.get(account) ?? nowMs;
    if (outage === undefined) this.#outages.set(account, { sinceMs, endedMs: nowMs });
    else outage.endedMs = nowMs;
  }
}

/** One life of the relay: everything it does reaches the world through here, and nothing once it is dead. */
export class Process implements DiskUser {
  readonly number: number;
  readonly clock: Clock;
  readonly tries: Tries;
  dead = false;
  /** What the store is being asked for. */
  storeCall: string | null = null;
  readonly #pieces = new WeakMap<Part, readonly Piece[]>();
  readonly #machine: Machine;
  readonly #timeline: Timeline;
  readonly #onDeath: () => void;
  readonly #onEntered: (account: AccountId, channel: ChannelId) => void;
  /** Sleeps that have not ended. */
  timers = 0;

  constructor(options: {
    readonly number: number;
    readonly machine: Machine;
    readonly timeline: Timeline;
    readonly onDeath: () => void;
    readonly onFault: (what: string) => void;
    readonly onEntered: (account: AccountId, channel: ChannelId) => void;
  }) {
    this.number = options.number;
    this.#machine = options.machine;
    this.#timeline = options.timeline;
    this.#onDeath = options.onDeath;
    this.tries = new Tries(options.onFault);
    this.#onEntered = options.onEntered;
    this.clock = {
      now: () => this.#machine.nowMs(),
      monotonic: () => this.#machine.monotonicMs(),
      sleep: (waitMs, signal) => this.#sleep(waitMs, signal),
    };
  }

  die(): void {
    if (this.dead) return;
    this.dead = true;
    this.#onDeath();
  }

  /** What a part carries. */
  readonly note = (part: Part, pieces: readonly Piece[]): void =>
    void this.#pieces.set(part, pieces);
  readonly piecesOf = (part: Part): readonly Piece[] => this.#pieces.get(part) ?? [];

  monotonicMs(): number {
    return this.#machine.monotonicMs();
  }

  entered(account: AccountId, channel: ChannelId): void {
    this.#onEntered(account, channel);
  }

  /** At once, or when the machine wakes up. */
  when(act: () => void): void {
    if (this.dead) return;
    const { awakeAtMs } = this.#machine;
    if (this.#timeline.nowMs < awakeAtMs) this.#timeline.at(awakeAtMs, () => this.when(act));
    else act();
  }

  /** A timer of the process: it counts the time that the machine is awake. */
  after(waitMs: number, act: () => void): () => void {
    const dueMs = this.monotonicMs() + exactly(Math.max(0, waitMs));
    let cancel: () => void;
    const look = () => {
      if (this.dead) return;
      const leftMs = dueMs - this.monotonicMs();
      const asleepMs = this.#machine.awakeAtMs - this.#timeline.nowMs;
      if (leftMs > 0 || asleepMs > 0) {
        cancel = this.#timeline.after(Math.max(leftMs, asleepMs), look);
        return;
      }
      act();
    };
    cancel = this.#timeline.after(waitMs, look);
    return () => cancel();
  }

  #sleep(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.dead) return;
      if (signal.aborted) return reject(signal.reason);
      this.timers++;
      const onAbort = () => {
        this.timers--;
        cancel();
        reject(signal.reason);
      };
      const cancel = this.after(waitMs, () => {
        this.timers--;
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
