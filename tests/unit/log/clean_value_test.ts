import assert from "node:assert/strict";
import { type CleanOptions, cleanValue } from "../../../src/log/clean_value.ts";
import { Redactor } from "../../../src/log/redactor.ts";

const PARTS: CleanOptions = { errors: "parts", stacks: false };

function clean(value: unknown, options: Partial<CleanOptions> = {}) {
  const redactor = new Redactor();
  redactor.add("hunter22");
  redactor.add("12345678");
  return cleanValue(value, redactor, { ...PARTS, ...options });
}

const unreadable = () => {
  throw new Error("no");
};

Deno.test("cleanValue() shows each kind of value as what it is", () => {
  const cases: readonly (readonly [value: unknown, shown: unknown])[] = [
    [undefined, null],
    [null, null],
    [true, true],
    [false, false],
    [0, 0],
    [1.5, 1.5],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [12345678, "[redacted]"],
    [10n, "10"],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "[function]"],
    ["a hunter22", "a [redacted]"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(NaN), "invalid date"],
    [new URL("http://a.test/hunter22"), "http://a.test/[redacted]"],
    [/hunter22/, "/[redacted]/"],
    [new Uint8Array(3), "[3 bytes]"],
    [new DataView(new ArrayBuffer(5)), "[5 bytes]"],
    [new ArrayBuffer(4), "[4 bytes]"],
    [new Set([1, "x"]), [1, "x"]],
    [new Map([[1, "x"]]), { 1: "x" }],
    [new Headers({ a: "x" }), { a: "x" }],
    [new URLSearchParams({ a: "x" }), { a: "x" }],
    [{ hunter22: 1 }, { "[redacted]": 1 }],
  ];
  for (const [value, shown] of cases) assert.deepEqual(clean(value), shown, String(shown));
});

Deno.test("cleanValue() says what can't be read, and shows what stands beside it", () => {
  const keyless = new Proxy({}, { ownKeys: unreadable });
  assert.equal(clean(keyless), "[unreadable]");
  const thrower = Object.defineProperty({ a: 1 }, "b", { enumerable: true, get: unreadable });
  assert.deepEqual(clean([thrower, keyless, 2]), [{ a: 1, b: "[unreadable]" }, "[unreadable]", 2]);
  const typeless = Object.defineProperty({ a: 1 }, "type", { enumerable: true, get: unreadable });
  assert.deepEqual(clean(typeless), { a: 1, type: "[unreadable]" });
});

Deno.test("cleanValue() shows fifty entries and counts the rest", () => {
  for (const [size, shown, last] of [[49, 49, null], [50, 50, null], [51, 51, "[1 more]"]]) {
    const items = Array.from({ length: Number(size) }, (_, i) => `item ${i}`);
    const list = Object.values(clean(items) ?? {});
    const fields = Object.entries(clean(Object.fromEntries(items.map((item) => [item, 1]))) ?? {});
    assert.deepEqual([list.length, fields.length], [shown, shown]);
    assert.equal(list.at(-1), last ?? `item ${Number(size) - 1}`);
    assert.deepEqual(fields.at(-1), last === null ? [items.at(-1), 1] : ["…", last]);
  }
});

Deno.test("cleanValue() shows seven levels", () => {
  const nested = (levels: number): unknown => levels === 0 ? "end" : { a: nested(levels - 1) };
  const list = (levels: number): unknown => levels === 0 ? "end" : [list(levels - 1)];
  for (const [levels, ends] of [[6, true], [7, true], [8, false]] as const) {
    for (const value of [nested(levels), list(levels)]) {
      const text = JSON.stringify(clean(value));
      assert.equal(text.includes("end"), ends, text);
      assert.equal(text.includes("[too deep]"), !ends, text);
    }
  }
});

Deno.test("cleanValue() calls circular what holds itself, not what stands there twice", () => {
  const twice = { a: 1 };
  assert.deepEqual(clean({ one: twice, two: twice }), { one: { a: 1 }, two: { a: 1 } });
  const own: Record<string, unknown> = {};
  own["own"] = own;
  assert.deepEqual(clean(own), { own: "[circular]" });
});

Deno.test("cleanValue() takes a pair for the entry of a map, and no other list", () => {
  const cases: readonly (readonly [value: unknown, shown: unknown])[] = [
    [["password", "x"], ["password", "[redacted]"]],
    [["password", true], ["password", true]],
    [["name", "x"], ["name", "x"]],
    [["password"], ["password"]],
    [["password", "x", "y"], ["password", "x", "y"]],
    [[1, "x"], [1, "x"]],
  ];
  for (const [value, shown] of cases) assert.deepEqual(clean(value), shown);
});

Deno.test("cleanValue() hides the frame that opens a session, and no other", () => {
  const payload = { ua: "x" };
  const hidden = { type: "connection_init", payload: "[redacted]" };
  assert.deepEqual(clean({ payload, type: "connection_init" }), hidden);
  for (const frame of [{ type: "next", payload }, { kind: "connection_init", payload }]) {
    assert.deepEqual(clean(frame), frame);
  }
});

Deno.test("cleanValue() takes an error apart: name, message, cause, errors, what else it holds", () => {
  const cause = new TypeError("why hunter22");
  const error = new Error("no", { cause });
  assert.deepEqual(clean(error), {
    name: "Error",
    message: "no",
    cause: { name: "TypeError", message: "why [redacted]" },
  });
  assert.deepEqual(clean(new AggregateError([cause], "both")), {
    name: "AggregateError",
    message: "both",
    errors: [{ name: "TypeError", message: "why [redacted]" }],
  });
  const own = { code: "EPIPE", token: "x", name: "Other", message: "m", cause: 1, errors: 2 };
  assert.deepEqual(clean(Object.assign(new Error("x"), own)), {
    ...{ name: "Other", message: "m", cause: 1 },
    details: { code: "EPIPE", token: "[redacted]" },
  });
});

Deno.test("cleanValue() shows an error on one line, the stack below it only where wanted", () => {
  const error = new Error("no\nway", { cause: new Error("why") });
  assert.equal(clean(error, { errors: "line" }), "no way: why");
  const [first, ...frames] = String(clean(error, { errors: "line", stacks: true })).split("\n");
  assert.equal(first, "no way: why");
  assert.ok(frames.length > 0 && frames.every((frame) => /^\s+at /.test(frame)), `${frames}`);
  assert.equal("stack" in Object(clean(error)), false);
  assert.equal(Object(clean(error, { stacks: true })).stack, frames.join("\n"));
  for (const stack of [undefined, "no frames"]) {
    Object.defineProperty(error, "stack", { value: stack });
    assert.equal(clean(error, { errors: "line", stacks: true }), "no way: why");
    assert.equal("stack" in Object(clean(error, { stacks: true })), false);
  }
});
