import assert from "node:assert/strict";
import { withDeadline } from "../../../src/base/abort.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const never = new AbortController().signal;

Deno.test("FakeClock.advance() ends sleeps in the order of their times", async () => {
  const clock = new FakeClock(1_000_000);
  const ended: string[] = [];
  const sleep = (name: string, waitMs: number) =>
    clock.sleep(waitMs, never).then(() => ended.push(`${name}@${clock.monotonic()}`));
  sleep("c", 300);
  sleep("a", 100);
  sleep("b", 100);
  await clock.advance(99);
  assert.deepEqual(ended, []);
  await clock.advance(201);
  assert.deepEqual(ended, ["a@100", "b@100", "c@300"]);
  assert.equal(clock.now(), 1_000_300);
});

Deno.test("FakeClock.advance() runs sleeps that begin on the way", async () => {
  const clock = new FakeClock();
  const ticks: number[] = [];
  const loop = async () => {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(10, never);
      await Promise.resolve();
      ticks.push(clock.monotonic());
    }
  };
  const running = loop();
  await clock.advance(100);
  await running;
  assert.deepEqual(ticks, [10, 20, 30]);
  assert.equal(clock.monotonic(), 100);
});

Deno.test("FakeClock.sleep() rejects on abort and leaves nothing asleep", async () => {
  const clock = new FakeClock();
  const control = new AbortController();
  const sleeping = clock.sleep(1_000, control.signal);
  assert.deepEqual(clock.sleeps, [1_000]);
  control.abort(new Error("stop"));
  await assert.rejects(sleeping, /stop/);
  assert.deepEqual(clock.sleeps, []);
  await assert.rejects(clock.sleep(1, control.signal), /stop/);
});

Deno.test("FakeClock works with withDeadline()", async () => {
  const clock = new FakeClock();
  const work = withDeadline(
    { clock, signal: never, limitMs: 5_000, action: "wait" },
    () => new Promise<void>(() => {}),
  );
  work.catch(() => {});
  await clock.advance(5_000);
  await assert.rejects(work, /Cannot wait: no answer within 5 s/);
});

Deno.test("FakeClock.advanceToNextSleep() waits for a sleep to begin", async () => {
  const clock = new FakeClock();
  const moved = clock.advanceToNextSleep();
  const slept = clock.sleep(250, never);
  assert.equal(await moved, 250);
  await slept;
});

Deno.test("FakeClock.jump() moves now() alone", async () => {
  const clock = new FakeClock(5_000);
  const slept = clock.sleep(100, never);
  clock.jump(-4_000);
  assert.deepEqual([clock.now(), clock.monotonic(), clock.sleeps], [1_000, 0, [100]]);
  await clock.advance(100);
  await slept;
  assert.equal(clock.now(), 1_100);
});
