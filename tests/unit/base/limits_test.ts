import assert from "node:assert/strict";
import { HeldTexts, Holdings, SeenIds } from "../../../src/base/bounded.ts";
import { steadied } from "../../../src/base/clock.ts";
import { OnceLog, silentLogger } from "../../../src/base/log.ts";
import { isLoopback } from "../../../src/base/loopback.ts";
import {
  boundedText,
  byteLength,
  escapeUnsafe,
  isBlank,
  quote,
  visibleLine,
  withLineBreaks,
} from "../../../src/base/text.ts";
import { Deadlines, Timers } from "../../../src/base/timers.ts";
import {
  agoInWords,
  counted,
  formatRfc3339,
  numberInWords,
  parseRfc3339,
  secondOf,
  spanInWords,
  tookInWords,
} from "../../../src/base/times.ts";
import { TokenBucket } from "../../../src/base/token_bucket.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

Deno.test("SeenIds remembers the newest, and each once", () => {
  const seen = new SeenIds(2);
  assert.deepEqual(["a", "b", "a"].map((id) => seen.add(id)), [true, true, false]);
  assert.deepEqual(["a", "b"].map((id) => seen.has(id)), [true, true]);
  assert.equal(seen.add("c"), true);
  assert.deepEqual(["a", "b", "c"].map((id) => seen.has(id)), [false, true, true]);
});

Deno.test("Holdings tells once of what passes a bound, by number or by size", () => {
  const told: string[] = [];
  const open = () => new Holdings({ entries: 2, bytes: 10 }, (what) => told.push(what));
  const many = open();
  many.take("one", 1);
  many.take("two", 1);
  assert.deepEqual(told, []);
  many.giveBack(1);
  many.take("two", 1);
  assert.deepEqual(told, []);
  many.take("three", 1);
  many.take("four", 1);
  assert.deepEqual(told, ["three"]);
  const large = open();
  large.take("text", 10);
  large.grow("text", -5);
  large.grow("text", 5);
  assert.deepEqual(told, ["three"]);
  large.giveBack(10);
  large.take("text", 10);
  assert.deepEqual(told, ["three"]);
  large.grow("more", 1);
  assert.deepEqual(told, ["three", "more"]);
});

Deno.test("HeldTexts counts names and texts, and gives back what it forgets", () => {
  const told: string[] = [];
  const held = new Holdings({ entries: 1, bytes: 4 }, (what) => told.push(what));
  const texts = new HeldTexts("topic", held);
  for (let n = 0; n < 3; n++) texts.set("ab", "cd");
  assert.deepEqual([texts.get("ab"), texts.has("ab"), [...texts.names()]], ["cd", true, ["ab"]]);
  texts.delete("ab");
  texts.delete("ab");
  assert.deepEqual([texts.get("ab"), texts.has("ab")], [undefined, false]);
  texts.set("ab", "cd");
  assert.deepEqual(told, []);
  texts.set("ab", "cde");
  assert.deepEqual(told, ["topic"]);
  new HeldTexts("topic", null).set("a", "b");
});

Deno.test("OnceLog says each kind once, at most two hundred, until it is forgotten", () => {
  const log = new LogRecorder();
  const once = new OnceLog(log);
  for (let n = 0; n < 2; n++) {
    once.warn("a", "warned");
    once.info("b", "informed");
  }
  assert.deepEqual([log.texts("warn"), log.texts("info")], [["warned"], ["informed"]]);
  once.forget("a");
  once.warn("a", "warned again");
  for (let n = 3; n <= 201; n++) once.warn(`kind ${n}`, `line ${n}`);
  assert.equal(log.texts().at(-1), "line 200");
  assert.equal(log.texts().length, 201);
  assert.equal(silentLogger.with({}), silentLogger);
});

Deno.test("isLoopback() knows names and addresses of this machine", () => {
  const ours = ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.255.0.3", "::1"];
  for (const host of [...ours, "[::1]", "::ffff:127.0.0.1"]) {
    assert.equal(isLoopback(host), true, host);
  }
  const others = ["", "localhost.test", "alocalhost", "128.0.0.1", "127.0.0", "127.0.0.1.test"];
  for (const host of [...others, "1127.0.0.1", "::2", "127.0.0.1234", "::fff:127.0.0.1"]) {
    assert.equal(isLoopback(host), false, host);
  }
});

Deno.test("steadied() believes a clock that was set after a minute, within thirty days", async () => {
  const day = 86_400_000;
  const cases: readonly (readonly [jumpMs: number, believed: boolean])[] = [
    [1_999, false],
    [-1_999, false],
    [2_000, true],
    [-2_000, true],
    [30 * day, true],
    [-30 * day, true],
    [30 * day + 1, false],
    [-30 * day - 1, false],
  ];
  for (const [jumpMs, believed] of cases) {
    const machine = new FakeClock();
    const clock = steadied(machine);
    const startMs = machine.now();
    assert.equal(clock.now(), startMs);
    machine.jump(jumpMs);
    assert.equal(clock.now(), startMs);
    await machine.advance(59_999);
    assert.equal(clock.now(), startMs + 59_999);
    await machine.advance(1);
    assert.equal(clock.now(), startMs + 60_000 + (believed ? jumpMs : 0), `${jumpMs}`);
    await machine.advance(60_000);
    assert.equal(clock.now(), startMs + 120_000 + (believed ? jumpMs : 0), `${jumpMs}`);
    assert.equal(clock.monotonic(), 120_000);
  }
});

Deno.test("steadied() forgets a jump that was taken back", async () => {
  const machine = new FakeClock();
  const clock = steadied(machine);
  const startMs = clock.now();
  machine.jump(5_000);
  assert.equal(clock.now(), startMs);
  await machine.advance(30_000);
  machine.jump(-5_000);
  assert.equal(clock.now(), startMs + 30_000);
  machine.jump(5_000);
  assert.equal(clock.now(), startMs + 30_000);
  await machine.advance(59_999);
  assert.equal(clock.now(), startMs + 89_999, "the minute begins anew");
  await machine.advance(1);
  assert.equal(clock.now(), startMs + 95_000);
  const slept = clock.sleep(7, new AbortController().signal);
  assert.deepEqual(machine.sleeps, [7]);
  await machine.advance(7);
  await slept;
});

Deno.test("Timers run each work at its time, unless it was cancelled or all have ended", async () => {
  const clock = new FakeClock();
  const faults: unknown[] = [];
  const ran: string[] = [];
  const timers = new Timers(clock, (thrown) => faults.push(thrown));
  const fault = new Error("no");
  timers.after(10, () => ran.push("ten"));
  timers.after(10, () => {
    throw fault;
  });
  const cancel = timers.after(20, () => ran.push("twenty"));
  timers.after(30, () => ran.push("thirty"));
  await clock.advance(9);
  assert.equal(ran.length, 0);
  await clock.advance(1);
  assert.deepEqual([ran, faults], [["ten"], [fault]]);
  cancel();
  await clock.advance(10);
  assert.deepEqual([ran, clock.sleeps], [["ten"], [10]]);
  timers.end();
  assert.deepEqual(clock.sleeps, []);
  timers.after(1, () => ran.push("late"));
  assert.deepEqual(clock.sleeps, []);
  await clock.advance(100);
  assert.deepEqual(ran, ["ten"]);
});

Deno.test("Timers run nothing that was due in the moment of the end", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  const timers = new Timers(clock, () => {});
  timers.after(10, () => timers.end());
  timers.after(10, () => ran.push("after the end"));
  await clock.advance(10);
  assert.deepEqual(ran, []);
});

Deno.test("Deadlines expire each at its time over one timer", async () => {
  const clock = new FakeClock();
  const expired: string[] = [];
  const deadlines = new Deadlines(clock);
  const add = (limitMs: number) => deadlines.add(limitMs, () => expired.push(`${limitMs}`));
  add(20);
  const done = add(10);
  add(30);
  add(20);
  assert.deepEqual(clock.sleeps, [10]);
  done();
  await clock.advance(19);
  assert.deepEqual([expired, clock.sleeps], [[], [1]]);
  await clock.advance(1);
  assert.deepEqual([expired, clock.sleeps], [["20", "20"], [10]]);
  await clock.advance(10);
  assert.deepEqual([expired, clock.sleeps], [["20", "20", "30"], []]);
  add(5);
  deadlines.close();
  assert.deepEqual(clock.sleeps, []);
  await clock.advance(5);
  add(7);
  await clock.advance(7);
  assert.deepEqual(expired, ["20", "20", "30", "7"]);
});

Deno.test("lengths of time are said in the units that people use, on both sides of each limit", () => {
  const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
  const spans: readonly (readonly [number, string])[] = [
    [-5, "0 s"],
    [second - 1, "0 s"],
    [second, "1 s"],
    [minute - 1, "59 s"],
    [minute, "1 min"],
    [hour - 1, "59 min"],
    [hour, "1 h"],
    [hour + minute - 1, "1 h"],
    [hour + minute, "1 h 1 min"],
    [day - 1, "23 h 59 min"],
    [day, "1 day"],
    [2 * day, "2 days"],
  ];
  for (const [ms, words] of spans) assert.equal(spanInWords(ms), words);
  assert.deepEqual([minute - 1, minute].map(agoInWords), ["just now", "1 min ago"]);
  const took = [999.4, 999.5, 9_999, 10_000].map(tookInWords);
  assert.deepEqual(took, ["999 ms", "1.0 s", "10.0 s", "10 s"]);
  const numbers = [999.4, 999.5, 99_999, 1_000_000].map(numberInWords);
  assert.deepEqual(numbers, ["999", "1,000", "99,999", "1,000,000"]);
  assert.deepEqual([0, 1, 2].map((n) => counted(n, "line")), ["0 lines", "1 line", "2 lines"]);
  assert.deepEqual([999, 1_000, 1_999].map(secondOf), [0, 1_000, 1_000]);
});

Deno.test("times of RFC 3339 are read with any offset and fraction, and nothing else is", () => {
  assert.equal(formatRfc3339(1_999), "1970-01-01T00:00:01Z");
  const read = {
    "1970-01-01T00:00:01Z": 1_000,
    "1970-01-01t00:00:01.5z": 1_500,
    "1970-01-01T01:00:01.123456789+01:00": 1_123,
    "1969-12-31T23:00:01-01:00": 1_000,
  };
  for (const [text, atMs] of Object.entries(read)) assert.equal(parseRfc3339(text), atMs, text);
  const refused = ["", "1970-01-01", "1970-01-01T00:00:01", "1970-13-01T00:00:01Z"];
  for (const text of [...refused, "x1970-01-01T00:00:01Z", "1970-01-01T00:00:01Zx"]) {
    assert.equal(parseRfc3339(text), null, text);
  }
});

Deno.test("boundedText() keeps 20,000 units and tells how many are left out", () => {
  for (const length of [19_999, 20_000]) {
    const text = "x".repeat(length);
    assert.equal(boundedText(text), text);
  }
  assert.equal(boundedText("x".repeat(20_001)), `${"x".repeat(20_000)}… [1 more characters]`);
  const halved = boundedText("x".repeat(19_999) + "😸");
  assert.equal(halved, `${"x".repeat(19_999)}\ufffd… [1 more characters]`);
});

Deno.test("byteLength() is right on both sides of each length, and for halves of pairs", () => {
  const cases = [
    ...["\x7f", "\x80", "\u07ff", "\u0800", "\uffff", "\u{10000}", "\u{10ffff}", "\ud7ff\udc00"],
    ...["\ud800", "\udbff", "\udc00", "\ud800a", "\ud800\ud800", "\ud800\ue000", "\ud800\udbff"],
  ];
  for (const text of cases) {
    for (const whole of [text, `a${text}b`]) {
      assert.equal(byteLength(whole), new TextEncoder().encode(whole).length, escape(whole));
    }
  }
});

Deno.test("what only takes up room is one space, what shows nothing is nothing", () => {
  assert.equal(visibleLine(" a\u00ad\u200d \t\u2800\x85b\x00\ufffa\r\n"), "a b");
  for (const text of ["", " ", "\u200b\u3164", "\u2800\n"]) assert.equal(isBlank(text), true, text);
  assert.equal(isBlank("."), false);
  assert.equal(withLineBreaks("a\r\nb\nc\rd\x85e\u2028f\u2029g\vh\fi", "|"), "a|b|c|d|e|f|g|h|i");
  assert.equal(escapeUnsafe("\n\r\t\x1b"), "\\n\\r\\t\\u001b");
  assert.equal(quote('a"\\\n'), '"a\\"\\\\\\n"');
});

Deno.test("TokenBucket can be asked, retuned and drained without debt", () => {
  const bucket = new TokenBucket({ capacity: 2, refillMs: 100 }, 0);
  assert.deepEqual([0, 0, 0, 99, 100, 100].map((ms) => bucket.tryTake(ms)), [
    ...[true, true, false, false, true, false],
  ]);
  bucket.retune({ capacity: 5, refillMs: 10 }, 200);
  assert.deepEqual([bucket.take(200), bucket.take(200)], [0, 10]);
  const full = new TokenBucket({ capacity: 5, refillMs: 100 }, 0);
  full.retune({ capacity: 1, refillMs: 100 }, 0);
  assert.deepEqual([full.take(0), full.take(0)], [0, 100]);
  full.drain(0);
  assert.equal(full.take(0), 200, "what is owed stays owed");
  const drained = new TokenBucket({ capacity: 5, refillMs: 100 }, 0);
  drained.drain(0);
  assert.equal(drained.take(0), 100);
  assert.equal(drained.take(-1_000), 200, "a clock that goes back gives nothing");
  const free = new TokenBucket({ capacity: 1, refillMs: 0 }, 0);
  assert.deepEqual([free.tryTake(0), free.tryTake(0)], [true, true]);
});
