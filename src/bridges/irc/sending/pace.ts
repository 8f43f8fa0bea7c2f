import type { TokenBucketOptions } from "../../../base/token_bucket.ts";

const SLOWEST_FACTOR = 8;

/**
 * How fast we may speak: as configured, slower after the server complained. Outlives the link, because a server that
 * threw us out for flooding would do it again.
 */
export class Pace {
  readonly #messageDelayMs: number;
  readonly #burst: number;
  #factor = 1;

  constructor(messageDelayMs: number, burst: number) {
    this.#messageDelayMs = messageDelayMs;
    this.#burst = Math.max(1, burst);
  }

  get bucket(): TokenBucketOptions {
    if (this.#factor === 1) return { capacity: this.#burst, refillMs: this.#messageDelayMs };
    return {
      capacity: Math.max(1, Math.floor(this.#burst / this.#factor)),
      refillMs: Math.max(this.#messageDelayMs, 500) * this.#factor,
    };
  }

  slower(): void {
    this.#factor = Math.min(this.#factor * 2, SLOWEST_FACTOR);
  }

  /** The server had nothing to complain of for a long time. */
  faster(): void {
    this.#factor = Math.max(1, this.#factor / 2);
  }
}
