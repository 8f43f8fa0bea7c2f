import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { StoreRefusedError } from "../../../src/store/sqlite/store_fault.ts";
import {
  acceptance,
  acceptSome,
  endpoint,
  id,
  inTemporaryDirectory,
  names,
  ORIGIN,
  partsOf,
  TARGET,
  waitingIds,
  type Workplace,
} from "./relay_store_support.ts";

function test(name: string, run: (place: Workplace) => void): void {
  Deno.test(name, () => inTemporaryDirectory(run));
}

function filesIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort();
}

/** Overwrites pages in the middle of a file. */
function scribble(path: string, fromPage: number, pages: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(fromPage * 4096, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(pages * 4096).fill(0xa5));
}

test("openRelayStore() makes its files for the owner only", ({ directory, path, open }) => {
  Deno.writeTextFileSync(path, "", { mode: 0o644 });
  const store = open();
  acceptSome(store, 1, 1);
  for (const name of filesIn(directory)) {
    assert.equal((Deno.statSync(`${directory}/${name}`).mode ?? 0) & 0o777, 0o600, name);
  }
  store.close();
  store.close();
});

test("openRelayStore() refuses a symbolic link", ({ directory, path, open }) => {
  Deno.writeTextFileSync(`${directory}/elsewhere`, "");
  Deno.symlinkSync(`${directory}/elsewhere`, path);
  assert.throws(open, StoreRefusedError);
  assert.throws(open, /is a symbolic link/);
  assert.equal(Deno.readTextFileSync(`${directory}/elsewhere`), "");
});

test("openRelayStore() refuses a link in the place of the write-ahead log", ({ path, open }) => {
  Deno.symlinkSync("/dev/null", `${path}-wal`);
  assert.throws(open, /-wal: it is a symbolic link/);
});

test("openRelayStore() refuses a directory in the place of the database", ({ path, open }) => {
  Deno.mkdirSync(path);
  assert.throws(open, StoreRefusedError);
  assert.throws(open, /is a directory\. Move it away/);
});

test("openRelayStore() refuses a newer schema and leaves it alone", ({ path, log, open }) => {
  const store = open();
  acceptSome(store, 1, 1);
  store.close();
  const handle = new DatabaseSync(path);
  handle.exec("PRAGMA user_version = 99");
  handle.close();
  assert.throws(open, /a newer kosmi-relay wrote it \(schema 99/);
  assert.deepEqual(log.texts("error"), []);
});

test("openRelayStore() refuses a database of another program", ({ path, open }) => {
  const handle = new DatabaseSync(path);
  handle.exec("CREATE TABLE recipes (name TEXT)");
  handle.close();
  assert.throws(open, /database of another program/);
});

test("openRelayStore() sets garbage aside and goes on", ({ directory, path, log, open }) => {
  Deno.writeTextFileSync(path, "this is not a database. ".repeat(1_000));
  const store = open();
  acceptSome(store, 1, 3);
  assert.deepEqual(waitingIds(store), names(1, 3));
  assert.equal(log.texts("error").length, 1);
  assert.match(log.texts("error")[0] ?? "", /damaged .* set aside as .*corrupt-20260102T030405Z/);
  assert.ok(filesIn(directory).includes("store.sqlite.corrupt-20260102T030405Z"));
  store.close();
  const again = open();
  assert.deepEqual(waitingIds(again), names(1, 3));
  again.close();
});

test("openRelayStore() sets a truncated file aside and goes on", ({ path, log, open }) => {
  const store = open();
  acceptSome(store, 1, 200);
  store.close();
  Deno.truncateSync(path, 5 * 4096 + 100);
  const again = open();
  acceptSome(again, 201, 3);
  assert.deepEqual(waitingIds(again).slice(-3), names(201, 3));
  assert.equal(log.texts("error").length, 1);
  assert.match(log.texts("error")[0] ?? "", /damaged/);
  again.close();
});

test("RelayStore saves from a damaged file what can be read", ({ path, log, open }) => {
  const store = open();
  acceptSome(store, 1, 400);
  store.close();
  const pages = Deno.statSync(path).size / 4096;
  scribble(path, Math.floor(pages * 0.6), 2);
  const again = open();
  const saved = waitingIds(again);
  assert.ok(saved.length > 200 && saved.length <= 400, `${saved.length} of 400 saved`);
  acceptSome(again, 401, 1);
  assert.deepEqual(waitingIds(again), [...saved, "m401"]);
  assert.ok(log.texts("error").length <= 1);
  again.close();
});

test("RelayStore counts what a page that went bad at run time has cost", ({ path, log, open }) => {
  const first = open();
  acceptSome(first, 1, 3_000);
  first.close();
  // Larger than the page cache's share of these pages, so that the reads below go to the file.
  const store = open();
  const [shipment] = store.ship([{
    endpoint: TARGET,
    deliveries: store.waiting(TARGET, null, 1),
    parts: partsOf("x"),
  }]);
  scribble(path, 100, 50);
  for (let at = 0; at < 4_000 && log.texts("error").length === 0; at += 100) {
    store.trim({ maxAgeMs: 0, maxMessages: 3_000 - at }, 1);
  }
  assert.equal(log.texts("error").length, 1, "the damage was never noticed");
  const left = waitingIds(store).length;
  assert.equal(left + store.unannounced(TARGET) + 1, 3_000);
  assert.deepEqual(store.underWay(TARGET).map((found) => found.id), [shipment?.id]);
  acceptSome(store, 5_000, 1);
  store.close();
  const again = open();
  assert.equal(waitingIds(again).length, left + 1);
  assert.equal(again.underWay(TARGET).length, 1);
  again.close();
});

test("RelayStore goes on in memory where the directory is missing, and moves in later", (place) => {
  const { clock, log, directory } = place;
  const path = `${directory}/later/store.sqlite`;
  const store = openRelayStore({ path, clock, log, openLog: null });
  acceptSome(store, 1, 2);
  assert.match(log.texts("error")[0] ?? "", /Cannot write .*keeps messages in memory/);
  Deno.mkdirSync(`${directory}/later`);
  clock.advance(120_000);
  acceptSome(store, 3, 1);
  assert.match(log.texts("info")[0] ?? "", /is writable again; 2 undelivered messages/);
  store.close();
  const again = openRelayStore({ path, clock, log, openLog: null });
  assert.deepEqual(waitingIds(again), names(1, 3));
  assert.equal(log.texts("error").length, 1);
  again.close();
});

test("RelayStore keeps what it could not read at the start until it can", (place) => {
  const { path, clock, log, open } = place;
  const first = open();
  acceptSome(first, 1, 2);
  first.ship([{
    endpoint: TARGET,
    deliveries: first.waiting(TARGET, null, 1),
    parts: partsOf("x"),
  }]);
  first.close();
  let failing = true;
  const openHandle = (file: string) => {
    if (failing) {
      throw Object.assign(new Error("unable to open database file"), { code: "ERR_SQLITE_ERROR" });
    }
    return new DatabaseSync(file);
  };
  const store = openRelayStore({ path, clock, log, openHandle, openLog: null });
  const other = endpoint("irc.d", "#e");
  store.accept([acceptance({ origin: other, id: "o", to: [ORIGIN, other] })], 1);
  acceptSome(store, 3, 1);
  assert.deepEqual(waitingIds(store), ["m3"]);
  failing = false;
  clock.advance(120_000);
  assert.deepEqual(waitingIds(store), names(2, 2));
  assert.deepEqual(store.underWay(TARGET).flatMap((s) => s.deliveries.map((d) => d.source?.id)), [
    "m1",
  ]);
  assert.deepEqual(store.traces({ endpoint: other, id: id("o") }), [
    { endpoint: ORIGIN, ids: [] },
    { endpoint: other, ids: [] },
  ]);
  store.close();
});
