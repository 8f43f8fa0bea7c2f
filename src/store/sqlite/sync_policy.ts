import type { Clock } from "../../base/clock.ts";

/**
 * When a transaction must be on the disk itself, not only in the system's cache, where a power cut would undo it. The
 * death of this process never undoes one.
 *
 * `settled`: with this commit, unless the disk was waited for a moment ago. `soon`: not with this commit, which stands
 * between a message and its sending. docs/delivery-store.md says what each costs.
 */
export type Durability = "settled" | "soon";

/** A disk takes from 0.1 to 30 ms for it: at this pace that stays a small share of the time. */
const PAUSE_MS = 50;
/** What no later commit took along by then takes the next one, whatever it is. */
const OVERDUE_MS = 1_000;

/** Decides which commits wait for the disk. A commit that does takes all earlier ones along. */
export class SyncPolicy {
  readonly #clock: Clock;
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  /** Time of the first commit that the disk may not have; null when it has all. */
  #openSinceMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when something has waited too long: the next commit will take it along. */
  get overdue(): boolean {
    return this.#openSinceMs !== null && this.#clock.monotonic() - this.#openSinceMs >= OVERDUE_MS;
  }

  isDue(durability: Durability): boolean {
    if (this.overdue) return true;
    return durability === "settled" && this.#clock.monotonic() - this.#syncedAtMs >= PAUSE_MS;
  }

  committed(synchronous: boolean): void {
    const nowMs = this.#clock.monotonic();
    if (!synchronous) this.#openSinceMs ??= nowMs;
    else {
      this.#syncedAtMs = nowMs;
      this.#openSinceMs = null;
    }
  }
}
