/** How long somebody whom a netsplit took may stay away and still count as coming back from it. */
const RETURN_MS = 15 * 60_000;
const SERVER = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

/** True for the reason of a QUIT that a netsplit caused: the names of the two servers that lost each other. */
export function isSplitReason(reason: string): boolean {
  const [near = "", far = "", ...more] = reason.split(" ");
  if (more.length > 0 || near === far) return false;
  if (near === "*.net" && far === "*.split") return true;
  return SERVER.test(near) && SERVER.test(far);
}

/**
 * Remembers whom a netsplit took, so that neither their leaving nor their coming back is told as news: a split can take
 * hundreds at once, who know nothing of it.
 */
export class Netsplits {
  readonly #gone = new Map<string, number>();

  left(key: string, nowMs: number): void {
    this.#gone.set(key, nowMs);
  }

  /** True when this join ends a split, not an absence. */
  isReturn(key: string, nowMs: number): boolean {
    const goneAtMs = this.#gone.get(key);
    this.#gone.delete(key);
    for (const [old, atMs] of this.#gone) {
      // Oldest first: the rest is younger.
      if (nowMs - atMs <= RETURN_MS) break;
      this.#gone.delete(old);
    }
    return goneAtMs !== undefined && nowMs - goneAtMs <= RETURN_MS;
  }
}
