import type { Clock } from "../../../src/base/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(nowMs: number) {
    this.#wallMs = nowMs;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** How long the next sleeper still sleeps; null when nobody does. */
  get nextWakeMs(): number | null {
    const first = this.#first();
    return first === null ? null : first.atMs - this.#monotonicMs;
  }

  sleep(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      };
      const sleeper: Sleeper = {
        atMs: this.#monotonicMs + waitMs,
        wake: () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Time passes; who sleeps so long wakes, in order. */
  advance(byMs: number): void {
    const endMs = this.#monotonicMs + byMs;
    for (let next = this.#first(); next !== null && next.atMs <= endMs; next = this.#first()) {
      this.#moveTo(next.atMs);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#moveTo(endMs);
  }

  /** Somebody sets the machine's clock: no time passes. */
  jump(byMs: number): void {
    this.#wallMs += byMs;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #first(): Sleeper | null {
    const sorted = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs);
    return sorted[0] ?? null;
  }
}
