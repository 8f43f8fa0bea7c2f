import assert from "node:assert/strict";
import { describeError, isAbortOf, NeedsPersonError } from "../../../src/base/errors.ts";

class Unnamed extends Error {
  override readonly name = "TimeoutError";
}

Deno.test("describeError() is one line: the message and those of its causes", () => {
  const loop = new Error("loop");
  loop.cause = loop;
  const deep = [1, 2, 3, 4, 5, 6, 7].reduce<Error | undefined>(
    (cause, n) => new Error(`level ${n}`, { cause }),
    undefined,
  );
  const cases: readonly (readonly [thrown: unknown, text: string])[] = [
    [new Error("no"), "no"],
    [
      new Error("Cannot dial", { cause: new Error("refused\n\tby peer ") }),
      "Cannot dial: refused by peer",
    ],
    [new Error("same", { cause: new Error("same") }), "same"],
    [new Error("a", { cause: "text" }), "a: text"],
    [new Unnamed(""), "TimeoutError"],
    [new AggregateError([new Error("v6"), new Error("v4")], ""), "v6; v4"],
    [new AggregateError([new Error("v6")], "both failed"), "both failed"],
    [loop, "loop"],
    [deep, "level 7: level 6: level 5: level 4: level 3"],
    ["text", "text"],
    [42, "42"],
    [Symbol("s"), "Symbol(s)"],
    ["", "unknown error"],
    [null, "unknown error"],
    [undefined, "unknown error"],
  ];
  for (const [thrown, text] of cases) assert.equal(describeError(thrown), text);
});

Deno.test("describeError() never throws, whatever was thrown", () => {
  const hostile = [
    Object.create(null),
    {
      toString() {
        throw new Error("no");
      },
    },
    Object.assign(new Error("x"), { message: { toString: null } }),
    Object.assign(new Error("x"), { message: 5 }),
    new Error("x", { cause: Object.create(null) }),
  ];
  for (const thrown of hostile) assert.equal(typeof describeError(thrown), "string");
});

Deno.test("isAbortOf() is true only for the abort of this very signal", () => {
  const stopping = new AbortController();
  const reason = new Error("stop");
  assert.equal(isAbortOf(stopping.signal, reason), false);
  assert.equal(isAbortOf(stopping.signal, new DOMException("x", "AbortError")), false);
  stopping.abort(reason);
  assert.equal(isAbortOf(stopping.signal, reason), true);
  assert.equal(isAbortOf(stopping.signal, new DOMException("x", "AbortError")), true);
  assert.equal(isAbortOf(stopping.signal, new Error("another fault")), false);
  assert.equal(isAbortOf(stopping.signal, new DOMException("x", "NetworkError")), false);
  assert.equal(
    isAbortOf(stopping.signal, Object.assign(new Error("x"), { name: "AbortError" })),
    false,
  );
});

Deno.test("NeedsPersonError carries how long to wait, and its cause", () => {
  const error = new NeedsPersonError("Cannot log in: wrong password", 900_000, { cause: "464" });
  assert.equal(error.retryAfterMs, 900_000);
  assert.equal(error.cause, "464");
  assert.equal(error.name, "NeedsPersonError");
});
