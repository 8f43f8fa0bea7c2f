import { describeError } from "../../../base/errors.ts";
import type { Cursor, History } from "../../../relay/port/bridge.ts";
import type { HistoryLimits } from "../link/options.ts";
import { archiveIn, type ArchivePage, type KosmiMessage } from "../protocol/decode.ts";
import { describeErrors } from "../protocol/graphql_error.ts";
import type { RoomContext } from "./events.ts";

const FIRST_LOOK_LIMIT_MS = 2_000;
/** Waits before each try to read the archive. */
const ARCHIVE_TRIES_MS: readonly number[] = [0, 500, 2_000];
/** What was sent before that and is not in the archive will never be there. */
const LAG_MS = 1_500;
/** A message from so far in the future shows that Kosmi's clock is ahead of ours. */
const CLOCKS_DIFFER_MS = 2_000;

/** What a room's archive tells, as far as the server lets it be asked. Nothing here rejects. */
export class RoomArchive {
  readonly #context: RoomContext;
  /** False while the archive did not answer the first look of this stay: it is not waited for twice. */
  #answers = true;

  constructor(context: RoomContext) {
    this.#context = context;
  }

  /**
   * At the very first visit: what stood in the room before us, which is not ours to relay. What is said from here on is,
   * also while the subscription has not begun. Null at every later visit, and where there is no archive. The two
   * clocks decide what was said before we joined; where the page is from the future they differ, and all of it counts as older.
   */
  async firstLook(joinsAtMs: number): Promise<readonly KosmiMessage[] | null> {
    this.#answers = true;
    if (this.#context.host.cursor(this.#context.channel) !== null) return null;
    const page = await this.#soon(this.page(null));
    this.#answers = page !== null;
    if (page === null) return null;
    const joinSecondMs = Math.floor(joinsAtMs / 1_000) * 1_000;
    const latestMs = this.#context.clock.now() + CLOCKS_DIFFER_MS;
    const clocksDiffer = page.messages.some(({ atMs }) => atMs !== null && atMs > latestMs);
    return page.messages.filter(({ atMs }) => clocksDiffer || atMs === null || atMs < joinSecondMs);
  }

  /**
   * What was said since the host's cursor; null where the archive can't tell. In both cases what was sent on the socket
   * before has been read by the server when this resolves, in particular the start of a subscription.
   */
  async sinceCursor(): Promise<CaughtUp | null> {
    const caughtUp = this.#answers ? await this.#readAgain() : null;
    if (caughtUp === null) await this.#fence();
    return caughtUp;
  }

  /** What is not read now is never caught up: an archive that fails is asked again before it is done without. */
  async #readAgain(): Promise<CaughtUp | null> {
    const { host, channel, clock, link, runner } = this.#context;
    const since = host.cursor(channel);
    for (const waitMs of since === null ? [0] : ARCHIVE_TRIES_MS) {
      if (waitMs > 0) await clock.sleep(waitMs, link.signal).catch(() => {});
      const caughtUp = await this.#read(since);
      if (link.signal.aborted) return caughtUp;
      if (caughtUp !== null) return this.#isLagging(caughtUp) ? await this.#later(since) : caughtUp;
      if (runner.offers("chatArchive") === false) return null;
    }
    return null;
  }

  #read(since: Cursor | null): Promise<CaughtUp | null> {
    const page = (cursor: string | null) => this.page(cursor);
    return readArchive({ page, since, limits: this.#context.history });
  }

  /** True where something of ours was on its way and is not shown: Kosmi takes a message a moment before it shows it. */
  #isLagging({ messages, before }: CaughtUp): boolean {
    const { host, channel } = this.#context;
    const shown = [...before, ...messages].map(({ text }) => text);
    return (host.doubtful?.(channel) ?? []).some(({ wire }) => {
      const at = shown.indexOf(wire);
      if (at !== -1) shown.splice(at, 1);
      return at === -1;
    });
  }

  async #later(since: Cursor | null): Promise<CaughtUp | null> {
    await this.#context.clock.sleep(LAG_MS, this.#context.link.signal).catch(() => {});
    return await this.#read(since);
  }

  /** One page, without a cursor the newest; null where it can't be had. */
  async page(cursor: string | null, isAgain = false): Promise<ArchivePage | null> {
    const { runner, protocol, link, channel } = this.#context;
    if (runner.offers("chatArchive") === false) return null;
    const values = { room: channel, channel: protocol.channelId, cursor: cursor ?? undefined };
    try {
      const { value, errors } = await runner.run("chatArchive", values);
      const page = archiveIn(value);
      if (page === null && value !== null && !isAgain && await runner.unreadable("chatArchive")) {
        return await this.page(cursor, true);
      }
      if (page === null && errors.length > 0) this.#complain(describeErrors(errors));
      return page;
    } catch (thrown) {
      if (!link.signal.aborted) this.#complain(describeError(thrown));
      return null;
    }
  }

  #complain(said: string): void {
    this.#context.said.warn("archive", "Kosmi does not show the archive: {said}", { said });
  }

  /** Null when it takes long: at a first visit there is nothing to catch up that would be worth waiting for. */
  #soon<T>(work: Promise<T>): Promise<T | null> {
    return new Promise((resolve) => {
      const cancel = this.#context.link.deadlines.add(FIRST_LOOK_LIMIT_MS, () => resolve(null));
      void work.then((value) => {
        cancel();
        resolve(value);
      });
    });
  }

  /** No answer tells that a subscription has begun, but one to a later operation on the same socket does. */
  async #fence(): Promise<void> {
    const request = { title: "RelayFence", text: "query RelayFence { __typename }", variables: {} };
    const { introspectionTimeoutMs } = this.#context.protocol.limits;
    await this.#context.link.request(request, introspectionTimeoutMs).catch(() => {});
  }
}

/** What was said since a cursor (without one: the archive's last page), oldest first. */
interface CaughtUp {
  readonly messages: readonly KosmiMessage[];
  /** What was said shortly before it, as far as it was fetched: our own among these may wait for confirmation. */
  readonly before: readonly KosmiMessage[];
  readonly complete: History["complete"];
}

interface ArchiveOptions {
  /** Fetches one page; null when the archive can't be asked. */
  readonly page: (cursor: string | null) => Promise<ArchivePage | null>;
  readonly since: Cursor | null;
  readonly limits: HistoryLimits;
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
  const { since } = options;
  if (since === null) return { messages, before: [], complete: true };
  const at = messages.findIndex((message) => message.id === since.id);
  // The clock of the service may count whole seconds: what carries the cursor's own time may be new.
  const fresh = messages.filter((message, index) =>
    message.id !== since.id && (message.atMs === null ? index > at : message.atMs >= since.atMs)
  );
  const before = messages.filter((message) =>
    message.atMs !== null && message.atMs >= since.atMs - SHORTLY_MS && !fresh.includes(message)
  );
  return { messages: fresh, before, complete: reached };
}
