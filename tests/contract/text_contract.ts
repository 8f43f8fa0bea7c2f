import assert from "node:assert/strict";
import fc from "fast-check";
import { isBlank, withLineBreaks } from "../../src/base/text.ts";
import type { ContractTest } from "./bridge_contract.ts";
import { outgoing, PREFIX } from "./stage.ts";

/** Texts that have broken relays before. */
const NASTY = [
  "\r\nQUIT :bye",
  "a\r\nPRIVMSG #one :b",
  "\0",
  "a\0b",
  "\x01VERSION\x01",
  "\x0304,12red\x03 \x02bold\x0f",
  "👩‍👩‍👧‍👦👨‍🏭🏴‍☠️",
  "e\u0301".repeat(300),
  "\u202eright to left\u202c",
  "\u200b",
  "\ufeff",
  "\u2028\u2029",
  ":leading colon",
  "/me waves",
  "/quit",
  "{NICK} $1 %s \\n",
  '<script>alert("1")</script> &amp; &lt;',
  "*stars* _under_ `code` ~~strike~~",
  "漢字".repeat(400),
  "   spaces   inside   ",
  "line one\nline two\n\n\nline five",
];

const piece = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom(...NASTY, "\r", "\n", "\r\n", "\ud83d", "\udc00", " ") },
);
const anyText = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));

/**
 * What of a text can be seen: without white space, controls, halves of characters, and lines of nothing but signs that
 * show nothing.
 */
function visible(text: string): string {
  return withLineBreaks(text.toWellFormed(), "\n").split("\n").filter((line) => !isBlank(line))
    .join("")
    .replace(/[\s\p{Cc}]/gu, "");
}

/** Rendering, and texts all the way to the service. */
export function textTests(test: ContractTest): void {
  test("render() answers the whole text in parts that join", async (stage, world) => {
    await stage.up();
    const whole = (text: string) => {
      const parts = world.bridge.render(stage.first, outgoing(text));
      const shown = parts.map((part) => {
        const read = world.read(part);
        assert.ok(read.startsWith(PREFIX), "each part carries the prefix");
        assert.ok(part.wire.isWellFormed(), "the wire text is well-formed");
        return visible(read.slice(PREFIX.length));
      });
      if (parts.length > 0 || !isBlank(text)) assert.equal(shown.join(""), visible(text));
      assert.ok(shown.every((each) => each !== ""), "no empty part");
    };
    NASTY.forEach(whole);
    fc.assert(fc.property(anyText, whole), { numRuns: 150 });
  });

  test("render() answers 10,000 characters whole", async (stage, world) => {
    await stage.up();
    for (const unit of ["word ", "x", "漢", "👩‍👩‍👧‍👦", "é\n"]) {
      const text = unit.repeat(Math.ceil(10_000 / unit.length));
      const parts = world.bridge.render(stage.first, outgoing(text));
      const shown = parts.map((part) => world.read(part).slice(PREFIX.length)).join("");
      assert.equal(visible(shown), visible(text));
    }
  });

  test("render() is pure", async (stage, world) => {
    await stage.up();
    const once = (text: string) => world.bridge.render(stage.first, outgoing(text));
    const seen = NASTY.map(once);
    fc.assert(
      fc.property(anyText, (text) => {
        const message = outgoing(text);
        const before = structuredClone(message);
        const parts = world.bridge.render(stage.first, message);
        assert.deepEqual(world.bridge.render(stage.first, message), parts);
        assert.deepEqual(message, before);
        assert.deepEqual(JSON.parse(JSON.stringify(parts)), parts, "plain data");
      }),
      { numRuns: 50 },
    );
    assert.deepEqual(NASTY.map(once), seen);
    assert.deepEqual(stage.ownShown(), []);
  });

  test("render() of nothing visible answers no part", async (stage, world) => {
    await stage.up();
    for (const text of ["", " ", "\n\n", "\r\n \t", "\0"]) {
      assert.deepEqual(world.bridge.render(stage.first, outgoing(text)), [], JSON.stringify(text));
    }
  });

  test("what the service shows is the wire text of each part", async (stage, world) => {
    await stage.up();
    const random = fc.sample(anyText, { numRuns: 40, seed: 7 });
    const parts = [...NASTY, ...random].flatMap((text) =>
      world.bridge.render(stage.first, outgoing(text))
    );
    const receipts = await Promise.all(parts.map((part) => stage.transmit(part)));
    for (const receipt of receipts) assert.equal(receipt.outcome, "confirmed");
    assert.deepEqual(stage.ownShown(), parts.map(({ wire }) => wire));
  });

  test("a prefix can't carry a command or swallow the text", async (stage, world) => {
    await stage.up();
    for (const prefix of ["\r\nQUIT :x\r\n", "x".repeat(2_000), "漢".repeat(500), "\0", ""]) {
      const message = outgoing("the text", { prefix: [{ text: prefix, style: {} }] });
      const parts = world.bridge.render(stage.first, message);
      assert.match(parts.map((part) => world.read(part)).join(" "), /the text/);
      const receipts = await Promise.all(parts.map((part) => stage.transmit(part)));
      for (const receipt of receipts) assert.equal(receipt.outcome, "confirmed");
    }
  });
}
