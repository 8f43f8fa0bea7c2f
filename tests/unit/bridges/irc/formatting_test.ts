import fc from "fast-check";
import assert from "node:assert/strict";
import {
  paletteColour,
  paletteNumber,
  readMirc,
  readPlain,
  writeMirc,
} from "../../../../src/bridges/irc/text/formatting.ts";
import { plainText, type RichText } from "../../../../src/relay/port/rich_text.ts";

const red = { rgb: "ff0000", palette: 4 };
const black = { rgb: "000000", palette: 1 };

const READ: readonly (readonly [string, RichText])[] = [
  ["plain", plainText("plain")],
  ["a\x02b\x02c", [{ text: "a", style: {} }, { text: "b", style: { bold: true } }, {
    text: "c",
    style: {},
  }]],
  ["\x1di\x1fu\x0fn", [
    { text: "i", style: { italic: true } },
    { text: "u", style: { italic: true, underline: true } },
    { text: "n", style: {} },
  ]],
  ["\x1es\x11m\x16r", [
    { text: "s", style: { strike: true } },
    { text: "m", style: { strike: true, monospace: true } },
    { text: "r", style: { strike: true, monospace: true, reverse: true } },
  ]],
  ["\x034,1x\x03y", [{ text: "x", style: { colour: red, background: black } }, {
    text: "y",
    style: {},
  }]],
  ["\x03045", [{ text: "5", style: { colour: red } }]],
  ["\x034,x", [{ text: ",x", style: { colour: red } }]],
  ["\x0399x", [{ text: "x", style: {} }]],
  ["\x04FF0000,00ff00x\x04y", [
    { text: "x", style: { colour: { rgb: "ff0000" }, background: { rgb: "00ff00" } } },
    { text: "y", style: {} },
  ]],
  ["a\u200blice\t\x07!", plainText("alice !")],
  ["\x02\x0f", []],
  ["it was \x031,1Bob\x03!", [
    { text: "it was ", style: {} },
    { text: "Bob", style: { spoiler: true } },
    { text: "!", style: {} },
  ]],
  ["\x02\x0300,00a\x0304b", [
    { text: "a", style: { bold: true, spoiler: true } },
    { text: "b", style: { bold: true, colour: red, background: { rgb: "ffffff", palette: 0 } } },
  ]],
  ["\x04000000,000000a", [{ text: "a", style: { spoiler: true } }]],
  ["\x0301,88a", [{ text: "a", style: { spoiler: true } }]],
  ["\x0399,99a", [{ text: "a", style: {} }]],
  ["Zo\u200bë, あ\u200bい, d\u200b_a", plainText("Zoë, あい, d_a")],
  ["ភាសា\u200bខ្មែរ ไทย\u200bคำ \u200ba", plainText("ភាសា\u200bខ្មែរ ไทย\u200bคำ a")],
];

for (const [written, rich] of READ) {
  Deno.test(`readMirc() reads ${JSON.stringify(written)}`, () =>
    assert.deepEqual(readMirc(written), rich));
}

const WRITE: readonly (readonly [RichText, string])[] = [
  [[{ text: "5 red", style: { colour: red } }], "\x03045 red"],
  [[{ text: ",5", style: { colour: red } }], "\x0304\x02\x02,5"],
  [[{ text: ",5", style: { colour: red, background: black } }], "\x0304,01,5"],
  [[{ text: "x", style: { background: black } }], "\x0399,01x"],
  [
    [{ text: "r", style: { colour: red, bold: true } }, { text: "b", style: { bold: true } }],
    "\x02\x0304r\x0f\x02b",
  ],
  [[{ text: "b", style: { bold: true } }, { text: "n", style: {} }], "\x02b\x0fn"],
  [
    [{ text: "b", style: { bold: true } }, { text: "i", style: { italic: true } }],
    "\x02b\x02\x1di",
  ],
  [[{ text: "x", style: { colour: { rgb: "fe0101" } } }], "\x0304x"],
  [
    [{ text: "a", style: { spoiler: true } }, { text: "b", style: {} }],
    "\x0301,01a\x0fb",
  ],
  [
    [{ text: "5", style: { spoiler: true, bold: true } }, { text: "c", style: { colour: red } }],
    "\x02\x0301,015\x0f\x0304c",
  ],
];

for (const [rich, written] of WRITE) {
  Deno.test(`writeMirc() writes ${JSON.stringify(written)}`, () =>
    assert.equal(writeMirc(rich), written));
}

Deno.test("writeMirc() continues from a style", () => {
  assert.equal(writeMirc(plainText("x"), { bold: true }), "\x0fx");
});

Deno.test("readPlain() leaves the visible text", () => {
  assert.equal(readPlain("\x02Bye\x0f \x034all"), "Bye all");
});

Deno.test("readPlain() shows no hidden text, and one line", () => {
  assert.equal(readPlain("tonight:\v\x031,1Bob\x03 \u2028dies"), "tonight: [spoiler]  dies");
});

Deno.test("what writeMirc() hides, readMirc() finds hidden again, and nothing else", () => {
  const style = fc.record({
    bold: fc.constant(true as const),
    spoiler: fc.constant(true as const),
    colour: fc.constantFrom(red, black),
    background: fc.constantFrom(red, black),
  }, { requiredKeys: [] }).filter(({ spoiler, colour, background }) =>
    spoiler === true || colour === undefined || colour !== background
  );
  const span = fc.record({ text: fc.stringMatching(/^[a-z0-9,]{1,5}$/), style });
  fc.assert(fc.property(fc.array(span), (rich) => {
    const hiddenIn = (rich: RichText) =>
      rich.flatMap(({ text, style }) => Array.from(text, (letter) => `${letter}${style.spoiler}`));
    assert.deepEqual(hiddenIn(readMirc(writeMirc(rich))), hiddenIn(rich));
  }));
});

Deno.test("paletteNumber() gives every number back", () => {
  for (let number = 0; number < 99; number++) {
    const colour = paletteColour(number);
    assert.equal(colour && paletteNumber(colour), number);
  }
  assert.equal(paletteColour(99), null);
});
