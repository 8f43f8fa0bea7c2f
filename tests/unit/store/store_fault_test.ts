import assert from "node:assert/strict";
import { DamagedRowError, faultOf } from "../../../src/store/sqlite/store_fault.ts";

function sqliteError(errcode: number | null, text = ""): Error {
  const code = "ERR_SQLITE_ERROR";
  return Object.assign(new Error(text), errcode === null ? { code } : { code, errcode });
}

/** https://www.sqlite.org/rescode.html: what each says of the file; null where the program is at fault. */
const CODES: Readonly<Record<number, ReturnType<typeof faultOf>>> = {
  1: "damaged",
  2: null,
  3: "unwritable",
  4: null,
  5: "unwritable",
  6: "unwritable",
  7: null,
  8: "unwritable",
  9: null,
  10: "unwritable",
  11: "damaged",
  12: null,
  13: "full",
  14: "unwritable",
  15: "unwritable",
  17: null,
  18: null,
  19: "damaged",
  20: null,
  21: null,
  25: null,
  26: "damaged",
};

Deno.test("faultOf() tells each of SQLite's codes", () => {
  for (const [code, fault] of Object.entries(CODES)) {
    assert.equal(faultOf(sqliteError(Number(code))), fault, code);
  }
});

Deno.test("faultOf() takes an extended code for its primary one", () => {
  assert.equal(faultOf(sqliteError(10 | (13 << 8))), "unwritable"); // IOERR_ACCESS
  assert.equal(faultOf(sqliteError(11 | (1 << 8))), "damaged"); // CORRUPT_VTAB
  assert.equal(faultOf(sqliteError(14 | (2 << 8))), "unwritable"); // CANTOPEN_ISDIR
});

Deno.test("faultOf() goes by SQLite's words where it tells no code", () => {
  const words: readonly (readonly [string, ReturnType<typeof faultOf>])[] = [
    ["database disk image is malformed", "damaged"],
    ["file is not a database", "damaged"],
    ["no such table: message", "damaged"],
    ["no such column: id", "damaged"],
    ["unsupported file format", "damaged"],
    ["database or disk is full", "full"],
    ["disk I/O error", "unwritable"],
    ["attempt to write a readonly database", "unwritable"],
    ["unable to open database file", "unwritable"],
    ["database is locked", "unwritable"],
    ["locking protocol", "unwritable"],
    ["access permission denied", "unwritable"],
    ["bad parameter or other API misuse", null],
  ];
  for (const [text, fault] of words) assert.equal(faultOf(sqliteError(null, text)), fault, text);
});

Deno.test("faultOf() tells the disk's faults from the program's", () => {
  assert.equal(faultOf(new DamagedRowError("x")), "damaged");
  assert.equal(faultOf(new Deno.errors.NotFound("x")), "unwritable");
  assert.equal(faultOf(new Deno.errors.PermissionDenied("x")), "unwritable");
  assert.equal(faultOf(new Deno.errors.NotCapable("x")), null, "what the sandbox refuses");
  assert.equal(faultOf(new TypeError("database or disk is full")), null);
  assert.equal(faultOf(Object.assign(new Error("disk is full"), { code: "ERR_OTHER" })), null);
  assert.equal(faultOf("database or disk is full"), null);
  assert.equal(faultOf(null), null);
});
