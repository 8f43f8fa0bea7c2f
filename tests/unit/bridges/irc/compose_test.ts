import fc from "fast-check";
import assert from "node:assert/strict";
import { byteLength } from "../../../../src/base/text.ts";
import { type ComposeLimits, composeLines } from "../../../../src/bridges/irc/text/lines.ts";
import { plainText } from "../../../../src/relay/port/rich_text.ts";
import { computedMs } from "../../../support/growth.ts";

const LIMITS: ComposeLimits = {
  lineBytes: 60,
  maxLines: 4,
  split: true,
  clipped: "<cut>",
  stripMarkup: false,
};

function lines(
  text: string,
  more: { prefix?: string; action?: boolean } & Partial<ComposeLimits> = {},
): string[] {
  const { prefix = "<bob> ", action = false, ...limits } = more;
  return composeLines({ prefix: plainText(prefix), text: plainText(text), action }, {
    ...LIMITS,
    ...limits,
  });
}

Deno.test("composeLines() puts the prefix before every line and leaves empty ones out", () => {
  assert.deepEqual(lines("one\n\n  \ntwo"), ["<bob> one", "<bob> two"]);
  assert.deepEqual(lines(""), []);
  assert.deepEqual(lines(" \n\t"), []);
});

Deno.test("composeLines() counts the prefix in bytes", () => {
  const made = lines("word ".repeat(30), { prefix: "<😸😸😸> ", maxLines: 99 });
  assert.ok(
    made.length > 3 && made.every((line) => byteLength(line) <= 60 && line.startsWith("<😸😸😸> ")),
  );
});

Deno.test("composeLines() writes an action with its frame inside the limit", () => {
  const made = lines("word ".repeat(20), { action: true, maxLines: 99 });
  assert.ok(made.length > 1);
  for (const line of made) {
    assert.ok(byteLength(line) <= 60);
    // deno-lint-ignore no-control-regex
    assert.match(line, /^\x01ACTION <bob> .*\x01$/);
  }
});

Deno.test("composeLines() tells how many lines it leaves out", () => {
  assert.deepEqual(lines("1\n2\n3\n4\n5\n6"), [
    "<bob> 1",
    "<bob> 2",
    "<bob> 3",
    "<bob> … 3 more lines",
  ]);
  assert.deepEqual(lines("1\n2\n3\n4").length, 4);
});

Deno.test("composeLines() is quick with a text of a megabyte", () => {
  const started = computedMs();
  const made = lines("x".repeat(1_000_000), { lineBytes: 400, maxLines: 12 });
  assert.equal(made.length, 12);
  assert.match(made.at(-1) ?? "", /… 2\d{3} more lines/);
  assert.ok(computedMs() - started < 1_000);
});

Deno.test("composeLines() cuts and marks where splitting is off", () => {
  const [line = "", ...more] = lines("word ".repeat(30), { split: false });
  assert.ok(line.endsWith(" <cut>") && byteLength(line) <= 60);
  assert.deepEqual(more, []);
});

Deno.test("composeLines() shortens a prefix that leaves no room", () => {
  const made = lines("hello", { prefix: `<${"n".repeat(500)}> ` });
  assert.ok(made.every((line) => byteLength(line) <= 60));
  assert.match(made.join(""), /^<n+… hel/);
});

Deno.test("composeLines() lets no control character through, from text or prefix", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (prefix, text) => {
      const made = lines(text, { prefix, lineBytes: 100, maxLines: 50 });
      for (const line of made) {
        assert.ok(byteLength(line) <= 100);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(line, /[\x00-\x1f\x7f]/);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("composeLines() sends plain text where markup is stripped", () => {
  const text = [{ text: "loud", style: { bold: true } as const }];
  assert.deepEqual(
    composeLines({ prefix: [], text, action: false }, { ...LIMITS, stripMarkup: true }),
    ["loud"],
  );
});

Deno.test("composeLines() breaks lines at every sign that is one", () => {
  const text = "a\vb\fc\u0085d\u2028e\u2029f\rg\r\nh";
  assert.deepEqual(
    lines(text, { prefix: "", maxLines: 99 }),
    ["a", "b", "c", "d", "e", "f", "g", "h"],
  );
});

for (const text of ["\u200b", "\u3164\n\u00ad", " \u2800 \u2060", "\u115f\ufe0f", "\u00a0\u3000"]) {
  Deno.test(`composeLines() sees nothing in ${JSON.stringify(text)}`, () =>
    assert.deepEqual(lines(text), []));
}

Deno.test("composeLines() keeps the blank lines inside code, and those alone", () => {
  const code = { text: "a\n\n  \nb\n", style: { monospace: true } as const };
  const rich = [...plainText("see:\n\n"), code, ...plainText("\n\nso")];
  const made = (more: Partial<ComposeLimits> = {}) =>
    composeLines({ prefix: plainText("<z> "), text: rich, action: false }, {
      ...LIMITS,
      maxLines: 99,
      ...more,
    });
  assert.deepEqual(made({ stripMarkup: true }), [
    ...["<z> see:", "<z> a", "<z> \u00a0", "<z> \u00a0", "<z> b", "<z> so"],
  ]);
  assert.equal(made().length, 6);
});

Deno.test("composeLines() never shows hidden text openly", () => {
  const style = { spoiler: true } as const;
  const rich = [...plainText("it was "), { text: "the butler ".repeat(9), style }];
  const limits = { ...LIMITS, maxLines: 99 };
  const made = composeLines({ prefix: plainText("<z> "), text: rich, action: false }, limits);
  assert.ok(made.length > 2);
  for (const line of made) {
    // deno-lint-ignore no-control-regex
    assert.match(line, /^<z> (it was )?\x0301,01[a-z ]+$/);
  }
  const plain = composeLines(
    { prefix: [], text: [{ text: " Bob || ", style }], action: false },
    { ...LIMITS, stripMarkup: true },
  );
  assert.deepEqual(plain, [" ||Bob |\u200b||| "]);
});
