import type { Cursor } from "../../relay/bridge.ts";
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
  readonly #page: number;
  #byTime: boolean;
  #ended = false;

  constructor(options: HistoryFetchOptions) {
    this.#options = options;
    this.#page = Math.min(PAGE, options.features.number("CHATHISTORY", PAGE), options.maxMessages);
    this.#byTime = (options.cursor?.id ?? null) === null;
    this.#request(this.#start());
  }

  /** The server's answer: one page. */
  page(lines: readonly IrcMessage[]): void {
    if (this.#ended) return;
    this.#lines.push(...lines);
    const last = lines.at(-1);
    const cut = this.#lines.length >= this.#options.maxMessages;
    if (last === undefined || lines.length < this.#page || cut || this.#options.cursor === null) {
      return this.end(cut);
    }
    const reference = this.#reference(last);
    if (reference === null) return this.end(true);
    this.#request(["AFTER", reference]);
  }

  /** The server refused: FAIL CHATHISTORY. */
  failed(): void {
    if (this.#ended) return;
    if (this.#lines.length > 0) return this.end(true);
    if (this.#byTime || this.#options.cursor === null) return this.#done(null, false);
    this.#byTime = true;
    this.#request(this.#start());
  }

  /** Ends with what has come so far. */
  end(cut: boolean): void {
    this.#done(this.#lines, cut);
  }

  #done(lines: readonly IrcMessage[] | null, cut: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.done(lines, cut);
  }

  #start(): readonly string[] {
    const { cursor } = this.#options;
    if (cursor === null) return ["LATEST", "*"];
    if (!this.#byTime && cursor.id !== null) return ["AFTER", `msgid=${cursor.id}`];
    return ["AFTER", timestamp(cursor.atMs)];
  }

  #reference(line: IrcMessage): string | null {
    const id = messageId(line);
    if (id !== null && !this.#byTime) return `msgid=${id}`;
    const atMs = serverTimeMs(line);
    return atMs === null ? null : timestamp(atMs);
  }

  #request([command = "", reference = ""]: readonly string[]): void {
    const params = [command, this.#options.channel, reference, String(this.#page)];
    this.#options.send({ command: "CHATHISTORY", params });
  }
}

function timestamp(atMs: number): string {
  return `timestamp=${new Date(atMs).toISOString()}`;
}
