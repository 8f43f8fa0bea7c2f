import fc from "fast-check";
import assert from "node:assert/strict";
import { graphemes } from "../../../../src/base/text.ts";
import { roomIdOf } from "../../../../src/bridges/kosmi/room/room_id.ts";
import {
  cleanText,
  readKosmiText,
  renderParts,
  splitText,
  writeKosmiText,
} from "../../../../src/bridges/kosmi/text/kosmi_text.ts";
import type { OutgoingMessage } from "../../../../src/relay/port/bridge.ts";
import {
  openText,
  plainText,
  type RichText,
  type Span,
  type Style,
  textOf,
} from "../../../../src/relay/port/rich_text.ts";
import { computedMs } from "../../../support/growth.ts";

Deno.test("readKosmiText() reads Markdown", () => {
  const table: readonly [string, RichText][] = [
    ["plain", [{ text: "plain", style: {} }]],
    ["**b**", [{ text: "b", style: { bold: true } }]],
    ["*i* _j_", [
      { text: "i", style: { italic: true } },
      { text: " ", style: {} },
      { text: "j", style: { italic: true } },
    ]],
    ["***x***", [{ text: "x", style: { bold: true, italic: true } }]],
    ["~~s~~", [{ text: "s", style: { strike: true } }]],
    ["a `c*d*` e", [
      { text: "a ", style: {} },
      { text: "c*d*", style: { monospace: true } },
      { text: " e", style: {} },
    ]],
    ["**b *i* b**", [
      { text: "b ", style: { bold: true } },
      { text: "i", style: { bold: true, italic: true } },
      { text: " b", style: { bold: true } },
    ]],
    ["```ts\nlet a;\nb\n```", [{ text: "let a;\nb", style: { monospace: true } }]],
    ["snake_case_name 2*3*4", [
      { text: "snake_case_name 2", style: {} },
      { text: "3", style: { italic: true } },
      { text: "4", style: {} },
    ]],
    ["https://x.y/a_b_c*d*", [{ text: "https://x.y/a_b_c*d*", style: {} }]],
    ["\\*no\\*", [{ text: "*no*", style: {} }]],
    ["* a list", [{ text: "* a list", style: {} }]],
    ["**open", [{ text: "**open", style: {} }]],
  ];
  for (const [text, expected] of table) {
    assert.deepEqual(readKosmiText(text, "markdown"), expected, text);
  }
});

Deno.test("readKosmiText() leaves plain text as it stands", () => {
  assert.deepEqual(readKosmiText("**b** `c`", "plain"), plainText("**b** `c`"));
});

Deno.test("writeKosmiText() writes what Markdown has, and drops the rest", () => {
  const table: readonly [RichText, string][] = [
    [[{ text: "b", style: { bold: true } }], "**b**"],
    [[{ text: " b ", style: { bold: true } }], " **b** "],
    [[{ text: "x", style: { bold: true, italic: true, strike: true } }], "***~~x~~***"],
    [[{ text: "c", style: { monospace: true } }], "`c`"],
    [[{ text: "a`b", style: { monospace: true } }], "`` a`b ``"],
    [[{ text: "u", style: { underline: true, colour: { rgb: "ff0000" } } }], "u"],
    [[{ text: "2*3 a_b _c", style: {} }], "2\\*3 a_b \\_c"],
    [[{ text: "https://x.y/a_b*c", style: {} }], "https://x.y/a_b*c"],
  ];
  for (const [rich, expected] of table) assert.equal(writeKosmiText(rich, "markdown"), expected);
  const bold: Span = { text: "b\u0002\u0000\r\nc", style: { bold: true } };
  assert.equal(writeKosmiText([bold], "plain"), "b\nc");
});

const visibleText = fc.string({ unit: "grapheme", maxLength: 60 }).map(cleanText);

Deno.test("a round trip through Markdown loses no visible character of unstyled text", () => {
  const marked = fc.array(
    fc.constantFrom("*", "**", "_", "`", "~~", "\\", " ", "\n", "a", "é", "https://x.y/_a_", "👍🏽"),
    { maxLength: 14 },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(visibleText, marked), (text) => {
      const back = readKosmiText(writeKosmiText(plainText(text), "markdown"), "markdown");
      assert.equal(textOf(back), text);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("reading Markdown takes time that grows with the text, not with its square", () => {
  for (const unit of ["*", "_a", "`", "**a ", "[", "~~", "\\", "***a"]) {
    const startedMs = computedMs();
    readKosmiText(unit.repeat(4_000 / unit.length), "markdown");
    assert.ok(computedMs() - startedMs < 1_000, unit);
  }
});

Deno.test("readKosmiText() reads spoilers, shown as Markdown or not", () => {
  const table: readonly [string, string][] = [
    ["it was ||Bob||!", "it was [spoiler]!"],
    ["||two\nlines|| ||more||", "[spoiler] [spoiler]"],
    ["||Bob||Ann", "[spoiler]Ann"],
    ["|| with spaces ||", "[spoiler]"],
    ["x\n|| with spaces ||\ny", "x\n[spoiler]\ny"],
    ["if (a || b || c)", "if (a || b || c)"],
    ["||open", "||open"],
    ["|| ||", "|| ||"],
    ["https://x.y/||a||", "https://x.y/||a||"],
    ["```\nif (a ||b|| c)\n```", "if (a ||b|| c)"],
  ];
  for (const [text, open] of table) {
    for (const markup of ["plain", "markdown"] as const) {
      assert.equal(openText(readKosmiText(text, markup)), open, `${markup}: ${text}`);
    }
  }
  assert.deepEqual(readKosmiText("||a **b**||", "markdown"), [
    { text: "a ", style: { spoiler: true } },
    { text: "b", style: { spoiler: true, bold: true } },
  ]);
  assert.equal(openText(readKosmiText("`||a||` \\||b||", "markdown")), "||a|| ||b||");
});

Deno.test("readKosmiText() knows code by its fences, and keeps its blank lines", () => {
  assert.deepEqual(readKosmiText("see\n```ts\na\n\nb\n```", "plain"), [
    { text: "see\n", style: {} },
    { text: "a\n\nb", style: { monospace: true } },
  ]);
});

Deno.test("writeKosmiText() hides what is hidden, in both", () => {
  const hidden = { spoiler: true } as const;
  const table: readonly [RichText, string, string][] = [
    [[{ text: " Bob ", style: hidden }], " ||Bob|| ", " ||Bob|| "],
    [
      [{ text: "a", style: { ...hidden, bold: true } }, { text: "b*", style: hidden }],
      "||ab*||",
      "||**a**b\\*||",
    ],
    [[{ text: "a||b", style: hidden }], "||a|\u200b|b||", "||a\\|\\|b||"],
    [[{ text: "  ", style: hidden }], "  ", "  "],
    [plainText("a || b |c|"), "a || b |c|", "a \\|\\| b |c|"],
  ];
  for (const [rich, plain, markdown] of table) {
    assert.equal(writeKosmiText(rich, "plain"), plain);
    assert.equal(writeKosmiText(rich, "markdown"), markdown);
  }
});

const richText = fc.array(
  fc.record({
    text: fc.string({
      unit: fc.constantFrom("a", "b", "|", "*", " ", "\n", "`", "é"),
      maxLength: 8,
    }),
    style: fc.constantFrom<Style[]>({}, { spoiler: true }, { bold: true, spoiler: true }),
  }),
  { maxLength: 6 },
);

Deno.test("what is hidden is never open on Kosmi's side, in no piece of a long message", () => {
  fc.assert(
    fc.property(richText, fc.constantFrom("plain", "markdown"), (rich, markup) => {
      const secret = rich.map(({ text, style }) => ({
        text: style.spoiler ? text.replace(/[a-z]/g, "s") : text,
        style,
      }));
      const options = { markup, maxGraphemes: 40 } as const;
      const long = secret.flatMap((span) => [span, { text: " b", style: {} }, span]);
      for (const part of renderParts(message({ prefix: [], text: long }), options)) {
        assert.doesNotMatch(
          openText(readKosmiText(part.wire, markup)).replaceAll("[spoiler]", ""),
          /s/,
        );
        assert.ok(graphemes(part.wire).length <= 40);
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("splitText() cuts between words where it can, and keeps every grapheme", () => {
  assert.deepEqual(splitText("aaa bbb ccc", 7), ["aaa bbb", "ccc"]);
  assert.deepEqual(splitText("aaaaaaaaaa", 4), ["aaaa", "aaaa", "aa"]);
  assert.deepEqual(splitText("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2), ["👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"]);
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 80 }),
      fc.integer({ min: 1, max: 20 }),
      (text, limit) => {
        const pieces = splitText(text, limit);
        for (const piece of pieces) {
          assert.ok(graphemes(piece).length <= limit || piece === text);
        }
        const without = (value: string) => value.replace(/\s+/g, "");
        assert.equal(without(pieces.join("")), without(text));
      },
    ),
  );
});

const message = (change: Partial<OutgoingMessage>): OutgoingMessage => ({
  kind: "message",
  prefix: plainText("<bob> "),
  text: [],
  action: false,
  replyTo: null,
  sender: null,
  ...change,
});

Deno.test("renderParts() repeats the prefix on each part of a long message", () => {
  const text = plainText("word ".repeat(30).trim());
  const parts = renderParts(message({ text }), { markup: "plain", maxGraphemes: 40 });
  assert.ok(parts.length > 3);
  for (const part of parts) {
    assert.ok(part.wire.startsWith("<bob> word"), part.wire);
    assert.ok(graphemes(part.wire).length <= 40);
  }
});

Deno.test("renderParts() has nothing to send where nothing would be visible", () => {
  const options = { markup: "plain", maxGraphemes: 100 } as const;
  for (const text of ["", " \n ", "\u0002\u0003", "\r\n"]) {
    assert.deepEqual(renderParts(message({ text: plainText(text) }), options), []);
    assert.deepEqual(renderParts(message({ text: plainText(text), action: true }), options), []);
  }
  assert.deepEqual(renderParts({ kind: "topic", topic: "x" }, options), []);
});

Deno.test("roomIdOf() takes the last part of the path as it stands", () => {
  const table: readonly [string, string | null, string][] = [
    ["https://app.kosmi.io/room/@movie", null, "@movie"],
    ["https://app.kosmi.io/room/956fp3", null, "956fp3"],
    ["https://app.kosmi.io/room/956fp3/?a=b#c", null, "956fp3"],
    ["https://app.kosmi.io/@movie", null, "@movie"],
    ["app.kosmi.io/room/@movie", null, "@movie"],
    ["https://app.kosmi.io/room/%40movie", null, "@movie"],
    ["@movie", null, "@movie"],
    ["MixedCase", null, "MixedCase"],
    [" main ", "https://app.kosmi.io/room/@home", "@home"],
    ["", "@home", "@home"],
  ];
  for (const [written, room, expected] of table) assert.equal(roomIdOf(written, room), expected);
  for (
    const written of ["main", "", "https://app.kosmi.io/", "https://app.kosmi.io/room/", "a b"]
  ) {
    assert.throws(() => roomIdOf(written, null), /Cannot use/, written);
  }
});
