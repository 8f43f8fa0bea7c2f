import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";

/** The operator has to do something before this file can be used. The message is one sentence for them. */
export class StoreRefusedError extends Error {
  override readonly name = "StoreRefusedError";
}

/** A row does not hold what this program writes: the file is damaged, though SQLite did not notice. */
export class DamagedRowError extends Error {
  override readonly name = "DamagedRowError";
}

/** What is wrong with the file: `damaged` needs a new one; the others pass when the disk is mended. */
export type StoreFault = "damaged" | "full" | "unwritable";

// Primary result codes, https://www.sqlite.org/rescode.html. ERROR and CONSTRAINT can't come from our statements on a
// sound file: a table or an index is not what it was.
const FAULT_BY_CODE: ReadonlyMap<number, StoreFault> = new Map([
  [1, "damaged"], // ERROR
  [3, "unwritable"], // PERM
  [5, "unwritable"], // BUSY
  [6, "unwritable"], // LOCKED
  [8, "unwritable"], // READONLY
  [10, "unwritable"], // IOERR
  [11, "damaged"], // CORRUPT
  [13, "full"], // FULL
  [14, "unwritable"], // CANTOPEN
  [15, "unwritable"], // PROTOCOL
  [19, "damaged"], // CONSTRAINT
  [26, "damaged"], // NOTADB
]);

// `exec` and the constructor tell no code, only SQLite's text.
const FAULT_BY_TEXT: readonly (readonly [RegExp, StoreFault])[] = [
  [/malformed|not a database|no such (table|column)|unsupported file format/, "damaged"],
  [/disk is full/, "full"],
  [/disk I\/O error|readonly|unable to open|is locked|locking protocol|permission/, "unwritable"],
];

/** What an error says about the file; null when the error has nothing to do with it. */
export function faultOf(thrown: unknown): StoreFault | null {
  if (thrown instanceof DamagedRowError) return "damaged";
  if (thrown instanceof Deno.errors.NotCapable || !(thrown instanceof Error)) return null;
  if (isSystemError(thrown)) return "unwritable";
  if (!("code" in thrown) || thrown.code !== "ERR_SQLITE_ERROR") return null;
  if ("errcode" in thrown && typeof thrown.errcode === "number") {
    return FAULT_BY_CODE.get(thrown.errcode & 0xff) ?? null;
  }
  return FAULT_BY_TEXT.find(([pattern]) => pattern.test(thrown.message))?.[1] ?? null;
}

/** Missing directory, no permission, read-only file system …: what Deno's own file calls throw. */
function isSystemError(thrown: Error): boolean {
  return thrown instanceof Deno.errors.NotFound || thrown instanceof Deno.errors.PermissionDenied ||
    ("code" in thrown && typeof thrown.code === "string" && /^E[A-Z]+$/.test(thrown.code));
}

/** What was saved from a damaged file, and what happens next. */
export interface DamageReport {
  readonly kept: number;
  readonly lost: number;
  readonly next: string;
}

/** What the operator is told of the store's file: once for each change, with what to do. */
export class StoreNotices {
  readonly #log: Logger;
  readonly #path: string;

  constructor(log: Logger, path: string) {
    this.#log = log;
    this.#path = path;
  }

  inMemory(fault: StoreFault, thrown: unknown): void {
    const advice = fault === "full"
      ? "Free some space on its disk"
      : "Look at its disk and at its permissions";
    this.#log.error(
      "Cannot write {path}: {reason}. {advice}; the relay keeps messages in memory (lost in a " +
        "crash) and retries the disk",
      { path: this.#path, reason: describeError(thrown), advice },
    );
  }

  stillInMemory(thrown: unknown): void {
    const reason = describeError(thrown);
    this.#log.debug("Still can't write {path}: {reason}", { path: this.#path, reason });
  }

  damaged(thrown: unknown, aside: string, report: DamageReport): void {
    this.#log.error(
      "The message store {path} is damaged ({reason}). It was set aside as {aside}; {kept} undelivered messages " +
        "were saved from it, {lost} are known to be lost. {next}. Look at its disk",
      { path: this.#path, reason: describeError(thrown), aside, ...report },
    );
  }

  damagedAndStuck(thrown: unknown, failure: unknown, report: DamageReport): void {
    this.#log.error(
      "The message store {path} is damaged ({reason}) and can't be set aside: {failure}. {kept} undelivered " +
        "messages were saved from it, {lost} are known to be lost. The relay goes on in memory. Move the file away",
      {
        path: this.#path,
        reason: describeError(thrown),
        failure: describeError(failure),
        ...report,
      },
    );
  }

  onDisk(kept: number): void {
    this.#log.info("The message store {path} is writable again; {kept} undelivered messages", {
      path: this.#path,
      kept,
    });
  }

  lostAtTheEnd(lost: number): void {
    this.#log.error("Cannot write {path} at the end: {lost} undelivered messages are lost", {
      path: this.#path,
      lost,
    });
  }
}
