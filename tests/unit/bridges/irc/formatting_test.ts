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

Deno.test("paletteNumber() gives every number back", () => {
  for (let number = 0; number < 99; number++) {
    const colour = paletteColour(number);
    assert.equal(colour && paletteNumber(colour), number);
  }
  assert.equal(paletteColour(99), null);
});
