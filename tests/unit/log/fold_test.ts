import assert from "node:assert/strict";
import { captureLog } from "./capture.ts";

const texts = (lines: readonly string[]) => lines.map((line) => /msg="([^"]*)"/.exec(line)?.[1]);

Deno.test("the first of a run is shown at once, the rest as one line at the end of the window", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000 });
  for (let i = 0; i < 57; i++) captured.log.warn("Cannot reach {host}", { host: "a" });
  assert.deepEqual(texts(captured.lines), ["Cannot reach a"]);
  await captured.clock.advance(59_999);
  assert.equal(captured.lines.length, 1);
  await captured.clock.advance(1);
  assert.deepEqual(texts(captured.lines), ["Cannot reach a", "Cannot reach a … 57 times in 60 s"]);
  assert.match(
    captured.lines[1] ?? "",
    /^time=2026-01-02T03:05:05\.000Z level=warning .*times=57$/,
  );
});

Deno.test("after a window the next line is a first one again", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000 });
  captured.log.warn("x");
  captured.log.warn("x");
  await captured.clock.advance(60_000);
  captured.log.warn("x");
  assert.deepEqual(texts(captured.lines), ["x", "x … 2 times in 60 s", "x"]);
});

Deno.test("a line that came once gets no summary and keeps no timer", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000 });
  captured.log.warn("x");
  assert.deepEqual(captured.clock.sleeps, []);
  await captured.clock.advance(60_000);
  captured.log.warn("y");
  assert.deepEqual(texts(captured.lines), ["x", "y"]);
});

Deno.test("lines that differ in level, category, text or a property are not folded", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000 });
  captured.log.info("x", { n: 1 });
  captured.log.warn("x", { n: 1 });
  captured.log.info("x", { n: 2 });
  captured.log.info("y", { n: 1 });
  captured.log.info("x");
  captured.logging.logger("other").info("x", { n: 1 });
  captured.log.with({ account: "a" }).info("x", { n: 1 });
  assert.equal(captured.lines.length, 7);
});

Deno.test("debug lines are never folded", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000, debug: true });
  for (let i = 0; i < 3; i++) captured.log.debug("x");
  assert.equal(captured.lines.length, 3);
});

Deno.test("interleaved runs are counted apart, each by its own window", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000 });
  captured.log.info("a");
  await captured.clock.advance(30_000);
  for (let i = 0; i < 3; i++) {
    captured.log.info("b");
    captured.log.info("a");
  }
  await captured.clock.advance(30_000);
  assert.deepEqual(texts(captured.lines), ["a", "b", "a … 4 times in 60 s"]);
  await captured.clock.advance(30_000);
  assert.deepEqual(texts(captured.lines).at(-1), "b … 3 times in 60 s");
});

Deno.test("the end shows what was counted", async () => {
  const captured = await captureLog({ foldWindowMs: 60_000 });
  for (let i = 0; i < 5; i++) captured.log.info("x");
  await captured.clock.advance(10_000);
  await captured[Symbol.asyncDispose]();
  assert.deepEqual(texts(captured.lines), ["x", "x … 5 times in 10 s"]);
  assert.deepEqual(captured.clock.sleeps, []);
});

Deno.test("many different lines lose no count and are all shown", async () => {
  const captured = await captureLog({ foldWindowMs: 60_000 });
  for (let i = 0; i < 3_000; i++) captured.log.info("line {i}", { i: i % 1_000 });
  await captured[Symbol.asyncDispose]();
  let said = 0;
  for (const text of texts(captured.lines)) {
    const times = /… (\d+) times/.exec(text ?? "")?.[1];
    said += times === undefined ? 1 : Number(times) - 1;
  }
  assert.equal(said, 3_000);
});

Deno.test("the first few equal lines are shown, the rest is counted", async () => {
  const captured = await captureLog({ foldWindowMs: 60_000, foldAfter: 2 });
  const log = captured.logging.logger("test");
  for (let n = 0; n < 5; n++) log.info("in the room");
  await captured[Symbol.asyncDispose]();
  assert.deepEqual(
    captured.lines.map((line) => line.replace(/^.*msg="([^"]*)".*$/, "$1")),
    ["in the room", "in the room", "in the room … 5 times in 1 s"],
  );
});

Deno.test("a line is a first one again from the end of the window on, without anybody looking", async () => {
  for (const [waitMs, shown] of [[59_999, 1], [60_000, 2], [60_001, 2]] as const) {
    await using captured = await captureLog({ foldWindowMs: 60_000 });
    captured.log.warn("x");
    await captured.clock.advance(waitMs);
    captured.log.warn("x");
    assert.equal(captured.lines.length, shown, `after ${waitMs} ms`);
  }
});

Deno.test("one timer serves all runs, and none waits where every line was shown", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000, foldAfter: 2 });
  const say = (text: string, times: number) => {
    for (let n = 0; n < times; n++) captured.log.info(text);
  };
  say("a", 3);
  say("b", 3);
  assert.deepEqual(captured.clock.sleeps, [60_000]);
  await captured.clock.advance(30_000);
  say("c", 2);
  say("b", 1);
  assert.deepEqual(captured.clock.sleeps, [30_000]);
  await captured.clock.advance(30_000);
  const last = texts(captured.lines).slice(-2);
  assert.deepEqual(last, ["a … 3 times in 60 s", "b … 4 times in 60 s"]);
  assert.deepEqual(captured.clock.sleeps, []);
  say("d", 3);
  assert.deepEqual(captured.clock.sleeps, [60_000], "the timer starts again");
});

Deno.test("the 501st line at once ends the count of the oldest", async () => {
  await using captured = await captureLog({ foldWindowMs: 60_000 });
  captured.log.info("oldest");
  captured.log.info("oldest");
  for (let n = 1; n < 500; n++) captured.log.info("line {n}", { n });
  assert.equal(captured.lines.length, 500);
  captured.log.info("one more");
  assert.deepEqual(texts(captured.lines).slice(-2), ["oldest … 2 times in 1 s", "one more"]);
  captured.log.info("line {n}", { n: 1 });
  assert.equal(captured.lines.length, 502, "the next oldest is still counted");
});

Deno.test("unless told otherwise, five lines are shown in a minute, and the rest counted", async () => {
  await using captured = await captureLog({
    foldWindowMs: undefined as never,
    foldAfter: undefined as never,
  });
  for (let n = 0; n < 6; n++) captured.log.info("x");
  assert.equal(captured.lines.length, 5);
  assert.deepEqual(captured.clock.sleeps, [60_000]);
});
