import type { Cursor } from "../../relay/bridge.ts";
import type { MessageId } from "../../relay/ids.ts";
import type { ServerFeatures } from "./isupport.ts";
import { messageId } from "./read_message.ts";
import type { IrcMessage, OutLine } from "./wire/message.ts";
import { serverTimeMs } from "./wire/message.ts";

const PAGE = 100;

export interface HistoryFetchOptions {
  readonly channel: string;
  readonly cursor: Cursor | null;
  readonly features: ServerFeatures;
  readonly maxMessages: number;
  readonly send: (line: OutLine) => void;
  /** Called once: the lines, oldest first, and whether there was more. Null: the server could not tell. */
  readonly done: (lines: readonly IrcMessage[] | null, cut: boolean) => void;
}

/**
 * Reads a channel's history since the cursor by CHATHISTORY, page by page. A message id that the server does not know
 * any more is replaced by the time.
 */
export class HistoryFetch {
  readonly #options: HistoryFetchOptions;
  readonly #lines: IrcMessage[] = [];
  readonly #ids = new Set<MessageId>();
  readonly #page: number;
  /** The server did not know a message id that we named. */
  #byTime = false;
  #ended = false;

  constructor(options: HistoryFetchOptions) {
    this.#options = options;
    this.#page = Math.min(PAGE, options.features.number("CHATHISTORY", PAGE), options.maxMessages);
    this.#request(this.#start());
  }

  /** The server's answer: one page. */
  page(lines: readonly IrcMessage[]): void {
    if (this.#ended) return;
    const before = this.#lines.length;
    for (const line of lines) this.#take(line);
    const last = lines.at(-1);
    const cut = this.#lines.length >= this.#options.maxMessages;
    const isLast = last === undefined || lines.length < this.#page ||
      this.#lines.length === before;
    if (isLast || cut || this.#options.cursor === null) return this.end(cut);
    const reference = this.#reference(last);
    if (reference === null) return this.end(true);
    this.#request(["AFTER", reference]);
  }

  /** The server refused: FAIL CHATHISTORY. */
  failed(): void {
    if (this.#ended) return;
    const last = this.#lines.at(-1);
    if (this.#byTime || this.#options.cursor === null) {
      return last === undefined ? this.#done(null, false) : this.end(true);
    }
    this.#byTime = true;
    const reference = last === undefined ? null : this.#reference(last);
    if (last !== undefined && reference === null) return this.end(true);
    this.#request(reference === null ? this.#start() : ["AFTER", reference]);
  }

  /** Ends with what has come so far. */
  end(cut: boolean): void {
    this.#done(this.#lines, cut);
  }

  /** Pages that are asked for by time overlap. */
  #take(line: IrcMessage): void {
    const id = messageId(line);
    if (id !== null && this.#ids.has(id)) return;
    if (id !== null) this.#ids.add(id);
    this.#lines.push(line);
  }

  #done(lines: readonly IrcMessage[] | null, cut: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.done(lines, cut);
  }

  /** By time from a moment before the cursor: others may bear its very time, and what is known is recognised later. */
  #start(): readonly string[] {
    const { cursor } = this.#options;
    if (cursor === null) return ["LATEST", "*"];
    if (!this.#byTime && cursor.id !== null) return ["AFTER", `msgid=${cursor.id}`];
    return ["AFTER", timestamp(cursor.atMs - 1)];
  }

  /** The place behind a line. Several can bear one time: without ids those beyond a page's end can't be told apart. */
  #reference(line: IrcMessage): string | null {
    const id = messageId(line);
    if (id !== null && !this.#byTime) return `msgid=${id}`;
    const atMs = serverTimeMs(line);
    if (atMs === null) return null;
    return timestamp(id === null ? atMs : atMs - 1);
  }

  #request([command = "", reference = ""]: readonly string[]): void {
    const params = [command, this.#options.channel, reference, String(this.#page)];
    this.#options.send({ command: "CHATHISTORY", params });
  }
}

function timestamp(atMs: number): string {
  return `timestamp=${new Date(atMs).toISOString()}`;
}
