import type { Cursor, History } from "../../relay/bridge.ts";
import type { ArchivePage, KosmiMessage } from "./decode.ts";
import type { HistoryLimits } from "./options.ts";

/** What was said since a cursor (without one: the archive's last page), oldest first. */
export interface CaughtUp {
  readonly messages: readonly KosmiMessage[];
  /** What was said shortly before it, as far as it was fetched: our own among these may wait for confirmation. */
  readonly before: readonly KosmiMessage[];
  readonly complete: History["complete"];
}

export interface ArchiveOptions {
  /** Fetches one page; null when the archive can't be asked. */
  readonly page: (cursor: string | null) => Promise<ArchivePage | null>;
  readonly since: Cursor | null;
  readonly limits: HistoryLimits;
  readonly nowMs: number;
}

/** A page of one message each would be a strange archive: this bounds what it can cost. */
const MOST_PAGES = 100;
const SHORTLY_MS = 10 * 60_000;

/**
 * Reads the archive backwards from its end to the cursor (without one: its last page only). Null when the archive
 * can't be asked.
 */
export async function readArchive(options: ArchiveOptions): Promise<CaughtUp | null> {
  const newest = await options.page(null);
  if (newest === null) return null;
  const found = new Found();
  let reached = found.take(newest, options.since, "forward");
  if (options.since !== null && !reached) {
    // A first page without anything before it is the whole archive, or its oldest part.
    reached = newest.back !== null
      ? await follow(options, found, newest, "back")
      : newest.forward === null || await follow(options, found, newest, "forward");
  }
  if (options.since !== null) await learnDirection(options, found);
  return bounded(options, found.inOrder(), reached);
}

/** More pages than it takes tell nothing either: all of the archive is from one second. */
const DIRECTION_PAGES = 3;

/** A page from within one second does not tell which way round it is: an older one may. */
async function learnDirection(options: ArchiveOptions, found: Found): Promise<void> {
  for (let count = 0; count < DIRECTION_PAGES && found.isUndirected; count++) {
    const page = found.oldestBack === null ? null : await options.page(found.oldestBack);
    if (page === null) return;
    found.take(page, options.since, "back");
  }
}

/** Follows one kind of cursor while it leads to messages that are new. True when all that is wanted was found. */
async function follow(
  options: ArchiveOptions,
  found: Found,
  from: ArchivePage,
  direction: "back" | "forward",
): Promise<boolean> {
  let cursor = from[direction];
  for (let count = 0; count < MOST_PAGES; count++) {
    if (cursor === null) return true;
    if (found.size > options.limits.maxMessages) return false;
    const page = await options.page(cursor);
    if (page === null) return false;
    const before = found.size;
    const reached = found.take(page, options.since, direction);
    if (reached && (direction === "back" || found.isFalling)) return true;
    // The same messages again: nothing is newer, or going back is not possible.
    if (found.size === before) return direction === "forward" || page.messages.length === 0;
    cursor = page[direction];
  }
  return false;
}

/** The pages that were fetched. */
class Found {
  readonly #ids = new Set<string>();
  /** Oldest page first; within a page as the server has it. */
  readonly #pages: (readonly KosmiMessage[])[] = [];
  /** Leads to what is older than all pages. */
  oldestBack: string | null = null;

  get size(): number {
    return this.#ids.size;
  }

  /** Adds a page behind or (`back`) before the others; true when it reaches back to the cursor. */
  take(page: ArchivePage, since: Cursor | null, direction: "back" | "forward"): boolean {
    const fresh = page.messages.filter((message) => !this.#ids.has(message.id));
    for (const message of fresh) this.#ids.add(message.id);
    if (direction === "back") this.#pages.unshift(fresh);
    else this.#pages.push(fresh);
    if (direction === "back" || this.#pages.length === 1) this.oldestBack = page.back;
    return since !== null &&
      page.messages.some((message) =>
        message.id === since.id || (message.atMs !== null && message.atMs < since.atMs)
      );
  }

  /** True where the times don't tell whether pages are oldest or newest first, and it matters. */
  get isUndirected(): boolean {
    return this.#falling === 0 && this.#pages.some((page) => page.length > 1);
  }

  /** True where the pages turn out to lead back in time, whatever their cursors are called. */
  get isFalling(): boolean {
    const first = this.#pages[0]?.find((message) => message.atMs !== null)?.atMs;
    const last = this.#pages.at(-1)?.find((message) => message.atMs !== null)?.atMs;
    return typeof first === "number" && typeof last === "number" && last < first;
  }

  get #falling(): number {
    return this.#pages.map(falling).reduce((sum, one) => sum + one, 0);
  }

  /**
   * Oldest first. Many messages can bear one time (a clock of whole seconds, a burst): among these the order of the server counts,
   * whichever way round its pages are.
   */
  inOrder(): readonly KosmiMessage[] {
    const isReversed = this.#falling > 0;
    const pages = this.isFalling ? this.#pages.toReversed() : this.#pages;
    return pages.flatMap((page) => isReversed ? page.toReversed() : page)
      .sort((one, other) => one.atMs === null || other.atMs === null ? 0 : one.atMs - other.atMs);
  }
}

/** 1: newest first; -1: oldest first; 0: its times don't tell. */
function falling(page: readonly KosmiMessage[]): number {
  const first = page.find((message) => message.atMs !== null)?.atMs ?? 0;
  const last = page.findLast((message) => message.atMs !== null)?.atMs ?? 0;
  return Math.sign(first - last);
}

function bounded(
  options: ArchiveOptions,
  messages: readonly KosmiMessage[],
  reached: boolean,
): CaughtUp {
  const { since, limits, nowMs } = options;
  if (since === null) return { messages, before: [], complete: true };
  const at = messages.findIndex((message) => message.id === since.id);
  // The clock of the service may count whole seconds: what carries the cursor's own time may be new.
  const fresh = messages.filter((message, index) =>
    message.id !== since.id && (message.atMs === null ? index > at : message.atMs >= since.atMs)
  );
  const young = fresh.filter((message) => (message.atMs ?? nowMs) >= nowMs - limits.maxAgeMs);
  const kept = young.slice(Math.max(0, young.length - limits.maxMessages));
  const before = messages.filter((message) =>
    message.atMs !== null && message.atMs >= since.atMs - SHORTLY_MS && !fresh.includes(message)
  );
  return { messages: kept, before, complete: reached && kept.length === fresh.length };
}
