import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../base/clock.ts";
import type { MessageId } from "../../relay/port/ids.ts";
import type { SourceRef, Trace } from "../../relay/port/store.ts";
import {
  hashOf,
  isTargets,
  jsonIn,
  numberIn,
  type Row,
  scan,
  type Targets,
  textIn,
  toText,
} from "./columns.ts";
import type { StoreDatabase } from "./database.ts";
import type { Failover } from "./failover.ts";

/** A message that was taken over, and the deliveries that relay it. */
export interface MessageRow {
  readonly id: number;
  readonly endpoint: number;
  readonly name: string;
  readonly takenAtMs: number;
  readonly targets: Targets;
}

/** A confirmed part of a delivery: at `endpoint` it has the id `copy`. */
interface LinkRow {
  readonly message: number;
  readonly delivery: number;
  readonly part: number;
  readonly endpoint: number;
  readonly copy: string;
}

/** In place of a message: nobody's stands behind this line of ours. */
export const NOBODYS = 0;

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
  readonly #insertOwn;
  readonly #links;
  readonly #deleteLinks;
  readonly #sourceOf;
  readonly #isOwn;
  readonly #messagesOf;
  readonly #mark;
  readonly #forgetOwn;
  readonly #forgetMarks;

  constructor(handle: DatabaseSync) {
    this.#insertMessage = handle.prepare("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)");
    this.#find = handle.prepare(
      "SELECT * FROM message WHERE hash = ? AND endpoint = ? AND name = ?",
    );
    this.#message = handle.prepare("SELECT * FROM message WHERE id = ?");
    this.#setTargets = handle.prepare("UPDATE message SET targets = ? WHERE id = ?");
    this.#oldest = handle.prepare(
      "SELECT id FROM message WHERE taken_at < ? ORDER BY taken_at LIMIT ?",
    );
    this.#newest = handle.prepare("SELECT * FROM message WHERE id < ? ORDER BY id DESC LIMIT ?");
    this.#deleteMessage = handle.prepare("DELETE FROM message WHERE id = ?");
    // A message may have been forgotten while a copy of it was still waiting: that copy is a line of ours all the same.
    this.#insertLink = handle.prepare(
      "INSERT OR IGNORE INTO link SELECT ?1, ?2, ?3, ?4, ?5, ?6 FROM message WHERE id = ?1",
    );
    this.#insertOwn = handle.prepare("INSERT OR IGNORE INTO link VALUES (?, ?, ?, ?, ?, ?)");
    this.#links = handle.prepare("SELECT * FROM link WHERE message = ? ORDER BY delivery, part");
    this.#deleteLinks = handle.prepare("DELETE FROM link WHERE message = ?");
    this.#sourceOf = handle.prepare(
      "SELECT message.* FROM link JOIN message ON message.id = link.message " +
        "WHERE link.hash = ? AND link.endpoint = ? AND link.copy = ? ORDER BY link.message LIMIT 1",
    );
    const copies = "FROM link WHERE hash = ? AND endpoint = ? AND copy = ?";
    this.#isOwn = handle.prepare(`SELECT 1 ${copies} LIMIT 1`);
    this.#messagesOf = handle.prepare(
      `SELECT count(DISTINCT nullif(message, ${NOBODYS})) AS count ${copies}`,
    );
    this.#mark = handle.prepare("INSERT OR REPLACE INTO mark VALUES (?, ?)");
    const newest = "(SELECT max(id) FROM mark WHERE at < ?)";
    this.#forgetOwn = handle.prepare(
      `DELETE FROM link WHERE message = ${NOBODYS} AND delivery < ${newest}`,
    );
    this.#forgetMarks = handle.prepare(`DELETE FROM mark WHERE id < ${newest}`);
  }

  /** A message that `find` does not know. */
  addMessage(row: MessageRow): void {
    const targets = JSON.stringify(row.targets);
    const hash = hashOf(row.name);
    this.#insertMessage.run(
      row.id,
      row.endpoint,
      toText(row.name),
      row.takenAtMs,
      hash,
      targets,
    );
  }

  find(endpoint: number, name: string): MessageRow | null {
    return messageOrNull(this.#find.get(hashOf(name), endpoint, toText(name)));
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
    const { delivery, part, endpoint, copy } = row;
    const copied = [delivery, part, endpoint, toText(copy), hashOf(copy)] as const;
    const isKnown = row.message !== NOBODYS && this.#insertLink.run(row.message, ...copied).changes;
    if (!isKnown) this.#insertOwn.run(NOBODYS, ...copied);
  }

  /** Links of a message, by delivery and part. */
  links(message: number): LinkRow[] {
    return this.#links.all(message).map(linkRow);
  }

  isOwn(endpoint: number, copy: string): boolean {
    return this.#isOwn.get(hashOf(copy), endpoint, toText(copy)) !== undefined;
  }

  /** How many messages this copy stands for. */
  messagesOf(endpoint: number, copy: string): number {
    const row = this.#messagesOf.get(hashOf(copy), endpoint, toText(copy));
    return row === undefined ? 0 : numberIn(row, "count");
  }

  /** No id from this one on was given out before this instant. */
  mark(atMs: number, id: number): void {
    this.#mark.run(atMs, id);
  }

  /** Forgets lines of ours behind which nobody's message stands, from before the last mark that is older than this. */
  forgetOwn(olderThanMs: number): void {
    this.#forgetOwn.run(olderThanMs);
    this.#forgetMarks.run(olderThanMs);
  }

  /** The message whose copy this is; the first that was accepted where several were packed. */
  sourceOf(endpoint: number, copy: string): MessageRow | null {
    return messageOrNull(this.#sourceOf.get(hashOf(copy), endpoint, toText(copy)));
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

/** One call of `forget` holds the relay up for no longer than about this; the rest follows with later calls. */
const FORGET_MS = 50;
const FORGET_STEP = 500;
/** With every acceptance while there is something left to forget: more than an acceptance adds. */
const FORGET_ALONG = 64;
/** Free pages that stay in the file, so that it need not grow at once again. */
const FREE_PAGES = 256;
const SHRINK_PAGES = 1_000;

/** Which message was relayed as what: for edits, answers and repetitions. */
export class Copies {
  readonly #failover: Failover;
  readonly #clock: Clock;
  #forgetBeforeMs = Number.NEGATIVE_INFINITY;
  #moreToForget = false;

  constructor(failover: Failover, clock: Clock) {
    this.#failover = failover;
    this.#clock = clock;
  }

  traces(source: SourceRef): readonly Trace[] | null {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(source.endpoint);
      if (endpoint === null) return null;
      const message = this.find(database, endpoint, source.id);
      if (message === null) return null;
      const links = this.#linksOf(database, message);
      return message.targets.map(([delivery, target]) => ({
        endpoint: this.#failover.state.name(target),
        ids: links.filter((link) => link.delivery === delivery).map((link) =>
          link.copy as MessageId
        ),
      }));
    });
  }

  sourceOf(copy: SourceRef): SourceRef | null {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(copy.endpoint);
      if (endpoint === null) return null;
      const message = database.links.sourceOf(endpoint, copy.id) ??
        this.#failover.messageFromArchive((archive) => archive.links.sourceOf(endpoint, copy.id));
      if (message === null) return null;
      return {
        endpoint: this.#failover.state.name(message.endpoint),
        id: message.name as MessageId,
      };
    });
  }

  isOwn(shown: SourceRef): boolean {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(shown.endpoint);
      if (endpoint === null) return false;
      return database.links.isOwn(endpoint, shown.id) ||
        this.#failover.fromArchive((archive) => archive.links.isOwn(endpoint, shown.id)) === true;
    });
  }

  isPacked(copy: SourceRef): boolean {
    return this.#failover.read((database) => {
      const endpoint = this.#failover.state.endpoint(copy.endpoint);
      if (endpoint === null) return false;
      const messagesOf = ({ links }: StoreDatabase) => links.messagesOf(endpoint, copy.id);
      return Math.max(messagesOf(database), this.#failover.fromArchive(messagesOf) ?? 0) > 1;
    });
  }

  /** The row of a message that was taken over; null when it never was or is forgotten. */
  find(database: StoreDatabase, endpoint: number, name: string): MessageRow | null {
    return database.links.find(endpoint, name) ??
      this.#failover.messageFromArchive((archive) => archive.links.find(endpoint, name));
  }

  /** Adds or takes away deliveries of a message. Inside of `write`. */
  changeTargets(
    database: StoreDatabase,
    message: number,
    change: (targets: MessageRow["targets"]) => MessageRow["targets"],
  ): void {
    const row = database.links.message(message) ?? this.#adopt(database, message);
    if (row !== null) database.links.setTargets(message, change(row.targets));
  }

  forget(olderThanMs: number): void {
    this.#forgetBeforeMs = olderThanMs;
    this.#failover.reserveIds(1);
    const id = this.#failover.takeId();
    this.#failover.write("soon", [], ({ links }) => {
      links.mark(this.#clock.now(), id);
      links.forgetOwn(olderThanMs);
    });
    const untilMs = this.#clock.monotonic() + FORGET_MS;
    do this.#moreToForget = this.#forgetStep(FORGET_STEP); while (
      this.#moreToForget && this.#clock.monotonic() < untilMs
    );
    this.#failover.read((database) => database.shrink(SHRINK_PAGES, FREE_PAGES));
  }

  /** Goes on with what an earlier `forget` left. */
  forgetSome(): void {
    if (this.#moreToForget) this.#moreToForget = this.#forgetStep(FORGET_ALONG);
  }

  /** False when nothing is left to forget. */
  #forgetStep(limit: number): boolean {
    return this.#failover.write("soon", [], (database) => {
      this.#failover.forgetInArchive(this.#forgetBeforeMs);
      const ids = database.links.takenBefore(this.#forgetBeforeMs, limit);
      for (const id of ids) database.links.removeMessage(id);
      return ids.length === limit;
    });
  }

  #linksOf(database: StoreDatabase, message: MessageRow): readonly LinkRow[] {
    if (database.links.message(message.id) !== null) return database.links.links(message.id);
    return this.#failover.fromArchive((archive) => archive.links.links(message.id)) ?? [];
  }

  /** Copies a message with its links from the archive, so that it can be changed. */
  #adopt(database: StoreDatabase, id: number): MessageRow | null {
    const message = this.#failover.messageFromArchive((archive) => archive.links.message(id));
    if (message === null) return null;
    database.links.addMessage(message);
    const links = this.#failover.fromArchive((archive) => archive.links.links(id)) ?? [];
    for (const link of links) database.links.addLink(link);
    return message;
  }
}
