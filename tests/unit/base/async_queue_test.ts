import fc from "fast-check";
import assert from "node:assert/strict";
import { AsyncQueue } from "../../../src/base/async_queue.ts";

Deno.test("AsyncQueue hands over all that has gathered, in order", async () => {
  const queue = new AsyncQueue<number>();
  for (const item of [1, 2, 3]) assert.equal(queue.push(item), true);
  assert.equal(queue.size, 3);
  assert.deepEqual(await queue.takeAll(), [1, 2, 3]);
  assert.equal(queue.size, 0);
});

Deno.test("AsyncQueue wakes a waiting consumer with the first item, and on close", async () => {
  const queue = new AsyncQueue<string>();
  const first = queue.takeAll();
  queue.push("a");
  assert.deepEqual(await first, ["a"]);
  const second = queue.takeAll();
  queue.close();
  assert.equal(await second, null);
});

Deno.test("AsyncQueue gives what is left after close, then null, and takes nothing more", async () => {
  const queue = new AsyncQueue<string>();
  queue.push("a");
  queue.close();
  queue.close();
  assert.equal(queue.push("b"), false);
  assert.deepEqual(await queue.takeAll(), ["a"]);
  assert.equal(await queue.takeAll(), null);
  assert.equal(await queue.takeAll(), null);
});

Deno.test("AsyncQueue loses, doubles and reorders nothing, however pushes and takes fall", async () => {
  const gaps = fc.array(fc.nat({ max: 3 }), { maxLength: 60 });
  await fc.assert(fc.asyncProperty(gaps, fc.nat({ max: 3 }), async (pauses, consumerPause) => {
    const queue = new AsyncQueue<number>();
    const taken: number[] = [];
    const consumer = (async () => {
      for (let batch = await queue.takeAll(); batch !== null; batch = await queue.takeAll()) {
        assert.ok(batch.length > 0);
        taken.push(...batch);
        await turns(consumerPause);
      }
    })();
    for (const [item, pause] of pauses.entries()) {
      queue.push(item);
      await turns(pause);
    }
    queue.close();
    await consumer;
    assert.deepEqual(taken, pauses.map((_, item) => item));
  }));
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}
