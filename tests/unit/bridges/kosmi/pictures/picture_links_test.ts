import assert from "node:assert/strict";
import { pictureType } from "../../../../../src/bridges/kosmi/pictures/download.ts";
import { pictureLinks, replaceLinks } from "../../../../../src/bridges/kosmi/pictures/uploads.ts";

const LINKS: readonly (readonly [text: string, links: readonly string[]])[] = [
  ["see https://a.example/cat.png", ["https://a.example/cat.png"]],
  ["(http://a.example/cat.JPEG), and", ["http://a.example/cat.JPEG"]],
  ["**https://a.example/b_c.gif**", ["https://a.example/b_c.gif"]],
  ["<https://a.example/x.webp?w=10&h=2#f>", ["https://a.example/x.webp?w=10&h=2#f"]],
  ["https://a.example/media/X?format=jpg&name=large", [
    "https://a.example/media/X?format=jpg&name=large",
  ]],
  ["https://a.example/a.png https://a.example/a.png", ["https://a.example/a.png"]],
  ["https://a.example/page.html", []],
  ["https://a.example/cat.svg", []],
  ["https://a.example/?x=cat.png", []],
  ["https://user:secret@a.example/cat.png", []],
  ["ftp://a.example/cat.png file:///cat.png //a.example/cat.png cat.png", []],
  ["https://", []],
  [`https://a.example/${"x".repeat(3_000)}.png`, []],
];

for (const [text, links] of LINKS) {
  Deno.test(`pictureLinks() of ${text.slice(0, 60)}`, () => {
    assert.deepEqual(pictureLinks(text), links);
  });
}

Deno.test("replaceLinks() replaces the links and nothing around them", () => {
  const by = new Map([["https://a.example/cat.png", "https://b.example/$&1.webp"]]);
  assert.equal(
    replaceLinks("(https://a.example/cat.png), https://a.example/cat.png2 🐈", by),
    "(https://b.example/$&1.webp), https://a.example/cat.png2 🐈",
  );
});

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const TYPES: readonly (readonly [start: string, type: string | null])[] = [
  ["\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"],
  ["\xff\xd8\xff\xe0\0\x10JFIF\0\x01", "image/jpeg"],
  ["GIF89a\x01\0\x01\0\0\0", "image/gif"],
  ["GIF87a\x01\0\x01\0\0\0", "image/gif"],
  ["RIFF\x10\0\0\0WEBPVP8 ", "image/webp"],
  ["RIFF\x10\0\0\0WAVEfmt ", null],
  ["<svg xmlns='http://www.w3.org/2000/svg'>", null],
  ["<!doctype html>", null],
  ["\x89PN", null],
  ["", null],
];

for (const [start, type] of TYPES) {
  Deno.test(`pictureType() of ${JSON.stringify(start)}`, () => {
    assert.equal(pictureType(bytes(start)), type);
  });
}
