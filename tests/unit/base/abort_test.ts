import assert from "node:assert/strict";
import { DeadlineError, withDeadline } from "../../../src/base/abort.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function start<T>(work: (signal: AbortSignal) => Promise<T>) {
  const clock = new FakeClock();
  const parent = new AbortController();
  const options = { clock, signal: parent.signal, limitMs: 5_000, action: "log in" };
  return { clock, parent, result: withDeadline(options, work) };
}

const never = () => new Promise<never>(() => {});

Deno.test("withDeadline() gives the result and leaves no timer", async () => {
  const { clock, result } = start(() => Promise.resolve(7));
  assert.equal(await result, 7);
  assert.deepEqual(clock.sleeps, []);
});

Deno.test("withDeadline() gives the work's own error and leaves no timer", async () => {
  for (
    const work of [() => Promise.reject(new Error("no")), () => {
      throw new Error("no");
    }]
  ) {
    const { clock, result } = start(work);
    await assert.rejects(result, /^Error: no$/);
    assert.deepEqual(clock.sleeps, []);
  }
});

Deno.test("withDeadline() names action and limit, even when the work never looks up", async () => {
  const { clock, result } = start(never);
  const rejected = assert.rejects(result, (error) => {
    assert.ok(error instanceof DeadlineError);
    assert.equal(error.message, "Cannot log in: no answer within 5 s");
    assert.equal(error.limitMs, 5_000);
    return true;
  });
  await clock.waitForSleeps();
  await clock.advance(5_000);
  await rejected;
});

Deno.test("withDeadline() aborts the work's signal at the deadline and after the end", async () => {
  const signals: AbortSignal[] = [];
  const late = start((signal) => (signals.push(signal), never()));
  const rejected = assert.rejects(late.result);
  await late.clock.waitForSleeps();
  await late.clock.advance(5_000);
  await rejected;
  await start((signal) => (signals.push(signal), Promise.resolve())).result;
  assert.deepEqual(signals.map((signal) => signal.aborted), [true, true]);
});

Deno.test("withDeadline() ends with the parent's reason, before and during the work", async () => {
  const during = start(never);
  during.parent.abort(new Error("stopping"));
  await assert.rejects(during.result, /stopping/);
  assert.deepEqual(during.clock.sleeps, []);

  let ran = false;
  const signal = AbortSignal.abort(new Error("stopped before"));
  const options = { clock: systemClock, signal, limitMs: 1, action: "x" };
  await assert.rejects(withDeadline(options, () => (ran = true, never())), /stopped before/);
  assert.equal(ran, false);
});
