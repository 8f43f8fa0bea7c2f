import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";

const signal = () => new AbortController().signal;

Deno.test("systemClock.sleep() waits as long as it says, and not for a time that is past", async () => {
  const startedMs = systemClock.monotonic();
  await systemClock.sleep(20, signal());
  assert.ok(systemClock.monotonic() - startedMs >= 19);
  await systemClock.sleep(0, signal());
  await systemClock.sleep(-5, signal());
  assert.ok(systemClock.monotonic() - startedMs < 5_000);
});

Deno.test("systemClock.sleep() rejects with the signal's reason, before and while it sleeps", async () => {
  await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort(new Error("over"))), /over/);
  const stopping = new AbortController();
  const slept = systemClock.sleep(60_000, stopping.signal);
  stopping.abort(new Error("stop"));
  await assert.rejects(slept, /stop/);
});

Deno.test("systemClock.sleep() does not fire at once when the wait passes 32 bits", async () => {
  for (const waitMs of [2 ** 31, 2 ** 32 + 5, Infinity]) {
    const stopping = new AbortController();
    const slept = systemClock.sleep(waitMs, stopping.signal).then(() => "woke", () => "aborted");
    await systemClock.sleep(5, signal());
    stopping.abort();
    assert.equal(await slept, "aborted", `${waitMs}`);
  }
});

Deno.test("systemClock.sleep() takes its listener off a signal that lives on", async () => {
  const long = new AbortController();
  let added = 0;
  let removed = 0;
  const counted = new Proxy(long.signal, {
    get(target, name) {
      if (name === "addEventListener") added++;
      if (name === "removeEventListener") removed++;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  for (let i = 0; i < 3; i++) await systemClock.sleep(0, counted);
  assert.equal(added, 3);
  assert.equal(removed, 3);
});
