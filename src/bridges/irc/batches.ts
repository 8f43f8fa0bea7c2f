import type { IrcMessage } from "./wire/message.ts";
import { param } from "./wire/message.ts";

/** A server may forget to end a batch: it must not gather lines for ever. */
const MAX_MESSAGES = 10_000;
const MAX_OPEN = 64;

/** Kinds whose lines are handed over together at the end; lines of all others are handled as they come. */
const COLLECTED: ReadonlySet<string> = new Set([
  "chathistory",
  "draft/multiline",
  "znc.in/playback",
]);

export interface Batch {
  readonly type: string;
  readonly params: readonly string[];
  /** The line that opened it: has the tags of what it stands for. */
  readonly opening: IrcMessage;
  readonly label: string | null;
  readonly messages: IrcMessage[];
  readonly parent: Batch | null;
}

/** How a line stands to the batches. */
export interface Placed {
  /** Label of our command that this line answers; null for none. */
  readonly label: string | null;
  /** The innermost batch around the line. */
  readonly batch: Batch | null;
}

/** Keeps the open batches of a connection, nested ones too. */
export class Batches {
  readonly #open = new Map<string, Batch>();
  readonly #onLine: (message: IrcMessage, placed: Placed) => void;
  readonly #onEnd: (batch: Batch) => void;

  constructor(
    onLine: (message: IrcMessage, placed: Placed) => void,
    onEnd: (batch: Batch) => void,
  ) {
    this.#onLine = onLine;
    this.#onEnd = onEnd;
  }

  handle(message: IrcMessage): void {
    const around = this.#open.get(message.tags.get("batch") ?? "") ?? null;
    if (message.command === "BATCH") return this.#mark(message, around);
    if (around !== null && COLLECTED.has(around.type)) return collect(around, message);
    const label = message.tags.get("label") ?? labelOf(around);
    this.#onLine(message, { label, batch: around });
  }

  #mark(message: IrcMessage, parent: Batch | null): void {
    const mark = param(message, 0);
    const reference = mark.slice(1);
    if (mark.startsWith("-")) return this.#end(reference);
    if (this.#open.size >= MAX_OPEN) this.#open.clear();
    this.#open.set(reference, {
      type: param(message, 1).toLowerCase(),
      params: message.params.slice(2),
      opening: message,
      label: message.tags.get("label") ?? labelOf(parent),
      messages: [],
      parent,
    });
  }

  #end(reference: string): void {
    const batch = this.#open.get(reference);
    if (batch === undefined) return;
    this.#open.delete(reference);
    const { parent } = batch;
    const joined = batch.type === "draft/multiline" ? joinedLines(batch) : null;
    if (joined === null) return this.#onEnd(batch);
    if (parent !== null && COLLECTED.has(parent.type)) collect(parent, joined);
    else this.#onLine(joined, { label: batch.label, batch: parent });
  }
}

function collect(batch: Batch, message: IrcMessage): void {
  if (batch.messages.length < MAX_MESSAGES) batch.messages.push(message);
}

function labelOf(batch: Batch | null): string | null {
  return batch?.label ?? null;
}

/** The lines of a multiline batch as one message with line breaks, under the tags of the batch. */
function joinedLines(batch: Batch): IrcMessage | null {
  const [first, ...others] = batch.messages;
  if (first === undefined) return null;
  const text = others.reduce(
    (whole, line) => whole + (line.tags.has("draft/multiline-concat") ? "" : "\n") + param(line, 1),
    param(first, 1),
  );
  const tags = new Map([...first.tags, ...batch.opening.tags]);
  return { ...first, tags, params: [param(first, 0), text] };
}
