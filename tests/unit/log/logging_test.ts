import * as logtape from "@logtape/logtape";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cleanLine, type LogRecord } from "../../../src/log/log_line.ts";
import { Redactor } from "../../../src/log/redactor.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { captureLog } from "./capture.ts";

const TIME = "time=2026-01-02T03:04:05.000Z";

Deno.test("logfmt holds the lines of the token guide word for word", async () => {
  await using captured = await captureLog();
  captured.log.info("💾 Token cached (expires in {hours}h)", { hours: 8760 });
  captured.log.info("No cached token found, performing authentication...");
  captured.log.info("Cached token expires soon ({at}), will refresh", {
    at: "2025-11-09T15:56:23Z",
  });
  assert.deepEqual(captured.lines, [
    `${TIME} level=info msg="💾 Token cached (expires in 8760h)" category=test hours=8760`,
    `${TIME} level=info msg="No cached token found, performing authentication..." category=test`,
    `${TIME} level=info msg="Cached token expires soon (2025-11-09T15:56:23Z), will refresh" ` +
    `category=test at=2025-11-09T15:56:23Z`,
  ]);
});

Deno.test("logfmt names the levels as Matterbridge does", async () => {
  await using captured = await captureLog({ debug: true });
  captured.log.debug("one");
  captured.log.warn("two");
  captured.log.error("three");
  assert.deepEqual(captured.lines.map((line) => /level=(\w+)/.exec(line)?.[1]), [
    "debug",
    "warning",
    "error",
  ]);
});

Deno.test("with() adds properties to every line, and the call's own win", async () => {
  await using captured = await captureLog();
  const log = captured.log.with({ account: "irc.libera", channel: "#a" });
  log.info("one");
  log.with({ channel: "#b c" }).info("two {channel}", { users: 3 });
  assert.deepEqual(captured.lines, [
    `${TIME} level=info msg="one" category=test account=irc.libera channel=#a`,
    `${TIME} level=info msg="two #b c" category=test account=irc.libera channel="#b c" users=3`,
  ]);
});

Deno.test("a template keeps what it can't fill, and {{ }} as braces", async () => {
  await using captured = await captureLog();
  captured.log.info("{gone} {{kept}} {nick}", { nick: "{gone} {account}", account: "x" });
  assert.match(captured.lines[0] ?? "", /msg="\{gone\} \{kept\} \{gone\} \{account\}"/);
});

Deno.test("one event is one line in every format, whatever it holds", async () => {
  const evil = 'a"\\ \r\nlevel=error msg="forged"\x1b[31m\x9b0m\u2028\u202e\x00\x7f\ud800';
  for (const format of ["logfmt", "json", "pretty"] as const) {
    await using captured = await captureLog({ format });
    captured.log.info(`${evil} {nick}`, { nick: evil, [evil]: evil, deep: { [evil]: [evil] } });
    captured.log.error("{error}", { error: new Error(evil, { cause: new Error(evil) }) });
    assert.equal(captured.lines.length, 2);
    for (const line of captured.lines) {
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e\ud800]/, format);
    }
  }
});

Deno.test("logfmt can be read back: quotes and backslashes are escaped", async () => {
  await using captured = await captureLog();
  captured.log.info("x", { said: 'he said "C:\\new"', empty: "" });
  assert.match(captured.lines[0] ?? "", / said="he said \\"C:\\\\new\\"" empty=""$/);
});

Deno.test("a property can't pass itself off as a field of the line's own", async () => {
  for (const format of ["logfmt", "json"] as const) {
    await using captured = await captureLog({ format });
    captured.log.info("true", { level: "error", msg: "false", time: "1970", "a b=": 1 });
    const line = captured.lines[0] ?? "";
    assert.match(line, format === "json" ? /"fields\.level":"error"/ : / fields\.level=error /);
    assert.doesNotMatch(line, /(^|[ ,{])"?level"?[=:]"?error/);
  }
});

Deno.test("json is one object with time, level, msg, category and the properties", async () => {
  await using captured = await captureLog({ format: "json" });
  captured.log.warn("late by {ms}", {
    ms: 12,
    error: new Error("no", { cause: new Error("why") }),
  });
  assert.deepEqual(JSON.parse(captured.lines[0] ?? ""), {
    time: "2026-01-02T03:04:05.000Z",
    level: "warning",
    msg: "late by 12",
    category: "test",
    ms: 12,
    error: { name: "Error", message: "no", cause: { name: "Error", message: "why" } },
  });
});

Deno.test("pretty shows each property once and colours only when asked", async () => {
  for (const colour of [false, true]) {
    await using captured = await captureLog({ format: "auto", terminal: true, colour });
    captured.log.info("Joined {channel}", { channel: "#film", users: 2 });
    const line = captured.lines[0] ?? "";
    assert.equal(line.includes("\x1b["), colour);
    // deno-lint-ignore no-control-regex
    const bare = line.replace(/\x1b\[\d+m/g, "");
    assert.match(bare, /^\d\d:\d\d:\d\d info {2}test +Joined #film users=2$/);
  }
});

Deno.test("auto is logfmt where no terminal is", async () => {
  await using captured = await captureLog({ format: "auto", terminal: false });
  captured.log.info("x");
  assert.match(captured.lines[0] ?? "", /^time=/);
});

Deno.test("levels count for a category and what lies below it, in both directions", async () => {
  await using captured = await captureLog({
    level: "warning",
    levels: { "irc.libera": "debug", store: "error" },
  });
  for (const name of ["irc", "irc.libera", "irc.libera.wire", "irc.liberal", "store", "store.x"]) {
    const log = captured.logging.logger(name);
    log.debug("debug");
    log.warn("warning");
  }
  const shown = captured.lines.map((line) =>
    /msg="(\w+)" category=(\S+)/.exec(line)?.slice(1).join()
  );
  assert.deepEqual(shown, [
    "warning,irc",
    "debug,irc.libera",
    "warning,irc.libera",
    "debug,irc.libera.wire",
    "warning,irc.libera.wire",
    "warning,irc.liberal",
  ]);
});

Deno.test("a category that is written in two ways has the level that came last", async () => {
  const levels = { "irc.libera": "error", ".irc..libera": "debug", "": "error" } as const;
  await using captured = await captureLog({ levels });
  captured.logging.logger(["irc", "libera"]).debug("shown");
  captured.log.warn("hidden");
  assert.equal(captured.lines.length, 1);
});

Deno.test("stacks of errors and of their causes are shown at debug only", async () => {
  const error = new Error("outer", { cause: new Error("inner") });
  for (const debug of [false, true]) {
    await using captured = await captureLog({ debug });
    captured.log.error("failed", { error });
    assert.equal(/logging_test\.ts/.test(captured.lines[0] ?? ""), debug);
    assert.match(captured.lines[0] ?? "", /error="outer: inner/);
  }
});

Deno.test("what can't be read is no reason to throw", async () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const hostile = [
    circular,
    Object.create(null),
    {
      get thrower() {
        throw new Error("no");
      },
    },
    new Proxy({}, {
      ownKeys() {
        throw new Error("no");
      },
    }),
    {
      toString() {
        throw new Error("no");
      },
    },
    new Error("x", {
      cause: {
        toString() {
          throw new Error("no");
        },
      },
    }),
    Object.assign(new Error("y"), { message: Symbol("s") }),
    () => 1,
    Symbol("s"),
    10n,
    NaN,
    new Date(NaN),
    new Uint8Array(1e6),
    "x".repeat(1e6),
    Array(1e6).fill(0),
    JSON.parse("[".repeat(2000) + "]".repeat(2000)),
    new Map([[{}, 1]]),
    undefined,
  ];
  for (const format of ["logfmt", "json", "pretty"] as const) {
    await using captured = await captureLog({ format, debug: true });
    for (const value of hostile) captured.log.info("{value}", { value, list: [value] });
    captured.log.info(
      "{value}",
      new Proxy({}, {
        ownKeys() {
          throw new Error("no");
        },
      }),
    );
    assert.ok(captured.lines.length >= hostile.length, format);
    for (const line of captured.lines) assert.ok(line.length < 80_000, `${line.length}`);
  }
});

Deno.test("a line that comes after the end is not shown, and throws nothing", async () => {
  const captured = await captureLog();
  await captured[Symbol.asyncDispose]();
  captured.log.error("too late");
  assert.deepEqual(captured.lines, []);
});

Deno.test("the end waits for what is being written, but not for ever", async () => {
  const clock = new FakeClock();
  const sink = { write: () => new Promise<number>(() => {}) };
  const captured = await captureLog({ clock, sink, write: undefined as never });
  captured.log.info("stuck");
  let isOver = false;
  const ended = captured[Symbol.asyncDispose]().then(() => isOver = true);
  await clock.waitForSleeps(1);
  await clock.advance(1_999);
  assert.equal(isOver, false);
  await clock.advance(1);
  await ended;
});

Deno.test("the end leaves no timer behind when all is written", async () => {
  const clock = new FakeClock();
  let text = "";
  const sink = {
    write(bytes: Uint8Array): Promise<number> {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  };
  const captured = await captureLog({ clock, sink, write: undefined as never });
  captured.log.info("x".repeat(16_000));
  for (let n = 0; n < 300; n++) captured.log.info("y".repeat(15_000));
  await captured[Symbol.asyncDispose]();
  assert.deepEqual(clock.sleeps, []);
  const lines = text.trimEnd().split("\n");
  const room = 4 * 1024 * 1024 - Buffer.byteLength(`${lines[0]}\n`);
  const kept = Math.floor(room / Buffer.byteLength(`${lines[1]}\n`));
  const missing = 300 - kept;
  assert.equal(lines.length, 1 + kept + 1);
  assert.equal(
    lines.at(-1),
    `${TIME} level=warning msg="${missing} log lines are missing here: whatever reads the log was ` +
      `too slow" category=log dropped=${missing}`,
  );
});

Deno.test("what holds for the moment stands on every line, and wins", async () => {
  let around: Record<string, unknown> | null = { trace_id: "abc" };
  await using captured = await captureLog({ context: () => around });
  captured.log.info("one", { trace_id: "own", n: 1 });
  around = null;
  captured.log.info("two", { n: 2 });
  assert.deepEqual(captured.lines, [
    `${TIME} level=info msg="one" category=test trace_id=abc n=1`,
    `${TIME} level=info msg="two" category=test n=2`,
  ]);
});

Deno.test("a mirror is told of each line as it is shown, with its level", async () => {
  const told: unknown[] = [];
  await using captured = await captureLog({ mirror: (level, line) => told.push([level, line]) });
  captured.log.debug("hidden");
  captured.log.warn("late");
  captured.log.error("broken");
  assert.deepEqual(told, [["warning", captured.lines[0]], ["error", captured.lines[1]]]);
});

Deno.test("the library's further levels are shown as the nearest of ours", async () => {
  await using captured = await captureLog({ levels: { test: "debug" } });
  const logger = logtape.getLogger(["relay", "test"]);
  logger.debug("one");
  logger.fatal("two");
  const levels = captured.lines.map((line) => /level=(\w+)/.exec(line)?.[1]);
  assert.deepEqual(levels, ["debug", "error"]);
});

Deno.test("the root's lines name no category, and what is written in parts is one name", async () => {
  await using captured = await captureLog();
  captured.logging.logger("").info("one");
  captured.logging.logger(["irc", "libera"]).info("two");
  captured.logging.logger(".irc..libera.").info("three");
  assert.deepEqual(captured.lines, [
    `${TIME} level=info msg="one"`,
    `${TIME} level=info msg="two" category=irc.libera`,
    `${TIME} level=info msg="three" category=irc.libera`,
  ]);
});

Deno.test("what stands in the message is repeated as a field up to forty characters", async () => {
  for (const [length, isField] of [[39, true], [40, true], [41, false]] as const) {
    await using captured = await captureLog();
    const said = "x".repeat(length);
    captured.log.info("{said}", { said });
    captured.log.info("not shown", { said });
    assert.equal(captured.lines[0]?.includes(` said=${said}`), isField, `${length}`);
    assert.ok(captured.lines[1]?.includes(` said=${said}`), `${length}`);
  }
});

Deno.test("properties that are no fields are said under a name of their own", () => {
  const keyless = new Proxy({}, {
    ownKeys() {
      throw new Error("no");
    },
  });
  const record: LogRecord = {
    atMs: 0,
    level: "info",
    category: ["a", "b"],
    template: "{properties}",
    properties: keyless,
  };
  const line = cleanLine(record, new Redactor(), { errors: "line", stacks: false });
  assert.deepEqual([...line.properties], [["properties", "[unreadable]"]]);
  assert.deepEqual([line.message, line.category], ["[unreadable]", "a.b"]);
  const listed = { ...record, properties: Object.assign(["x"]) };
  const list = cleanLine(listed, new Redactor(), { errors: "line", stacks: false });
  assert.deepEqual([...list.properties], [["properties", ["x"]]]);
});

Deno.test("pretty marks each level with a word of one width", async () => {
  await using captured = await captureLog({ format: "pretty", debug: true });
  for (const level of ["debug", "info", "warn", "error"] as const) captured.log[level]("x");
  const marks = captured.lines.map((line) => line.slice(9));
  assert.deepEqual(marks, [
    "debug test         x",
    "info  test         x",
    "WARN  test         x",
    "ERROR test         x",
  ]);
});

Deno.test("the log takes out a secret as soon as it is told, and so does redact()", async () => {
  await using captured = await captureLog();
  captured.logging.secrets.add("hunter22");
  captured.log.info("it is {it}", { it: "hunter22" });
  assert.match(
    captured.lines[0] ?? "",
    /msg="it is \[redacted\]" category=test it="\[redacted\]"$/,
  );
  assert.equal(captured.logging.redact("a hunter22"), "a [redacted]");
});
