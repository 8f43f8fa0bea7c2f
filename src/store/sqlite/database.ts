import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../base/clock.ts";
import { secondOf } from "../../base/times.ts";
import type { EndpointId, MessageId } from "../../relay/port/ids.ts";
import type { Acceptance, CountedCursor, OwnPosition, ShipmentId } from "../../relay/port/store.ts";
import { numberIn, type Row, textIn, textOrNullIn, toText } from "./columns.ts";
import { LinkTable } from "./copy_table.ts";
import { OutboxTable } from "./outbox_table.ts";

/** One open database of the current schema with its prepared statements. */
export class StoreDatabase {
  readonly outbox: OutboxTable;
  readonly links: LinkTable;
  readonly state: StateTable;
  readonly #handle: DatabaseSync;
  readonly #begin;
  readonly #commit;
  readonly #sync: LogSync | null;
  #open = true;

  /**
   * Takes the handle over, and what brings its log to the disk; null where nothing does. Throws what SQLite throws when a table is
   * missing or different.
   */
  constructor(handle: DatabaseSync, sync: LogSync | null) {
    this.#handle = handle;
    this.#sync = sync;
    this.outbox = new OutboxTable(handle);
    this.links = new LinkTable(handle);
    this.state = new StateTable(handle);
    this.#begin = handle.prepare("BEGIN IMMEDIATE");
    this.#commit = handle.prepare("COMMIT");
  }

  /** All of `work` or nothing. Rethrows what went wrong. */
  transaction<T>(durability: Durability, work: () => T): T {
    this.#begin.run();
    try {
      const result = work();
      this.#commit.run();
      this.#sync?.committed(durability);
      return result;
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
  }

  /** Brings to the disk what has waited for it too long. */
  syncOverdue(): void {
    this.#sync?.look();
  }

  /** Gives back to the file system up to `pages` pages that hold nothing, but for `reserve` of them. */
  shrink(pages: number, reserve: number): void {
    const free = Number(this.#handle.prepare("PRAGMA freelist_count").get()?.["freelist_count"]);
    const surplus = Math.min(pages, free - reserve);
    if (surplus > 0) this.#handle.exec(`PRAGMA incremental_vacuum(${surplus})`);
  }

  /** Moves the log into the file, so that it starts again from its front without growing. */
  emptyLog(): void {
    this.#handle.exec("PRAGMA wal_checkpoint(RESTART)");
  }

  /** Idempotent; a file that can't even be closed is left to the end of the process. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#sync?.close();
    try {
      this.#handle.close();
    } catch {
      // Nothing can be done for this file; whoever closes it has said what is wrong.
    }
  }

  #rollBack(): void {
    try {
      this.#handle.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself after some errors.
    }
  }
}

/** A live message from so long before the cursor is no straggler: the service's clock was set back. */
const CLOCK_SET_BACK_MS = 60_000;

/** The cursor after one more message. Pure. Never backwards, unless a live message shows that the clock was set back. */
export function movedCursor(
  cursor: CountedCursor | null,
  message: Pick<Acceptance, "messageId" | "saidAtMs" | "live"> & { readonly cursorAtMs: number },
): CountedCursor {
  const { messageId: id, cursorAtMs: atMs, saidAtMs = atMs, live = false } = message;
  if (cursor === null) return { id, atMs, saidAtMs, count: 1, inSecond: 1 };
  const isBack = live && saidAtMs < cursor.saidAtMs - CLOCK_SET_BACK_MS;
  const position = isBack || atMs >= cursor.atMs
    ? { id, atMs }
    : { id: cursor.id, atMs: cursor.atMs };
  if (saidAtMs < cursor.saidAtMs && !isBack) return { ...cursor, ...position };
  const isSameSecond = secondOf(saidAtMs) === secondOf(cursor.saidAtMs);
  return {
    ...position,
    saidAtMs,
    count: saidAtMs === cursor.saidAtMs ? cursor.count + 1 : 1,
    inSecond: isSameSecond ? cursor.inSecond + 1 : 1,
  };
}

/** Statements on the small tables: names of endpoints, cursors, counts of what was dropped, the id sequence. */
class StateTable {
  readonly #handle: DatabaseSync;
  readonly #addEndpoint;
  readonly #cursor;
  readonly #setCursor;
  readonly #dropped;
  readonly #addDropped;
  readonly #setNextId;
  readonly #own;
  readonly #setOwn;
  readonly #addOwn;

  constructor(handle: DatabaseSync) {
    this.#handle = handle;
    this.#addEndpoint = handle.prepare("INSERT OR IGNORE INTO endpoint VALUES (?, ?)");
    this.#cursor = handle.prepare("SELECT * FROM cursor WHERE endpoint = ?");
    this.#setCursor = handle.prepare(
      "INSERT INTO cursor VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (endpoint) DO UPDATE SET " +
        "name = excluded.name, at = excluded.at, said_at = excluded.said_at, count = excluded.count, " +
        "in_second = excluded.in_second",
    );
    this.#own = handle.prepare("SELECT * FROM own WHERE endpoint = ?");
    this.#setOwn = handle.prepare("INSERT OR REPLACE INTO own VALUES (?, ?, ?, ?, ?, ?)");
    this.#addOwn = handle.prepare(
      "UPDATE own SET since = since + ?, nameless = nameless + ? WHERE endpoint = ?",
    );
    this.#dropped = handle.prepare("SELECT count FROM dropped WHERE endpoint = ?");
    this.#addDropped = handle.prepare(
      "INSERT INTO dropped VALUES (?1, max(0, ?2)) ON CONFLICT (endpoint) " +
        "DO UPDATE SET count = max(0, dropped.count + ?2)",
    );
    this.#setNextId = handle.prepare(
      "INSERT INTO meta VALUES ('next_id', ?) ON CONFLICT (name) " +
        "DO UPDATE SET value = max(meta.value, excluded.value)",
    );
  }

  addEndpoint(id: number, name: EndpointId): void {
    this.#addEndpoint.run(id, toText(name));
  }

  endpoints(): Map<number, EndpointId> {
    const rows = this.#handle.prepare("SELECT * FROM endpoint").all();
    return new Map(rows.map((row) => [numberIn(row, "id"), textIn(row, "name") as EndpointId]));
  }

  cursor(endpoint: number): CountedCursor | null {
    const row = this.#cursor.get(endpoint);
    return row === undefined ? null : cursorIn(row);
  }

  /** In place of any other. */
  setCursor(endpoint: number, { id, atMs, saidAtMs, count, inSecond }: CountedCursor): void {
    this.#setCursor.run(endpoint, id === null ? null : toText(id), atMs, saidAtMs, count, inSecond);
  }

  own(endpoint: number): OwnPosition | null {
    const row = this.#own.get(endpoint);
    return row === undefined ? null : ownIn(row);
  }

  setOwn(endpoint: number, position: OwnPosition): void {
    const { atMs, count, since, nameless, lastShipment = 0 } = position;
    this.#setOwn.run(endpoint, atMs, count, since, nameless, lastShipment);
  }

  /** So many more parts were confirmed, so many of them without an id. */
  addOwn(endpoint: number, count: number, nameless: number): void {
    this.#addOwn.run(count, nameless, endpoint);
  }

  allOwn(): Map<number, OwnPosition> {
    const rows = this.#handle.prepare("SELECT * FROM own").all();
    return new Map(rows.map((row) => [numberIn(row, "endpoint"), ownIn(row)]));
  }

  cursors(): Map<number, CountedCursor> {
    const rows = this.#handle.prepare("SELECT * FROM cursor").all();
    return new Map(rows.map((row) => [numberIn(row, "endpoint"), cursorIn(row)]));
  }

  dropped(endpoint: number): number {
    const row = this.#dropped.get(endpoint);
    return row === undefined ? 0 : numberIn(row, "count");
  }

  addDropped(endpoint: number, count: number): void {
    this.#addDropped.run(endpoint, count);
  }

  allDropped(): Map<number, number> {
    const rows = this.#handle.prepare("SELECT * FROM dropped").all();
    return new Map(rows.map((row) => [numberIn(row, "endpoint"), numberIn(row, "count")]));
  }

  /** The first id that no run has reserved. */
  nextId(): number {
    const row = this.#handle.prepare("SELECT value FROM meta WHERE name = 'next_id'").get();
    return row === undefined ? 1 : numberIn(row, "value");
  }

  /** Never backwards. */
  setNextId(nextId: number): void {
    this.#setNextId.run(nextId);
  }

  clearAllDropped(): void {
    this.#handle.exec("DELETE FROM dropped");
  }
}

function cursorIn(row: Row): CountedCursor {
  const id = textOrNullIn(row, "name");
  return {
    id: id === null ? null : id as MessageId,
    atMs: numberIn(row, "at"),
    saidAtMs: numberIn(row, "said_at"),
    count: numberIn(row, "count"),
    inSecond: numberIn(row, "in_second"),
  };
}

function ownIn(row: Row): OwnPosition {
  return {
    atMs: numberIn(row, "at"),
    count: numberIn(row, "count"),
    since: numberIn(row, "since"),
    nameless: numberIn(row, "nameless"),
    lastShipment: numberIn(row, "last_shipment") as ShipmentId,
  };
}

/**
 * When a transaction must be on the disk itself, not only in the system's cache, where a power cut would undo it. The
 * death of this process never undoes one.
 *
 * `settled`: as soon as the disk allows it. `soon`: it stands between a message and its sending, and its settlement will take
 * it along. docs/delivery-store.md says what each costs.
 */
export type Durability = "settled" | "soon";

/** SQLite's write-ahead log, as far as it is brought to the disk here. */
export interface LogFile {
  /** Resolves when all that was written before is on the disk. */
  syncData(): Promise<void>;
  close(): void;
}

/** Opens the log of a database file; tests give one that is slow, fails or counts. */
export type OpenLog = (path: string) => LogFile;

export function openLogFile(path: string): LogFile {
  return Deno.openSync(path, { read: true, write: true });
}

interface LogSyncOptions {
  readonly path: string;
  readonly openLog: OpenLog;
  readonly clock: Clock;
  readonly failed: (thrown: unknown) => void;
}

/** The disk is left alone for so long between two syncs, and for ten times as long as the last one took. */
const LEAST_PAUSE_MS = 50;
const PAUSE_SHARE = 10;
/** What no settlement took along by then is synced when somebody looks. */
const OVERDUE_MS = 1_000;

/**
 * Brings the log to the disk beside the event loop: commits are never held up by it, however slow the disk is. The log is
 * written from front to back, so that a power cut undoes the last commits only, and never one without those behind it.
 */
export class LogSync {
  readonly #options: LogSyncOptions;
  readonly #closed = new AbortController();
  #file: LogFile | null = null;
  /** Time of the first commit that the disk may not have; null when it has all. */
  #openSinceMs: number | null = null;
  /** Something must reach the disk as soon as it can. */
  #isWanted = false;
  /** A sync runs, or waits for the end of the pause. */
  #isBusy = false;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: LogSyncOptions) {
    this.#options = options;
  }

  committed(durability: Durability): void {
    this.#openSinceMs ??= this.#options.clock.monotonic();
    if (durability === "settled") this.#begin();
  }

  /** Begins a sync where something has waited too long for one. */
  look(): void {
    const sinceMs = this.#openSinceMs;
    if (sinceMs !== null && this.#options.clock.monotonic() - sinceMs >= OVERDUE_MS) this.#begin();
  }

  /** SQLite itself syncs what it closes. */
  close(): void {
    this.#closed.abort();
    this.#file?.close();
    this.#file = null;
  }

  #begin(): void {
    this.#isWanted = true;
    if (this.#isBusy || this.#closed.signal.aborted) return;
    this.#isBusy = true;
    this.#run().catch((thrown) => {
      if (!this.#closed.signal.aborted) this.#options.failed(thrown);
    }).finally(() => {
      this.#isBusy = false;
      if (this.#isWanted) this.#begin();
    });
  }

  /** One sync after the other, until the disk has all. */
  async #run(): Promise<void> {
    const { clock, openLog, path } = this.#options;
    while (this.#isWanted) {
      const waitMs = this.#restUntilMs - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      this.#isWanted = false;
      this.#openSinceMs = null;
      const beginMs = clock.monotonic();
      this.#file ??= openLog(path);
      await this.#file.syncData();
      const endMs = clock.monotonic();
      this.#restUntilMs = endMs + Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * (endMs - beginMs));
    }
  }
}
