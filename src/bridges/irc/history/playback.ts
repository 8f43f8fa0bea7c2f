import type { Holdings } from "../../../base/bounded.ts";
import type { Clock } from "../../../base/clock.ts";
import { type IrcMessage, param, serverTimeMs } from "../wire/message.ts";

/** A server may forget to end a batch: it must not open them for ever. */
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
  /** What its lines take of what the connection may hold. */
  bytes: number;
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
  readonly #held: Holdings;

  constructor(
    held: Holdings,
    onLine: (message: IrcMessage, placed: Placed) => void,
    onEnd: (batch: Batch) => void,
  ) {
    this.#held = held;
    this.#onLine = onLine;
    this.#onEnd = onEnd;
  }

  handle(message: IrcMessage): void {
    const around = this.#open.get(message.tags.get("batch") ?? "") ?? null;
    if (message.command === "BATCH") return this.#mark(message, around);
    if (around !== null && COLLECTED.has(around.type)) {
      return this.#collect(around, message);
    }
    const label = message.tags.get("label") ?? labelOf(around);
    this.#onLine(message, { label, batch: around });
  }

  #mark(message: IrcMessage, parent: Batch | null): void {
    const mark = param(message, 0);
    const reference = mark.slice(1);
    if (mark.startsWith("-")) return this.#end(reference);
    if (this.#open.size >= MAX_OPEN) {
      for (const open of [...this.#open.keys()]) {
        this.#take(open);
      }
    }
    this.#take(reference);
    this.#held.take("batches", 0);
    this.#open.set(reference, {
      type: param(message, 1).toLowerCase(),
      params: message.params.slice(2),
      opening: message,
      label: message.tags.get("label") ?? labelOf(parent),
      messages: [],
      parent,
      bytes: 0,
    });
  }

  #collect(batch: Batch, message: IrcMessage): void {
    batch.messages.push(message);
    const bytes = weightOf(message);
    batch.bytes += bytes;
    this.#held.grow("batches", bytes);
  }

  /** It is no longer held here. */
  #take(reference: string): Batch | null {
    const batch = this.#open.get(reference) ?? null;
    if (batch === null) return null;
    this.#open.delete(reference);
    this.#held.giveBack(batch.bytes);
    return batch;
  }

  #end(reference: string): void {
    const batch = this.#take(reference);
    if (batch === null) return;
    const { parent } = batch;
    const joined = batch.type === "draft/multiline" ? joinedLines(batch) : null;
    if (joined === null) return this.#onEnd(batch);
    if (parent !== null && COLLECTED.has(parent.type)) this.#collect(parent, joined);
    else this.#onLine(joined, { label: batch.label, batch: parent });
  }
}

const BYTES_A_LINE = 300;

function weightOf({ params, tags }: IrcMessage): number {
  const texts = [...params, ...tags.keys(), ...tags.values()];
  return texts.reduce((sum, text) => sum + text.length, BYTES_A_LINE);
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

/** The server's clock is known from its first line to within this. */
const TOLERANCE_MS = 2_000;
/** As long as it is not known, its clock may differ from ours by this much. */
const UNKNOWN_CLOCK_MS = 120_000;

/** Tells lines from before the connection, which bouncers and servers play back, by their time on the server's clock. */
export class PlaybackFilter {
  readonly #clock: Clock;
  /** By the clock that never jumps: somebody may set the other one at any moment. */
  #connectedAtMonotonic = 0;
  /** When the connection began, by the server's clock. */
  #connectedMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  connected(): void {
    this.#connectedAtMonotonic = this.#clock.monotonic();
  }

  /**
   * Learns the server's clock from lines that it writes at this moment; a bouncer replays even its welcome. Some servers
   * stamp only what people do: there our own entry (`own`) tells.
   */
  observe(message: IrcMessage, own: boolean): void {
    const { command } = message;
    if (command !== "PONG" && command !== "CAP" && !(own && command === "JOIN")) return;
    const atMs = serverTimeMs(message);
    if (atMs !== null) this.#connectedMs ??= atMs - this.#livedMs();
  }

  isOld(message: IrcMessage): boolean {
    const atMs = serverTimeMs(message);
    if (atMs === null) return false;
    return this.#connectedMs === null
      ? atMs < this.#clock.now() - this.#livedMs() - UNKNOWN_CLOCK_MS
      : atMs < this.#connectedMs - TOLERANCE_MS;
  }

  /** What time the server has; null where it has not told. */
  get serverMs(): number | null {
    return this.#connectedMs === null ? null : this.#connectedMs + this.#livedMs();
  }

  #livedMs(): number {
    return this.#clock.monotonic() - this.#connectedAtMonotonic;
  }
}
