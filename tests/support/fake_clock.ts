import type { Clock } from "../../src/base/clock.ts";
import { Changes } from "./wait.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. Sleeps end in the order of their times, each before the next. */
export class FakeClock implements Clock {
  readonly #changes = new Changes();
  readonly #sleepers = new Set<Sleeper>();
  #startedAtMs: number;
  #monotonicMs = 0;

  constructor(startMs: number = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#startedAtMs = startMs;
  }

  now(): number {
    return this.#startedAtMs + this.#monotonicMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  sleep(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#remove(sleeper);
        reject(signal.reason);
      };
      const sleeper: Sleeper = {
        atMs: this.#monotonicMs + Math.max(0, waitMs),
        wake: () => {
          signal.removeEventListener("abort", onAbort);
          this.#remove(sleeper);
          resolve();
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.add(sleeper);
      this.#changes.notify();
    });
  }

  /** Waits of all who sleep now, shortest first, in milliseconds from now. */
  get sleeps(): readonly number[] {
    return Array.from(this.#sleepers, (sleeper) => sleeper.atMs - this.#monotonicMs)
      .sort((a, b) => a - b);
  }

  /** Resolves when at least `count` sleep. */
  async waitForSleeps(count = 1, timeoutMs?: number): Promise<void> {
    const enough = () => this.#sleepers.size >= count;
    await this.#changes.until(enough, `${count} sleeping`, timeoutMs, () => `${this.sleeps}`);
  }

  /**
   * Moves time on. Each sleep that ends on the way ends at its own time, and what it set off (further sleeps too) has run before the
   * next ends.
   */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#monotonicMs + byMs;
    await settle();
    for (let next = this.#nextUntil(endMs); next !== null; next = this.#nextUntil(endMs)) {
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
      next.wake();
      await settle();
    }
    this.#monotonicMs = endMs;
  }

  /** Moves time on to the end of the shortest sleep, waiting for one to begin if none has. */
  async advanceToNextSleep(): Promise<number> {
    await this.waitForSleeps(1);
    const waitMs = this.sleeps[0] ?? 0;
    await this.advance(waitMs);
    return waitMs;
  }

  /** Somebody sets the machine's clock: `now` jumps, `monotonic` and the sleeps do not. */
  jump(byMs: number): void {
    this.#startedAtMs += byMs;
  }

  #nextUntil(endMs: number): Sleeper | null {
    let next: Sleeper | null = null;
    for (const sleeper of this.#sleepers) {
      if (sleeper.atMs <= endMs && (next === null || sleeper.atMs < next.atMs)) next = sleeper;
    }
    return next;
  }

  #remove(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    this.#changes.notify();
  }
}

/** Lets every promise that is ready run: a macrotask comes after all microtasks, and once more for what those set off. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
