import assert from "node:assert/strict";
import { LogRecorder } from "../../support/log_recorder.ts";

Deno.test("LogRecorder fills templates with its own and its parents' properties", () => {
  const log = new LogRecorder();
  log.with({ account: "irc.a" }).with({ try: 2 }).warn("{account}: try {try} of {max}, {gone}", {
    max: 3,
  });
  assert.deepEqual(log.texts(), ["irc.a: try 2 of 3, {gone}"]);
  assert.deepEqual(log.records[0]?.properties, { account: "irc.a", try: 2, max: 3 });
  assert.deepEqual([log.texts("warn").length, log.texts("info").length], [1, 0]);
});

Deno.test("LogRecorder.waitFor() finds past and future lines, and shows all when there is none", async () => {
  const log = new LogRecorder();
  const later = log.waitFor(/second/);
  log.info("first");
  log.with({ n: 2 }).error("second {n}", { error: new Error("why") });
  assert.equal((await later).level, "error");
  assert.equal((await log.waitFor(/^first$/)).level, "info");
  await assert.rejects(log.waitFor(/third/, 10), /info first\nerror second 2/);
});
