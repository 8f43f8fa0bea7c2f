import type { EndpointId, UserId } from "./ids.ts";

/** One line that we put elsewhere for a message of an endpoint. */
interface Line {
  readonly mark: string;
  readonly atMs: number;
}

interface Returns {
  readonly count: number;
  readonly atMs: number;
}

/** A loop goes round within moments; a person who quotes the same line later is none. */
const WINDOW_MS = 60_000;
/** People paste a relayed line now and then. So many of one sender's in a row, and it is another relay. */
const TOLERATED = 3;
/** So much of a text tells a line from others; the rest may have been cut on its way. */
const MARK_LENGTH = 32;
const LINES_REMEMBERED = 50;
const SENDERS_REMEMBERED = 200;

/**
 * Notices another relay between the same two places: what was said here, and what we put there under a prefix, comes back
 * here inside that relay's message, and would go round for ever. In memory only.
 */
export class LoopGuard {
  readonly #lines = new Map<EndpointId, Line[]>();
  readonly #returns = new Map<string, Returns>();

  /** A message of `origin` goes elsewhere as `prefix` and `text`. Without a prefix nothing can be told by it. */
  relayed(origin: EndpointId, prefix: string, text: string, nowMs: number): void {
    if (visible(prefix) === "") return;
    const lines = this.#lines.get(origin) ?? [];
    this.#lines.set(origin, lines);
    lines.push({ mark: visible(prefix + text.slice(0, MARK_LENGTH)), atMs: nowMs });
    if (lines.length > LINES_REMEMBERED) lines.shift();
  }

  /**
   * `tolerated` is told of the first messages of a sender that contain such a line, `begins` of the one that makes it a
   * loop, `goes-on` of all that follow before a minute has passed without one.
   */
  judge(
    origin: EndpointId,
    sender: UserId,
    text: string,
    nowMs: number,
  ): "none" | "tolerated" | "begins" | "goes-on" {
    if (!this.#contains(origin, visible(text), nowMs)) return "none";
    const key = `${origin} ${sender}`;
    const before = this.#returns.get(key);
    const isRecent = before !== undefined && nowMs - before.atMs <= WINDOW_MS;
    const count = isRecent ? before.count + 1 : 1;
    this.#returns.delete(key);
    this.#returns.set(key, { count, atMs: nowMs });
    if (this.#returns.size > SENDERS_REMEMBERED) {
      const oldest = this.#returns.keys().next();
      if (!oldest.done) this.#returns.delete(oldest.value);
    }
    if (count <= TOLERATED) return "tolerated";
    return count === TOLERATED + 1 ? "begins" : "goes-on";
  }

  #contains(origin: EndpointId, text: string, nowMs: number): boolean {
    const lines = this.#lines.get(origin) ?? [];
    return lines.some(({ mark, atMs }) => nowMs - atMs <= WINDOW_MS && text.includes(mark));
  }
}

/** Without what services change on the way: the no-ping mark and the width of spaces. */
function visible(text: string): string {
  return text.replaceAll("\u200b", "").replace(/\s+/g, " ").trim();
}
