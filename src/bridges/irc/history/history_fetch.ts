import type { Cursor } from "../../../relay/port/bridge.ts";
import type { MessageId } from "../../../relay/port/ids.ts";
import { messageId } from "../link/read_event.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import { type IrcMessage, type OutLine, serverTimeMs } from "../wire/message.ts";

const PAGE = 100;

/**
 * `cut`: there was more. `behind`: the server knew the cursor's message, and gave what stands behind it. `unanswered`: it has a
 * history, and tells nothing of it.
 */
export interface Fetched {
  readonly cut: boolean;
  readonly behind: boolean;
  readonly unanswered: boolean;
}

interface HistoryFetchOptions {
  readonly channel: string;
  readonly cursor: Cursor | null;
  readonly features: ServerFeatures;
  readonly maxMessages: number;
  readonly send: (line: OutLine) => void;
  /** Called once: the lines, oldest first; null: the server could not tell. */
  readonly done: (lines: readonly IrcMessage[] | null, how: Fetched) => void;
}

/**
 * Reads a channel's history by CHATHISTORY from its end back to the cursor, page by page: what can't be read within the
 * bounds is the oldest. A message id that the server does not know any more is replaced by the time.
 */
export class HistoryFetch {
  readonly #options: HistoryFetchOptions;
  readonly #ids = new Set<MessageId>();
  readonly #page: number;
  /** The server told how many lines a page has: a shorter one is the last. */
  readonly #isPageTold: boolean;
  readonly #most: number;
  #lines: IrcMessage[] = [];
  /** The server did not know a message id that we named. */
  #byTime = false;
  /** A page came for a message id that we named. */
  #idKnown = false;
  /** One page was not enough: the next ones may reach further back than the cursor. */
  #asksBefore = false;
  #ended = false;

  constructor(options: HistoryFetchOptions) {
    this.#options = options;
    this.#isPageTold = options.features.has("CHATHISTORY");
    // However little is to be caught up: our own lines are looked for here too.
    this.#page = Math.min(PAGE, options.features.number("CHATHISTORY", PAGE));
    // Our own lines and those shortly before the cursor stand between the lines of others that are counted.
    this.#most = options.maxMessages * 2 + PAGE;
    this.#request(["LATEST", this.#since()]);
  }

  /** The server's answer: one page, oldest line first. */
  page(lines: readonly IrcMessage[]): void {
    if (this.#ended) return;
    const known = this.#knownOf(lines);
    const fresh = lines.filter((line) => !known.has(line) && this.#isFresh(line));
    this.#lines = [...fresh, ...this.#lines];
    const { cursor } = this.#options;
    // Ergo says nothing of an id that it has forgotten: nothing seems to have been said since.
    if (this.#isForgotten(lines)) return this.failed();
    this.#idKnown ||= !this.#byTime && cursor?.id !== null;
    const isShort = lines.length < this.#page;
    const isOldest = isShort && (this.#isPageTold || fresh.length === 0);
    if (cursor === null || isOldest || lines.some((line) => isBefore(line, cursor))) {
      return this.#end(false);
    }
    if (fresh.length === 0 || this.#lines.length >= this.#most) return this.#end(true);
    this.#requestBefore();
  }

  #isForgotten(lines: readonly IrcMessage[]): boolean {
    const isFirst = this.#lines.length === 0 && lines.length === 0;
    return isFirst && !this.#byTime && (this.#options.cursor?.id ?? null) !== null;
  }

  /** Nothing is to be done with what comes: the channel was left. */
  forget(): void {
    this.#ended = true;
  }

  /** The server refused: FAIL CHATHISTORY. */
  failed(): void {
    if (this.#ended) return;
    const isNothing = this.#lines.length === 0;
    if (this.#byTime || this.#options.cursor === null) {
      return isNothing ? this.#done(null, false) : this.#end(true);
    }
    this.#byTime = true;
    if (isNothing) this.#request(["LATEST", this.#since()]);
    else this.#requestBefore();
  }

  /** No answer comes any more. */
  unanswered(): void {
    this.#done(this.#lines, true, this.#lines.length === 0);
  }

  /** Ends with what has come so far. */
  #end(cut: boolean): void {
    this.#done(this.#lines, cut || this.#beginsLate());
  }

  /** The message of the cursor is not there any more (a server that was restarted): others may have gone with it. */
  #beginsLate(): boolean {
    const { cursor } = this.#options;
    if (cursor === null || cursor.id === null || this.#idKnown) return false;
    const reaches = (line: IrcMessage) =>
      messageId(line) === cursor.id || (serverTimeMs(line) ?? 0) < cursor.atMs;
    return this.#lines.length > 0 && !this.#lines.some(reaches);
  }

  /** Pages that are asked for by time overlap in lines of one time: those without ids are told apart by their number. */
  #knownOf(lines: readonly IrcMessage[]): ReadonlySet<IrcMessage> {
    const [oldest] = this.#lines;
    const atMs = oldest === undefined ? null : serverTimeMs(oldest);
    const isSame = (line: IrcMessage) => messageId(line) === null && serverTimeMs(line) === atMs;
    const count = atMs === null ? 0 : this.#lines.filter(isSame).length;
    return new Set(count === 0 ? [] : lines.filter(isSame).slice(-count));
  }

  #isFresh(line: IrcMessage): boolean {
    const id = messageId(line);
    if (id === null) return true;
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    return true;
  }

  #done(lines: readonly IrcMessage[] | null, cut: boolean, unanswered = false): void {
    if (this.#ended) return;
    this.#ended = true;
    const behind = this.#idKnown && !this.#byTime && !this.#asksBefore;
    this.#options.done(lines, { cut, behind, unanswered });
  }

  /** By time from a moment before the cursor: others may bear its very time, and what is known is recognised later. */
  #since(): string {
    const { cursor } = this.#options;
    if (cursor === null) return "*";
    return cursor.id !== null && !this.#byTime ? `msgid=${cursor.id}` : timestamp(fromMs(cursor));
  }

  /** By time from a moment behind the oldest line: others may bear its very time. */
  #requestBefore(): void {
    const [oldest] = this.#lines;
    const id = oldest === undefined ? null : messageId(oldest);
    const atMs = oldest === undefined ? null : serverTimeMs(oldest);
    this.#asksBefore = true;
    if (id !== null && !this.#byTime) return this.#request(["BEFORE", `msgid=${id}`]);
    if (atMs === null) return this.#end(true);
    this.#request(["BEFORE", timestamp(atMs + 1)]);
  }

  #request([command = "", reference = ""]: readonly string[]): void {
    const params = [command, this.#options.channel, reference, String(this.#page)];
    this.#options.send({ command: "CHATHISTORY", params });
  }
}

/** True for the cursor's own message and for what was said before it. */
function isBefore(line: IrcMessage, cursor: Cursor): boolean {
  if (cursor.id !== null && messageId(line) === cursor.id) return true;
  const atMs = serverTimeMs(line);
  return atMs !== null && atMs <= fromMs(cursor);
}

/** A moment before the second of the cursor: some histories keep whole seconds only (soju's files). */
function fromMs(cursor: Cursor): number {
  return Math.floor(cursor.atMs / 1000) * 1000 - 1;
}

function timestamp(atMs: number): string {
  return `timestamp=${new Date(atMs).toISOString()}`;
}
