/** `capacity` tokens at once, then one every `refillMs`. A `refillMs` of 0 means without limit. */
export interface TokenBucketOptions {
  readonly capacity: number;
  readonly refillMs: number;
}

/** A token bucket as arithmetic: it keeps no timer and is told the time (monotonic milliseconds). */
export class TokenBucket {
  #tokens: number;
  #atMs: number;
  #options: TokenBucketOptions;

  constructor(options: TokenBucketOptions, nowMs: number) {
    this.#options = options;
    this.#tokens = options.capacity;
    this.#atMs = nowMs;
  }

  /** Takes `cost` tokens, going into debt where there are none; returns how long to wait before acting on them. */
  take(nowMs: number, cost = 1): number {
    this.#refill(nowMs);
    this.#tokens -= cost;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens * this.#options.refillMs);
  }

  /** Takes a token if there is one now; never goes into debt. */
  tryTake(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#options.refillMs === 0) return true;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Changes the pace from now on; what was taken stays taken. */
  retune(options: TokenBucketOptions, nowMs: number): void {
    this.#refill(nowMs);
    this.#options = options;
    this.#tokens = Math.min(this.#tokens, options.capacity);
  }

  /** Empties the bucket: the server said that we are too fast. */
  drain(nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #refill(nowMs: number): void {
    const { capacity, refillMs } = this.#options;
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#tokens = refillMs === 0
      ? capacity
      : Math.min(capacity, this.#tokens + passedMs / refillMs);
  }
}
