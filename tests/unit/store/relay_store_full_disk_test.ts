import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { RelayStore } from "../../../src/relay/port/store.ts";
import {
  acceptSome,
  id,
  inTemporaryDirectory,
  names,
  ORIGIN,
  partsOf,
  TARGET,
  waitingIds,
  type Workplace,
  workplaceIn,
} from "./relay_store_support.ts";

const BATCH = 20;

/** Accepts until the store says that it is in memory; answers the number of messages. */
function fillUp(store: RelayStore, { log }: Workplace): number {
  let count = 0;
  while (log.texts("error").length === 0) {
    assert.ok(count < 100_000, "the disk did not fill up");
    acceptSome(store, count + 1, BATCH);
    count += BATCH;
  }
  return count;
}

/** Ships and confirms the oldest message. */
function deliverOne(store: RelayStore): void {
  const deliveries = store.waiting(TARGET, null, 1);
  const [shipment] = store.ship([{ endpoint: TARGET, deliveries, parts: partsOf("x") }]);
  assert.ok(shipment);
  store.settle([
    { kind: "part", shipment: shipment.id, messageId: id(`copy of ${deliveries[0]?.source?.id}`) },
    { kind: "done", shipment: shipment.id },
  ], 1);
}

/** What a full disk must look like from outside; `free` makes space. */
function outlivesFullDisk(place: Workplace, store: RelayStore, free: () => void): void {
  const count = fillUp(store, place);
  assert.match(place.log.texts("error")[0] ?? "", /is full\. Free some space .* in memory/);
  assert.deepEqual(waitingIds(store), names(1, count));
  deliverOne(store);
  place.clock.advance(5_000);
  acceptSome(store, count + 1, BATCH);
  acceptSome(store, 1, BATCH);
  assert.deepEqual(waitingIds(store), names(2, count + BATCH - 1));
  assert.equal(place.log.texts("error").length, 1, "said once");
  assert.deepEqual(place.log.texts("info"), []);
  free();
  place.clock.advance(120_000);
  deliverOne(store);
  assert.equal(place.log.texts("info").length, 1);
  assert.match(place.log.texts("info")[0] ?? "", /is writable again/);
  store.close();
  const again = place.open();
  assert.deepEqual(waitingIds(again), names(3, count + BATCH - 2));
  assert.deepEqual(again.traces({ endpoint: ORIGIN, id: id("m1") }), [
    { endpoint: TARGET, ids: ["copy of m1"] },
  ]);
  assert.equal(again.sourceOf({ endpoint: TARGET, id: id("copy of m2") })?.id, "m2");
  assert.equal(again.cursor(ORIGIN)?.id, `m${count + BATCH}`);
  again.close();
}

Deno.test("RelayStore outlives a database that may not grow", () => {
  inTemporaryDirectory((place) => {
    const handles: DatabaseSync[] = [];
    const store = place.open((path) => {
      const handle = new DatabaseSync(path);
      handle.exec("PRAGMA max_page_count = 60");
      handles.push(handle);
      return handle;
    });
    outlivesFullDisk(place, store, () => handles.at(-1)?.exec("PRAGMA max_page_count = 100000"));
  });
});

function mount(...args: string[]): boolean {
  try {
    return new Deno.Command("mount", { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Whether this user may mount a small file system; else the test is skipped by name. */
function canMount(): boolean {
  const directory = Deno.makeTempDirSync();
  const mounted = Deno.uid() === 0 && mount("-t", "tmpfs", "-o", "size=64k", "none", directory);
  if (mounted) unmount(directory);
  else Deno.removeSync(directory);
  return mounted;
}

function unmount(directory: string): void {
  // Lazily, so that a store that a failed test left open does not hide why it failed.
  new Deno.Command("umount", { args: ["--lazy", directory] }).outputSync();
  Deno.removeSync(directory);
}

Deno.test({
  name: "RelayStore outlives a full disk (a mounted one)",
  ignore: !canMount(),
  fn: () => {
    const directory = Deno.makeTempDirSync();
    assert.ok(mount("-t", "tmpfs", "-o", "size=3m", "none", directory));
    try {
      const place = workplaceIn(directory);
      Deno.writeFileSync(`${directory}/filler`, new Uint8Array(2 * 1024 * 1024));
      outlivesFullDisk(place, place.open(), () => Deno.removeSync(`${directory}/filler`));
    } finally {
      unmount(directory);
    }
  },
});

Deno.test({
  name: "openRelayStore() reads its outbox from a disk that is full from the start",
  ignore: !canMount(),
  fn: () => {
    const directory = Deno.makeTempDirSync();
    assert.ok(mount("-t", "tmpfs", "-o", "size=4m", "none", directory));
    try {
      const place = workplaceIn(directory);
      const before = place.open();
      acceptSome(before, 1, 5);
      before.close();
      fillDisk(directory);
      const store = place.open();
      assert.deepEqual(waitingIds(store), names(1, 5));
      acceptSome(store, 1, 6);
      deliverOne(store);
      assert.equal(place.log.texts("error").length, 1);
      Deno.removeSync(`${directory}/filler`);
      store.close();
      const again = place.open();
      assert.deepEqual(waitingIds(again), names(2, 5));
      again.close();
    } finally {
      unmount(directory);
    }
  },
});

Deno.test({
  name: "RelayStore stays on a full disk as long as its reserve lasts",
  ignore: !canMount(),
  fn: () => {
    const directory = Deno.makeTempDirSync();
    assert.ok(mount("-t", "tmpfs", "-o", "size=4m", "none", directory));
    try {
      const place = workplaceIn(directory);
      const store = place.open();
      fillDisk(directory);
      for (let number = 1; number <= 400; number++) {
        acceptSome(store, number, 1);
        if (number <= 200) deliverOne(store);
      }
      assert.deepEqual(place.log.lines, []);
      inTemporaryDirectory((crashed) => {
        for (const suffix of ["", "-wal"]) {
          Deno.copyFileSync(place.path + suffix, crashed.path + suffix);
        }
        const again = crashed.open();
        assert.deepEqual(waitingIds(again), names(201, 200));
        again.close();
      });
      store.close();
    } finally {
      unmount(directory);
    }
  },
});

/** Leaves no free block. */
function fillDisk(directory: string): void {
  using file = Deno.openSync(`${directory}/filler`, { write: true, create: true });
  const block = new Uint8Array(4096);
  assert.throws(() => {
    for (;;) file.writeSync(block);
  });
}

/** Runs with a directory that can't be written until `permit` is called. */
function inReadOnlyDirectory(run: (place: Workplace, permit: () => void) => void): void {
  // Nobody keeps root from writing, but for a mount.
  if (Deno.uid() !== 0) {
    return inTemporaryDirectory((place) => {
      Deno.chmodSync(place.directory, 0o500);
      run(place, () => Deno.chmodSync(place.directory, 0o700));
    });
  }
  const directory = Deno.makeTempDirSync();
  assert.ok(mount("-t", "tmpfs", "-o", "ro,size=3m", "none", directory));
  try {
    run(workplaceIn(directory), () => assert.ok(mount("-o", "remount,rw", directory)));
  } finally {
    unmount(directory);
  }
}

Deno.test({
  name: "RelayStore goes on in memory where it may not write",
  ignore: Deno.uid() === 0 && !canMount(),
  fn: () =>
    inReadOnlyDirectory((place, permit) => {
      const store = place.open();
      acceptSome(store, 1, 2);
      place.clock.advance(2_000);
      assert.deepEqual(waitingIds(store), names(1, 2));
      assert.equal(place.log.texts("error").length, 1);
      assert.match(place.log.texts("error")[0] ?? "", /^Cannot write .*in memory/);
      permit();
      place.clock.advance(120_000);
      acceptSome(store, 3, 1);
      assert.equal(place.log.texts("info").length, 1);
      store.close();
      const again = place.open();
      assert.deepEqual(waitingIds(again), names(1, 3));
      again.close();
    }),
});
