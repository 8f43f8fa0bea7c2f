import { DatabaseSync } from "node:sqlite";
import { type LogSync, StoreDatabase } from "./database.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";
import { faultOf, StoreRefusedError } from "./store_fault.ts";

/** Room for some thousand messages. */
const RESERVE_BYTES = 1_048_576;

/** Opens SQLite's handle of a file; tests give one that fails on demand. */
export type OpenHandle = (path: string) => DatabaseSync;

export function openSqliteHandle(path: string): DatabaseSync {
  return new DatabaseSync(path);
}

/** SQLite's companions of a database file. */
const SUFFIXES = ["", "-wal", "-shm"];

/**
 * Opens (or makes) the database file with its schema brought up to date. Throws StoreRefusedError for what only the
 * operator can mend, else what SQLite or the file system says.
 */
export function openDatabaseFile(
  path: string,
  openHandle: OpenHandle,
  sync: LogSync | null,
): StoreDatabase {
  refuseLinks(path);
  makePrivate(path);
  const handle = openHandle(path);
  try {
    configure(handle);
    migrate(handle, path);
    reserveSpace(handle);
    return new StoreDatabase(handle, sync);
  } catch (thrown) {
    closeQuietly(handle);
    throw thrown;
  }
}

/** A database of the same schema that lives in memory only. */
export function openMemoryDatabase(): StoreDatabase {
  const handle = new DatabaseSync(":memory:");
  migrate(handle, ":memory:");
  return new StoreDatabase(handle, null);
}

/** Opens a damaged file as far as it goes, to read what is left; null when nothing can be read. */
export function openDamagedFile(
  path: string,
  openHandle: OpenHandle,
): StoreDatabase | null {
  try {
    refuseLinks(path);
    const handle = openHandle(path);
    try {
      handle.exec("PRAGMA locking_mode = EXCLUSIVE");
      migrate(handle, path);
      return new StoreDatabase(handle, null);
    } catch {
      closeQuietly(handle);
      return null;
    }
  } catch {
    return null;
  }
}

/**
 * Renames the file and its companions to `<path>.corrupt-<time>` and answers that name. Never overwrites an earlier
 * one. Throws what the file system says.
 */
export function setAside(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  let aside = `${path}.corrupt-${time}`;
  for (let count = 2; exists(aside); count++) aside = `${path}.corrupt-${time}-${count}`;
  for (const suffix of SUFFIXES) {
    if (exists(path + suffix)) Deno.renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/** Following a link could write chat outside the data directory, or into a file of another's choice. */
function refuseLinks(path: string): void {
  for (const suffix of SUFFIXES) {
    if (lstat(path + suffix)?.isSymlink === true) {
      throw new StoreRefusedError(
        `Cannot use ${path}${suffix}: it is a symbolic link. Put the file itself there, or remove the link`,
      );
    }
  }
  if (lstat(path)?.isDirectory === true) {
    throw new StoreRefusedError(`Cannot use ${path}: it is a directory. Move it away`);
  }
}

/** SQLite gives its companions the mode of the database file, so this one must be right first. */
function makePrivate(path: string): void {
  const info = lstat(path);
  if (info === null) {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } else if (info.mode !== null && (info.mode & 0o077) !== 0) {
    Deno.chmodSync(path, 0o600);
  }
}

function configure(handle: DatabaseSync): void {
  handle.exec("PRAGMA busy_timeout = 1000");
  // One process only: no lock calls for each transaction and, when said first, no shared memory file, for which a
  // full disk would have no room.
  handle.exec("PRAGMA locking_mode = EXCLUSIVE");
  // Only before the first page is written; later it would write, and a full disk's file could not be read.
  if (pragma(handle, "page_count") === 0) handle.exec("PRAGMA auto_vacuum = INCREMENTAL");
  handle.exec("PRAGMA journal_mode = WAL");
  // No commit waits for the disk: what brings the log there does so beside the event loop.
  handle.exec("PRAGMA synchronous = NORMAL");
  handle.exec("PRAGMA wal_autocheckpoint = 2000");
  handle.exec("PRAGMA journal_size_limit = 16777216");
  handle.exec("PRAGMA cache_size = -8192");
  handle.exec("PRAGMA trusted_schema = OFF");
}

function migrate(handle: DatabaseSync, path: string): void {
  const version = pragma(handle, "user_version");
  const application = pragma(handle, "application_id");
  if (version > MIGRATIONS.length && application === APPLICATION_ID) {
    throw new StoreRefusedError(
      `Cannot use ${path}: a newer kosmi-relay wrote it (schema ${version}; this one knows ` +
        `${MIGRATIONS.length}). Run the newer one, or move the file away to start with an empty one`,
    );
  }
  if (application !== APPLICATION_ID && (version !== 0 || hasTables(handle))) {
    throw new StoreRefusedError(
      `Cannot use ${path}: it is a database of another program. Move it away`,
    );
  }
  if (version === MIGRATIONS.length) return;
  handle.exec("BEGIN IMMEDIATE");
  for (const script of MIGRATIONS.slice(version)) handle.exec(script);
  handle.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  handle.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  handle.exec("COMMIT");
}

/**
 * Makes the file and its log larger than they need be, so that a relay on a full disk can still write down what it
 * delivers. SQLite fills free pages before it grows a file, and starts its log again from the front.
 */
function reserveSpace(handle: DatabaseSync): void {
  try {
    handle.exec(`INSERT INTO reserve VALUES (zeroblob(${RESERVE_BYTES}))`);
    handle.exec("DELETE FROM reserve");
    // So far the room is in the log only.
    handle.exec("PRAGMA wal_checkpoint(RESTART)");
  } catch (thrown) {
    // Then there is none; the next write will say so if it matters, and what is in the file can still be read.
    if (faultOf(thrown) !== "full") throw thrown;
  }
}

function hasTables(handle: DatabaseSync): boolean {
  return handle.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined;
}

function pragma(handle: DatabaseSync, name: string): number {
  return Number(handle.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function closeQuietly(handle: DatabaseSync): void {
  try {
    handle.close();
  } catch {
    // The error that led here says more.
  }
}

function exists(path: string): boolean {
  return lstat(path) !== null;
}

function lstat(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
}
