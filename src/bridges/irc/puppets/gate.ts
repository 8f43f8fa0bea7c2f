import { backoffMs } from "../../../base/backoff.ts";
import type { LinkEnd } from "../../../relay/port/bridge.ts";

const BLOCK = { baseMs: 300_000, capMs: 3_600_000, jitter: 0.2 };
/** A puppet that lived so long shows that the server bears them. */
const TRUSTED_MS = 600_000;
const THROWN_OUT =
  /kill|too many|no more connections|session limit|maximum (number|connections)|limit exceeded|clones?\b/i;

/** How one puppet's connection ended. */
interface PuppetLife {
  readonly end: LinkEnd;
  /** Null when it was never logged in. */
  readonly livedMs: number | null;
}

/**
 * Whether the server lets us make puppets. Outlives the link: a server that has just thrown them out would be no
 * friendlier to the next connection.
 */
export class PuppetGate {
  readonly #random: () => number;
  #closedUntilMs = -Infinity;
  #refusals = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** True while no puppet may be made. */
  isClosed(nowMs: number): boolean {
    return nowMs < this.#closedUntilMs;
  }

  /**
   * Learns from the end of a puppet that we did not end ourselves. Answers how long none is made from now on; null when
   * nothing changes.
   */
  ended(life: PuppetLife, nowMs: number): number | null {
    const { end, livedMs } = life;
    if (livedMs !== null && livedMs >= TRUSTED_MS) this.#refusals = 0;
    if (end.kind === "stopped" || (livedMs !== null && !isRefusal(end))) return null;
    // A ban ends all puppets in one moment: that is one refusal.
    if (this.isClosed(nowMs)) return null;
    this.#refusals++;
    const waitMs = Math.max(
      backoffMs(BLOCK, this.#refusals + 1, this.#random()),
      end.retryAfterMs ?? 0,
    );
    this.#closedUntilMs = nowMs + waitMs;
    return waitMs;
  }
}

function isRefusal(end: LinkEnd): boolean {
  return end.kind === "throttled" || end.kind === "refused" || THROWN_OUT.test(end.reason);
}
