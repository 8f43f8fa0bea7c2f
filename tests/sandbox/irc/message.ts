import { escapeTagValue, type Wire } from "./wire.ts";

export interface MessageTags {
  readonly time?: string;
  readonly msgid?: string;
  /** Services account of the sender. */
  readonly account?: Wire;
  /** The sender is a bot. */
  readonly bot?: boolean;
  /** Client-only tags (`+name`), passed on as they came, and such as only some commands give. */
  readonly client?: ReadonlyMap<string, Wire>;
}

/** Tags of one recipient's copy. */
export interface CopyTags {
  readonly batch?: string | undefined;
  readonly label?: Wire | undefined;
}

/** The longest line, with CRLF, without tags. */
const LINE_BYTES = 512;

/** One line from the server, on its way to any number of clients with different capabilities. */
export class Message {
  readonly source: Wire;
  /** Command and parameters. */
  readonly body: Wire;
  readonly tags: MessageTags;
  readonly #copies = new Map<number, Wire>();

  /** What is longer than a line is cut at the byte, as real servers do. */
  constructor(source: Wire, body: Wire, tags: MessageTags = {}) {
    this.source = source;
    this.body = source === ""
      ? body.slice(0, LINE_BYTES - 2)
      : body.slice(0, LINE_BYTES - 4 - source.length);
    this.tags = tags;
  }

  /** The line with CRLF, with those tags that a client with these capabilities may see. */
  line(caps: ReadonlySet<string>, copy: CopyTags = {}): Wire {
    if (copy.batch !== undefined || copy.label !== undefined) return this.#build(caps, copy);
    const kind = kindOf(caps);
    let line = this.#copies.get(kind);
    if (line === undefined) this.#copies.set(kind, line = this.#build(caps, copy));
    return line;
  }

  #build(caps: ReadonlySet<string>, copy: CopyTags): Wire {
    const tags = [...this.#tagsFor(caps)];
    if (copy.batch !== undefined && caps.has("batch")) tags.push(`batch=${copy.batch}`);
    if (copy.label !== undefined) tags.push(`label=${escapeTagValue(copy.label)}`);
    const start = tags.length === 0 ? "" : `@${tags.join(";")} `;
    return `${start}${this.source === "" ? "" : `:${this.source} `}${this.body}\r\n`;
  }

  *#tagsFor(caps: ReadonlySet<string>): Generator<Wire> {
    const { time, msgid, account, bot, client } = this.tags;
    const all = caps.has("message-tags");
    if (time !== undefined && (caps.has("server-time"))) yield `time=${time}`;
    if (msgid !== undefined && all) yield `msgid=${msgid}`;
    if (account !== undefined && caps.has("account-tag")) {
      yield `account=${escapeTagValue(account)}`;
    }
    if (bot === true && all) yield "bot";
    if (!all || client === undefined) return;
    for (const [key, value] of client) {
      yield value === "" ? key : `${key}=${escapeTagValue(value)}`;
    }
  }
}

/** One line of a multiline message. */
export interface MultilinePiece {
  readonly body: Wire;
  /** It goes on with the line before it. */
  readonly concat: boolean;
}

/** A message of several lines: a batch for clients that know such, else one line after the other. */
export class MultilineMessage extends Message {
  readonly #reference: string;
  readonly #pieces: readonly MultilinePiece[];

  constructor(
    source: Wire,
    [reference, target]: readonly [string, Wire],
    pieces: readonly MultilinePiece[],
    tags: MessageTags,
  ) {
    super(source, `BATCH +${reference} draft/multiline ${target}`, tags);
    this.#reference = reference;
    this.#pieces = pieces;
  }

  override line(caps: ReadonlySet<string>, copy: CopyTags = {}): Wire {
    const reference = this.#reference;
    if (!caps.has("draft/multiline") || !caps.has("batch")) return this.#single(caps, copy);
    const piece = ({ body, concat }: MultilinePiece) => {
      const client = new Map(concat ? [["draft/multiline-concat", ""]] : []);
      return new Message(this.source, body, { client }).line(caps, { batch: reference });
    };
    const end = new Message(this.source, `BATCH -${reference}`).line(caps);
    return super.line(caps, copy) + this.#pieces.map(piece).join("") + end;
  }

  /** The id stands on the first line alone. */
  #single(caps: ReadonlySet<string>, copy: CopyTags): Wire {
    const { msgid: _, ...others } = this.tags;
    return this.#pieces.map(({ body }, index) =>
      new Message(this.source, body, index === 0 ? this.tags : others).line(caps, copy)
    ).join("");
  }
}

/** Clients of one kind get the same tags. */
function kindOf(caps: ReadonlySet<string>): number {
  if (caps.size === 0) return 0;
  return (caps.has("message-tags") ? 1 : 0) + (caps.has("server-time") ? 2 : 0) +
    (caps.has("account-tag") ? 4 : 0);
}
