import fc from "fast-check";
import assert from "node:assert/strict";
import { graphemes } from "../../../src/base/text.ts";
import { readMirc, readPlain, writeMirc } from "../../../src/bridges/irc/text/formatting.ts";
import { composeLines } from "../../../src/bridges/irc/text/lines.ts";
import {
  type Markup,
  readKosmiText,
  renderParts,
  writeKosmiText,
} from "../../../src/bridges/kosmi/text/kosmi_text.ts";
import type { OutgoingMessage } from "../../../src/relay/port/bridge.ts";
import { plainText, type RichText } from "../../../src/relay/port/rich_text.ts";

/** What both bridges together make of a text: the only place that knows both. */
const MARKUPS: readonly Markup[] = ["plain", "markdown"];

const LINE = {
  lineBytes: 450,
  maxLines: 100,
  split: true,
  clipped: "<clipped message>",
  stripMarkup: false,
};

/** An IRC line as it comes back from Kosmi. */
function overKosmi(wire: string, markup: Markup): string {
  const inKosmi = writeKosmiText(readMirc(wire), markup);
  return writeMirc(readKosmiText(inKosmi, markup));
}

function ircLines(text: RichText, limits: Partial<typeof LINE> = {}): string[] {
  return composeLines({ prefix: plainText("<zoe> "), text, action: false }, { ...LINE, ...limits });
}

const ROUND_TRIPS: readonly (readonly [wire: string, kosmi: string, back: string])[] = [
  ["plain", "plain", "plain"],
  ["\x02bold\x02 on", "**bold** on", "\x02bold\x0f on"],
  ["\x1dit\x1d \x1es\x1e", "*it* ~~s~~", "\x1dit\x0f \x1es"],
  ["\x11code()\x11", "`code()`", "\x11code()"],
  ["\x02\x1dboth\x0f", "***both***", "\x02\x1dboth"],
  [
    "\x0304,01red\x03 \x04ff0000hex\x04 \x16rev\x16 \x1funder",
    "red hex rev under",
    "red hex rev under",
  ],
  ["it was \x0301,01Bob\x03!", "it was ||Bob||!", "it was \x0301,01Bob\x0f!"],
  ["2 * 3 * 4 = **", "2 \\* 3 \\* 4 = \\*\\*", "2 * 3 * 4 = **"],
  ["snake_case and __init__", "snake_case and \\_\\_init\\_\\_", "snake_case and __init__"],
  [
    "\x02https://x.test/a_b_*c*?d=~~e\x02",
    "**https://x.test/a_b_*c*?d=~~e**",
    "\x02https://x.test/a_b_*c*?d=~~e",
  ],
  ["👨‍👩‍👧‍👦 👍🏽 🏳️‍🌈 :smile:", "👨‍👩‍👧‍👦 👍🏽 🏳️‍🌈 :smile:", "👨‍👩‍👧‍👦 👍🏽 🏳️‍🌈 :smile:"],
];

for (const [wire, kosmi, back] of ROUND_TRIPS) {
  Deno.test(`formatting: ${JSON.stringify(wire)} to Kosmi's Markdown and back`, () => {
    assert.equal(writeKosmiText(readMirc(wire), "markdown"), kosmi);
    assert.equal(overKosmi(wire, "markdown"), back);
  });
}

const CODES = [
  "\x02",
  "\x1d",
  "\x1f",
  "\x1e",
  "\x11",
  "\x16",
  "\x0f",
  "\x0304",
  "\x0312,01",
  "\x03",
  "\x04ff8800",
];
const TEXTS = [
  ...[
    "*",
    "**",
    "***",
    "_",
    "__",
    "~~",
    "`",
    "``",
    "```",
    "\\",
    "\\*",
    "(",
    ")",
    "[a](b)",
    "> ",
    "# ",
  ],
  ...[" ", "  ", "a", "word", "snake_case", "Ünï", "你好", "👍🏽", "👨‍👩‍👧‍👦", ",", "5", "<b>", "&amp;"],
  ...["https://x.test/a_b_c", "http://x.test/*~~`", "https://x.test/(a)_", "www.x.test"],
];

const wireLine = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...CODES) },
    { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }) },
  ),
  { maxLength: 16 },
).map((parts) => parts.join("").replace(/[\r\n\0\u2028\u2029]/g, ""));

for (const markup of MARKUPS) {
  Deno.test(`relaying IRC to Kosmi (${markup}) and back loses no visible character`, () => {
    fc.assert(
      fc.property(wireLine, (wire) => {
        assert.equal(readPlain(overKosmi(wire, markup)), readPlain(wire));
      }),
      { numRuns: 5_000 },
    );
  });

  Deno.test(`what Kosmi is sent (${markup}) shows the text of the IRC line, nothing of its codes`, () => {
    fc.assert(
      fc.property(wireLine, (wire) => {
        const sent = renderParts(message(readMirc(wire)), { markup, maxGraphemes: 10_000 });
        const text = sent.map((part) => part.wire).join("");
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f]/);
        assert.ok(sent.length <= 1);
      }),
      { numRuns: 1_000 },
    );
  });
}

function message(text: RichText): OutgoingMessage {
  return {
    kind: "message",
    prefix: plainText("<bob> "),
    text,
    action: false,
    replyTo: null,
    sender: null,
  };
}

const CODE_BLOCK = "look:\n```ts\nconst a = 1;\n  return a_b_c * 2;\n```\ndone";

for (const markup of MARKUPS) {
  Deno.test(`a code block of Kosmi (${markup}) becomes readable lines without its fences`, () => {
    const lines = ircLines(readKosmiText(CODE_BLOCK, markup)).map(readPlain);
    assert.deepEqual(lines, [
      "<zoe> look:",
      "<zoe> const a = 1;",
      "<zoe>   return a_b_c * 2;",
      "<zoe> done",
    ]);
  });
}

Deno.test("the code block's lines are monospace where Kosmi shows Markdown, and its marks are no marks", () => {
  assert.deepEqual(ircLines(readKosmiText(CODE_BLOCK, "markdown")), [
    "<zoe> look:",
    "<zoe> \x11const a = 1;",
    "<zoe> \x11  return a_b_c * 2;",
    "<zoe> done",
  ]);
});

const NO_FENCES = ["``` alone", "a\n```\nopen", "x ```inline``` y", "````\na\n````", "```\n```"];

for (const text of NO_FENCES) {
  Deno.test(`plain text that is no code block keeps its ticks: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(
      ircLines(readKosmiText(text, "plain")),
      text.split("\n").map((line) => `<zoe> ${line}`),
    );
  });
}

Deno.test("a message of many lines is bounded, and the rest is told in one line", () => {
  const poem = Array.from({ length: 23 }, (_, n) => `line ${n + 1}`).join("\n\n");
  for (const markup of MARKUPS) {
    const lines = ircLines(readKosmiText(poem, markup), { maxLines: 12 });
    assert.equal(lines.length, 12);
    assert.deepEqual(lines.slice(-2), ["<zoe> line 11", "<zoe> … 12 more lines"]);
  }
});

const URL_TEXT = "https://example.test/a_very_long/path/with*marks*/and~~more~~/_end_?q=`1`&r=(2)";

Deno.test("a link that fits a line is never cut, in IRC and in Kosmi", () => {
  const words = fc.array(fc.constantFrom("word", "a", "longer-word", "ü".repeat(9)), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(words, words, (before, after) => {
      const text = [...before, URL_TEXT, ...after].join(" ");
      const lines = ircLines(plainText(text), { lineBytes: 120 });
      assert.ok(lines.some((line) => line.includes(URL_TEXT)), "IRC");
      for (const markup of MARKUPS) {
        const parts = renderParts(message(plainText(text)), { markup, maxGraphemes: 120 });
        assert.ok(parts.some((part) => part.wire.includes(URL_TEXT)), markup);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("emoji sequences cross whole, also where lines are cut", () => {
  const family = "👨‍👩‍👧‍👦";
  const text = family.repeat(60);
  const lines = ircLines(readKosmiText(text, "markdown"), { lineBytes: 100 });
  const shown = lines.map((line) => line.slice("<zoe> ".length));
  assert.equal(shown.join(""), text);
  for (const line of shown) assert.ok(graphemes(line).every((one) => one === family));
  const parts = renderParts(message(plainText(text)), { markup: "markdown", maxGraphemes: 20 });
  assert.equal(parts.map((part) => part.wire.slice("<bob> ".length)).join(""), text);
});
