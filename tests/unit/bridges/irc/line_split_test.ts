import fc from "fast-check";
import assert from "node:assert/strict";
import { byteLength, graphemes } from "../../../../src/base/text.ts";
import { readMirc, writeMirc } from "../../../../src/bridges/irc/text/formatting.ts";
import { splitLine } from "../../../../src/bridges/irc/text/lines.ts";
import {
  plainText,
  type RichText,
  type Style,
  textOf,
} from "../../../../src/relay/port/rich_text.ts";

const styles: fc.Arbitrary<Style> = fc.record({
  bold: fc.constant(true as const),
  italic: fc.constant(true as const),
  colour: fc.constantFrom({ rgb: "ff0000", palette: 4 }, { rgb: "123456" }),
  background: fc.constant({ rgb: "000000", palette: 1 }),
}, { requiredKeys: [] });
const pieces = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("👨‍👩‍👧‍👦", "🇩🇪", "e\u0301\u0302\u0303", "漢字", " ", "   ", ",5", "007", "word "),
).map((text) => text.replace(/[\p{Cc}\p{Cs}\u200b]/gu, ""));
const rich: fc.Arbitrary<RichText> = fc.array(fc.record({ text: pieces, style: styles }), {
  maxLength: 25,
});

Deno.test("splitLine() never passes the limit, and its pieces joined are the text", () => {
  fc.assert(
    fc.property(rich, fc.integer({ min: 24, max: 120 }), (text, maxBytes) => {
      const parts = splitLine(text, maxBytes);
      assert.equal(parts.map(textOf).join(""), textOf(text));
      for (const part of parts) assert.ok(byteLength(writeMirc(part)) <= maxBytes);
    }),
    { numRuns: 400 },
  );
});

Deno.test("splitLine() cuts no grapheme that fits a piece", () => {
  fc.assert(
    fc.property(pieces, fc.integer({ min: 80, max: 120 }), (text, maxBytes) => {
      const cuts = splitLine(plainText(text.repeat(8)), maxBytes).flatMap((part) =>
        graphemes(textOf(part))
      );
      const whole = graphemes(text.repeat(8)).filter((one) => byteLength(one) <= maxBytes / 2);
      assert.ok(whole.every((one) => cuts.includes(one)));
    }),
    { numRuns: 200 },
  );
});

Deno.test("splitLine() moves a whole word to the next piece", () => {
  const parts = splitLine(plainText("one two three four five"), 10).map(textOf);
  assert.deepEqual(parts, ["one two ", "three ", "four five"]);
});

Deno.test("splitLine() fills the piece where a word fits none", () => {
  const parts = splitLine(plainText("ab 0123456789abcdef xy"), 10).map(textOf);
  assert.deepEqual(parts, ["ab 0123456", "789abcdef ", "xy"]);
});

Deno.test("splitLine() carries the style over to the next piece", () => {
  const parts = splitLine([{ text: "bold words here", style: { bold: true } }], 8).map((part) =>
    writeMirc(part)
  );
  assert.deepEqual(parts, ["\x02bold ", "\x02words ", "\x02here"]);
});

Deno.test("readMirc() reads back what writeMirc() wrote, losing no visible character", () => {
  fc.assert(
    fc.property(rich, (text) => {
      assert.equal(textOf(readMirc(writeMirc(text))), textOf(text));
    }),
    { numRuns: 500 },
  );
});

Deno.test("readMirc() and writeMirc() keep numbered styles", () => {
  fc.assert(
    fc.property(rich, (text) => {
      const once = readMirc(writeMirc(text));
      assert.deepEqual(readMirc(writeMirc(once)), once);
    }),
    { numRuns: 300 },
  );
});
