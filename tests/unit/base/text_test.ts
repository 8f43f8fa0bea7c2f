import fc from "fast-check";
import assert from "node:assert/strict";
import { byteLength, clipBytes, graphemes } from "../../../src/base/text.ts";

const FAMILY = "👩‍👩‍👧";

Deno.test("byteLength() counts UTF-8 bytes", () => {
  const cases: readonly (readonly [text: string, bytes: number])[] = [
    ["", 0],
    ["a", 1],
    ["ö", 2],
    ["€", 3],
    ["😸", 4],
    [FAMILY, 18],
    ["\ud83d", 3],
  ];
  for (const [text, bytes] of cases) assert.equal(byteLength(text), bytes, text);
});

Deno.test("graphemes() are what a reader counts", () => {
  assert.deepEqual(graphemes(`e\u0301${FAMILY}🇩🇪x`), ["e\u0301", FAMILY, "🇩🇪", "x"]);
});

Deno.test("clipBytes() cuts between graphemes, and inside only where the first alone is too long", () => {
  const cases: readonly (readonly [text: string, maxBytes: number, clipped: string])[] = [
    ["hello", 5, "hello"],
    ["hello", 4, "hell"],
    ["aöb", 2, "a"],
    ["ae\u0301", 2, "a"],
    [`a${FAMILY}`, 18, "a"],
    [`a${FAMILY}`, 19, `a${FAMILY}`],
    [FAMILY, 17, "👩‍👩‍"],
    [FAMILY, 4, "👩"],
    [FAMILY, 3, ""],
    ["abc", 0, ""],
    ["", 0, ""],
  ];
  for (const [text, maxBytes, clipped] of cases) {
    assert.equal(clipBytes(text, maxBytes), clipped, `${JSON.stringify(text)} to ${maxBytes}`);
  }
});

Deno.test("clipBytes() is the longest start of whole graphemes that fits", () => {
  const texts = fc.string({ unit: "grapheme", maxLength: 40 });
  fc.assert(fc.property(texts, fc.nat({ max: 80 }), (text, maxBytes) => {
    const parts = graphemes(text);
    let longest = "";
    for (const part of parts) {
      if (byteLength(longest + part) > maxBytes) break;
      longest += part;
    }
    const clipped = clipBytes(text, maxBytes);
    if (longest !== "" || text === "") assert.equal(clipped, longest);
    assert.ok(text.startsWith(clipped));
    assert.ok(byteLength(clipped) <= maxBytes);
    assert.ok(clipped.isWellFormed() || !text.isWellFormed());
  }));
});

Deno.test("clipBytes() does not take a long text apart to keep its start", () => {
  const { segment } = Intl.Segmenter.prototype;
  const taken: number[] = [];
  Intl.Segmenter.prototype.segment = function (text) {
    taken.push(text.length);
    return segment.call(this, text);
  };
  try {
    assert.equal(clipBytes("ä😸".repeat(1_000), 10), "ä😸ä");
  } finally {
    Intl.Segmenter.prototype.segment = segment;
  }
  assert.deepEqual(taken, [11]);
});
