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
