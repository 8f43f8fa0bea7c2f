import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { keepHeapSmall } from "../../../src/commands/run/heap_keeper.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const MB = 1_000_000;

Deno.test("keepHeapSmall() collects after the start, and again when the heap has grown", async () => {
  const clock = new FakeClock();
  const ended = new AbortController();
  let heapMb = 30;
  let collections = 0;
  const collect = () => {
    collections++;
    heapMb = 20;
  };
  const heapBytes = () => heapMb * MB;
  const options = { clock, log: silentLogger, heapBytes, collect };
  const keeping = keepHeapSmall(options, ended.signal);
  const counts: number[] = [];
  for (const mb of [30, 22, 25, 27, 21]) {
    heapMb = mb;
    await clock.advance(5_000);
    counts.push(collections);
  }
  assert.deepEqual(counts, [1, 1, 1, 2, 2]);
  ended.abort();
  await keeping;
});

Deno.test("keepHeapSmall() frees what the engine keeps", async () => {
  const clock = new FakeClock();
  const ended = new AbortController();
  const keeping = keepHeapSmall({ clock, log: silentLogger }, ended.signal);
  const rubbish = new WeakRef(Array.from({ length: 1_000 }, () => ({ some: "object" })));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await clock.advance(5_000);
  assert.equal(rubbish.deref(), undefined);
  ended.abort();
  await keeping;
});

Deno.test("keepHeapSmall() does nothing where the engine can't be asked", async () => {
  const never = new AbortController().signal;
  await keepHeapSmall({ clock: new FakeClock(), log: silentLogger, collect: null }, never);
});
