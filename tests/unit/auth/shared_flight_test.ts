import assert from "node:assert/strict";
import { SharedFlight } from "../../../src/auth/tokens/shared_flight.ts";

function never(): AbortSignal {
  return new AbortController().signal;
}

Deno.test("SharedFlight runs once for all who ask while it is under way", async () => {
  let runs = 0;
  const gate = Promise.withResolvers<string>();
  const flight = new SharedFlight(() => {
    runs++;
    return gate.promise;
  });
  const both = Promise.all([flight.join(never()), flight.join(never())]);
  gate.resolve("token");
  assert.deepEqual(await both, ["token", "token"]);
  assert.equal(runs, 1);
  assert.equal(await flight.join(never()), "token");
  assert.equal(runs, 2);
});

Deno.test("SharedFlight goes on while one of two still waits", async () => {
  const gate = Promise.withResolvers<string>();
  const flight = new SharedFlight(() => gate.promise);
  const leaving = new AbortController();
  const left = flight.join(leaving.signal);
  const stayed = flight.join(never());
  leaving.abort(new Error("gone"));
  await assert.rejects(left, /gone/);
  gate.resolve("token");
  assert.equal(await stayed, "token");
});

Deno.test("SharedFlight aborts the work with the last one and lets that one go after the work has ended", async () => {
  const events: string[] = [];
  const flight = new SharedFlight((signal) =>
    new Promise<string>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        events.push("told to stop");
        setTimeout(() => {
          events.push("browser gone");
          reject(signal.reason);
        }, 5);
      });
    })
  );
  const stop = new AbortController();
  const joined = flight.join(stop.signal).catch(() => events.push("let go"));
  await Promise.resolve();
  stop.abort(new Error("stop"));
  await joined;
  assert.deepEqual(events, ["told to stop", "browser gone", "let go"]);
});

Deno.test("SharedFlight never starts a second run before an aborted one has ended", async () => {
  let running = 0;
  let most = 0;
  const flight = new SharedFlight(async (signal) => {
    most = Math.max(most, ++running);
    // Slow to end: it looks at its signal only afterwards.
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    signal.throwIfAborted();
    return "token";
  });
  const stop = new AbortController();
  const first = flight.join(stop.signal);
  await Promise.resolve();
  stop.abort(new Error("stop"));
  const second = flight.join(never());
  await assert.rejects(first, /stop/);
  assert.equal(await second, "token");
  assert.equal(most, 1);
});

Deno.test("SharedFlight forgets a failed run", async () => {
  let runs = 0;
  const flight = new SharedFlight(() =>
    ++runs === 1 ? Promise.reject(new Error("no")) : Promise.resolve("token")
  );
  await assert.rejects(flight.join(never()), /no/);
  assert.equal(await flight.join(never()), "token");
});
