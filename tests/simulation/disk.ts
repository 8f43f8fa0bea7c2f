import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { LogFile } from "../../src/store/sqlite/database.ts";

/** Where a process dies, counted in statements that write. */
export interface CrashPoint {
  /** Statements that still succeed. */
  readonly after: number;
  /**
   * `before`: the next statement was never carried out. `torn`: it is a commit, and a part of what it wrote has reached
   * the file. `after`: it was carried out, and nobody heard of it.
   */
  readonly how: "before" | "torn" | "after";
}

/** What a dead process meets wherever it still runs: nobody sees what it does with it. */
export class ProcessDied extends Error {
  override readonly name = "ProcessDied";
}

/** The process that has the database open, as the disk sees it. */
export interface DiskUser {
  readonly dead: boolean;
  die(): void;
}

type Kind = "read" | "begin" | "commit" | "write" | "rollback" | "other";

interface Statement {
  run(...args: unknown[]): unknown;
  get(...args: unknown[]): unknown;
  all(...args: unknown[]): unknown;
}

const FULL = { code: "ERR_SQLITE_ERROR", errcode: 13, message: "database or disk is full" };

/**
 * The disk under the store: real SQLite, whose statements fail, last and end the process on demand. What has been
 * committed outlives a process, what was under way does not.
 */
export abstract class Disk {
  /** No room for anything that is written. */
  full = false;
  /** How long it takes to bring what was written to the disk itself. */
  syncMs = 0;
  crashPoint: CrashPoint | null = null;
  /** How long the disk has been busy with that. */
  syncedMs = 0;
  #left = 0;

  abstract readonly path: string;
  /** A write can be cut in the middle. Where it can't, a torn one never was. */
  protected abstract readonly tears: boolean;
  /** The database as this process has it. */
  abstract openFor(user: DiskUser): DatabaseSync;
  /** What lies on the disk is now what the next process will find. */
  protected abstract died(torn: boolean): void;
  protected abstract beforeCommit(): void;
  abstract dispose(): void;

  crashAt(point: CrashPoint): void {
    this.crashPoint = point;
    this.#left = point.after;
  }

  /** The process dies here, between two statements. */
  crashNow(user: DiskUser): void {
    this.crashPoint = null;
    user.die();
    this.died(false);
  }

  /** The log as the store brings it to the disk. `wait` counts the process's own time. */
  logFor(wait: (forMs: number) => Promise<void>): LogFile {
    return {
      syncData: () => {
        this.syncedMs += this.syncMs;
        return this.syncMs === 0 ? Promise.resolve() : wait(this.syncMs);
      },
      close: () => {},
    };
  }

  protected carryOut<T>(user: DiskUser, kind: Kind, work: () => T): T {
    if (user.dead) throw new ProcessDied("this process is dead");
    if (kind === "read" || kind === "other" || kind === "rollback") return work();
    if (this.full) throw Object.assign(new Error(FULL.message), FULL);
    const point = this.crashPoint;
    if (point !== null && this.#left-- <= 0) return this.#crash(user, kind, point, work);
    return work();
  }

  #crash(user: DiskUser, kind: Kind, point: CrashPoint, work: () => unknown): never {
    this.crashPoint = null;
    if (kind === "commit") this.beforeCommit();
    const torn = point.how === "torn" && kind === "commit" && this.tears;
    if (point.how === "after" || torn) work();
    user.die();
    this.died(torn);
    throw new ProcessDied(`crashed ${point.how} a ${kind}`);
  }
}

/** A handle as the store wants one, over a real one. */
function facade(
  real: () => DatabaseSync,
  prepare: (sql: string) => StatementSync,
  carryOut: <T>(kind: Kind, work: () => T) => T,
  close: () => void,
): DatabaseSync {
  const exec = (sql: string) => {
    // A megabyte at each start would be most of what a seed costs.
    if (sql.includes("INTO reserve") || sql.includes("FROM reserve")) return;
    carryOut(kindOf(sql), () => real().exec(sql));
  };
  const watched = (sql: string) => {
    const statement = prepare(sql) as unknown as Statement;
    const kind = kindOf(sql);
    if (kind === "read") return statement;
    const call = (name: keyof Statement) => (...args: unknown[]) =>
      carryOut(kind, () => statement[name](...args));
    return { run: call("run"), get: call("get"), all: call("all") };
  };
  return { exec, prepare: watched, close } as unknown as DatabaseSync;
}

function kindOf(sql: string): Kind {
  switch (/^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase()) {
    case "INSERT":
    case "UPDATE":
    case "DELETE":
    case "REPLACE":
    case "CREATE":
      return "write";
    case "BEGIN":
      return "begin";
    case "COMMIT":
      return "commit";
    case "ROLLBACK":
      return "rollback";
    case "SELECT":
      return "read";
    default:
      return "other";
  }
}

/**
 * A database in memory that is handed from one process to the next, as a file would be: fast, and the same for whoever
 * kills at a transaction's boundary. It is used for one seed after the other.
 */
export class MemoryDisk extends Disk {
  static #database: DatabaseSync | null = null;
  static #statements = new Map<string, StatementSync>();
  readonly path: string;
  protected override readonly tears = false;

  constructor(path: string) {
    super();
    this.path = path;
    MemoryDisk.#empty();
  }

  override openFor(user: DiskUser): DatabaseSync {
    const database = MemoryDisk.#opened();
    return facade(
      () => database,
      (sql) => MemoryDisk.#prepared(database, sql),
      (kind, work) => this.carryOut(user, kind, work),
      () => {},
    );
  }

  protected override beforeCommit(): void {}

  protected override died(): void {
    MemoryDisk.#rollBack();
  }

  override dispose(): void {
    MemoryDisk.#rollBack();
  }

  static #opened(): DatabaseSync {
    return MemoryDisk.#database ??= new DatabaseSync(":memory:");
  }

  static #prepared(database: DatabaseSync, sql: string): StatementSync {
    const known = MemoryDisk.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    MemoryDisk.#statements.set(sql, statement);
    return statement;
  }

  static #rollBack(): void {
    const database = MemoryDisk.#opened();
    try {
      database.exec("ROLLBACK");
    } catch {
      // Nothing was under way.
    }
  }

  static #empty(): void {
    MemoryDisk.#rollBack();
    const database = MemoryDisk.#opened();
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    database.exec("BEGIN");
    for (const { name } of tables) {
      if (!String(name).startsWith("sqlite_")) database.exec(`DELETE FROM "${name}"`);
    }
    database.exec("COMMIT");
  }
}

/** A real file and its log. Who dies leaves them as they lie there, the last write cut anywhere. */
export class FileDisk extends Disk {
  protected override readonly tears = true;
  readonly #directory: string;
  readonly #chance: () => number;
  readonly #handles: DatabaseSync[] = [];
  #generation = 0;
  #logBefore: Uint8Array | null = null;

  constructor(directory: string, chance: () => number) {
    super();
    this.#directory = directory;
    this.#chance = chance;
    Deno.mkdirSync(this.#at(0), { recursive: true });
  }

  /** Each process that dies leaves a copy of its own: closing its handle would tidy up. */
  get path(): string {
    return `${this.#at(this.#generation)}/store.sqlite`;
  }

  override openFor(user: DiskUser): DatabaseSync {
    const database = new DatabaseSync(this.path);
    this.#handles.push(database);
    return facade(
      () => database,
      (sql) => database.prepare(sql),
      (kind, work) => this.carryOut(user, kind, work),
      () => database.close(),
    );
  }

  protected override beforeCommit(): void {
    this.#logBefore = readOrNull(`${this.path}-wal`);
  }

  protected override died(torn: boolean): void {
    const before = this.path;
    this.#generation++;
    Deno.mkdirSync(this.#at(this.#generation), { recursive: true });
    Deno.copyFileSync(before, this.path);
    const log = readOrNull(`${before}-wal`);
    if (log === null) return;
    Deno.writeFileSync(`${this.path}-wal`, torn ? this.#cut(this.#logBefore, log) : log);
  }

  /** The start of what is new, and behind it what stood there before. */
  #cut(before: Uint8Array | null, after: Uint8Array): Uint8Array {
    const old = before ?? new Uint8Array();
    let first = 0;
    while (first < after.length && first < old.length && after[first] === old[first]) first++;
    const until = first + Math.floor(this.#chance() * (after.length - first));
    const cut = new Uint8Array(Math.max(old.length, until));
    cut.set(old);
    cut.set(after.subarray(0, until));
    return cut;
  }

  override dispose(): void {
    for (const handle of this.#handles) {
      try {
        handle.close();
      } catch {
        // It was closed by its process.
      }
    }
    Deno.removeSync(this.#directory, { recursive: true });
  }

  #at(generation: number): string {
    return `${this.#directory}/${generation}`;
  }
}

function readOrNull(path: string): Uint8Array | null {
  try {
    return Deno.readFileSync(path);
  } catch {
    return null;
  }
}
