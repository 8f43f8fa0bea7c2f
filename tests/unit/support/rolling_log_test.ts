import assert from "node:assert/strict";
import { RollingLog } from "../../support/rolling_log.ts";

Deno.test("RollingLog keeps the last items and the ordinals of all", () => {
  const log = new RollingLog<number>(3);
  for (let i = 0; i < 10; i++) log.add(i);
  assert.deepEqual([log.total, log.all()], [10, [7, 8, 9]]);
  assert.deepEqual(log.since(8), [8, 9]);
  assert.deepEqual(log.since(10), []);
  assert.deepEqual(log.since(0).slice(-3), [7, 8, 9]);
});

Deno.test("RollingLog.finder() looks at each item once", () => {
  const log = new RollingLog<string>(100);
  log.add("a1");
  const seen: string[] = [];
  const find = log.finder((item) => (seen.push(item), item.startsWith("b")));
  assert.equal(find(), null);
  log.add("a2");
  log.add("b1");
  assert.equal(find(), "b1");
  assert.deepEqual(seen, ["a1", "a2", "b1"]);
});

Deno.test("RollingLog.remove() takes one item out", () => {
  const log = new RollingLog<number>(10);
  for (const item of [1, 2, 3]) log.add(item);
  assert.equal(log.remove((item) => item === 2), 2);
  assert.equal(log.remove((item) => item === 2), null);
  assert.deepEqual([log.all(), log.total, log.since(2)], [[1, 3], 3, [3]]);
});
