import type { DatabaseSync } from "node:sqlite";
import { jsonIn, numberIn, type Row, scan, textIn, toText } from "./columns.ts";
import { isTargets, type Targets } from "./row_gate.ts";

/** A message that was taken over, and the deliveries that relay it. */
export interface MessageRow {
  readonly id: number;
  readonly endpoint: number;
  readonly name: string;
  readonly takenAtMs: number;
  readonly targets: Targets;
}

/** A confirmed part of a delivery: at `endpoint` it has the id `copy`. */
export interface LinkRow {
  readonly message: number;
  readonly delivery: number;
  readonly part: number;
  readonly endpoint: number;
  readonly copy: string;
}

/** Statements on `message` and `link`: rows only, no rules. */
export class LinkTable {
  readonly #insertMessage;
  readonly #find;
  readonly #setTargets;
  readonly #message;
  readonly #oldest;
  readonly #newest;
  readonly #deleteMessage;
  readonly #insertLink;
  readonly #links;
  readonly #deleteLinks;
  readonly #sourceOf;

  constructor(handle: DatabaseSync) {
    this.#insertMessage = handle.prepare("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?)");
    this.#find = handle.prepare("SELECT * FROM message WHERE endpoint = ? AND name = ?");
    this.#message = handle.prepare("SELECT * FROM message WHERE id = ?");
    this.#setTargets = handle.prepare("UPDATE message SET targets = ? WHERE id = ?");
    this.#oldest = handle.prepare(
      "SELECT id FROM message WHERE taken_at < ? ORDER BY taken_at LIMIT ?",
    );
    this.#newest = handle.prepare("SELECT * FROM message WHERE id < ? ORDER BY id DESC LIMIT ?");
    this.#deleteMessage = handle.prepare("DELETE FROM message WHERE id = ?");
    // A message may have been forgotten while a copy of it was still waiting: nobody would ever remove its links.
    this.#insertLink = handle.prepare(
      "INSERT OR IGNORE INTO link SELECT ?1, ?2, ?3, ?4, ?5 FROM message WHERE id = ?1",
    );
    this.#links = handle.prepare("SELECT * FROM link WHERE message = ? ORDER BY delivery, part");
    this.#deleteLinks = handle.prepare("DELETE FROM link WHERE message = ?");
    this.#sourceOf = handle.prepare(
      "SELECT message.* FROM link JOIN message ON message.id = link.message " +
        "WHERE link.endpoint = ? AND link.copy = ? ORDER BY link.message LIMIT 1",
    );
  }

  /** False when the message was known: nothing has changed then. */
  addMessage(row: MessageRow): boolean {
    const name = toText(row.name);
    const targets = JSON.stringify(row.targets);
    return this.#insertMessage.run(row.id, row.endpoint, name, row.takenAtMs, targets)
      .changes !== 0;
  }

  find(endpoint: number, name: string): MessageRow | null {
    return messageOrNull(this.#find.get(endpoint, toText(name)));
  }

  message(id: number): MessageRow | null {
    return messageOrNull(this.#message.get(id));
  }

  setTargets(id: number, targets: Targets): void {
    this.#setTargets.run(JSON.stringify(targets), id);
  }

  /** Messages taken over before this instant, oldest first. */
  takenBefore(takenAtMs: number, limit: number): number[] {
    return this.#oldest.all(takenAtMs, limit).map((row) => numberIn(row, "id"));
  }

  /** Undecoded rows of the messages, the last taken over first: see `scan`. */
  newest(): Iterable<Row> {
    return scan((last, limit) =>
      this.#newest.all(last === null ? Number.MAX_SAFE_INTEGER : numberIn(last, "id"), limit)
    );
  }

  *all(): Iterable<MessageRow> {
    for (const row of this.newest()) yield messageRow(row);
  }

  removeMessage(id: number): void {
    this.#deleteLinks.run(id);
    this.#deleteMessage.run(id);
  }

  addLink(row: LinkRow): void {
    this.#insertLink.run(row.message, row.delivery, row.part, row.endpoint, toText(row.copy));
  }

  /** Links of a message, by delivery and part. */
  links(message: number): LinkRow[] {
    return this.#links.all(message).map(linkRow);
  }

  /** The message whose copy this is; the first that was accepted where several were packed. */
  sourceOf(endpoint: number, copy: string): MessageRow | null {
    return messageOrNull(this.#sourceOf.get(endpoint, toText(copy)));
  }
}

/** Throws DamagedRowError. */
export function messageRow(row: Row): MessageRow {
  return {
    id: numberIn(row, "id"),
    endpoint: numberIn(row, "endpoint"),
    name: textIn(row, "name"),
    takenAtMs: numberIn(row, "taken_at"),
    targets: jsonIn(row, "targets", isTargets),
  };
}

function messageOrNull(row: Row | undefined): MessageRow | null {
  return row === undefined ? null : messageRow(row);
}

function linkRow(row: Row): LinkRow {
  return {
    message: numberIn(row, "message"),
    delivery: numberIn(row, "delivery"),
    part: numberIn(row, "part"),
    endpoint: numberIn(row, "endpoint"),
    copy: textIn(row, "copy"),
  };
}
