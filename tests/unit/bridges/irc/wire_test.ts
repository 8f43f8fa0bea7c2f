import fc from "fast-check";
import assert from "node:assert/strict";
import { normalPin } from "../../../../src/bridges/irc/wire/certificate.ts";
import { formatLine, lineCodec } from "../../../../src/bridges/irc/wire/message.ts";
import { LineReader } from "../../../../src/bridges/irc/wire/socket.ts";

const encoder = new TextEncoder();

const FORMATTED: readonly (readonly [string, readonly string[], string])[] = [
  ["PRIVMSG", ["#c", "hello world"], "PRIVMSG #c :hello world"],
  ["PRIVMSG", ["#c", ":)"], "PRIVMSG #c ::)"],
  ["TOPIC", ["#c", ""], "TOPIC #c :"],
  ["JOIN", ["#a,#b", "key"], "JOIN #a,#b key"],
  ["JOIN", ["#a b", "k\r\nQUIT"], "JOIN #a_b :k QUIT"],
  ["PRIVMSG", ["#c\r\nQUIT", "x"], "PRIVMSG #c_QUIT x"],
  ["PRIVMSG", [":evil", "x\0y\rz\n"], "PRIVMSG evil :x y z "],
  ["PRIVMSG", ["", "x"], "PRIVMSG * x"],
  ["QUIT\r\nJOIN", [], "QUIT JOIN"],
];

for (const [command, params, line] of FORMATTED) {
  Deno.test(`formatLine() writes ${JSON.stringify(line)}`, () => {
    assert.equal(formatLine({ command, params }), line);
  });
}

Deno.test("formatLine() lets nothing become a second line or tag", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, text, text, (target, body, key, value) => {
      const line = formatLine({
        command: "PRIVMSG",
        params: [target, body],
        tags: new Map([[`+${key}`, value]]),
      });
      assert.doesNotMatch(line, /[\r\n\0]/);
      assert.match(line, /^@[^ ]* PRIVMSG [^ ]+ /);
    }),
    { numRuns: 300 },
  );
});

Deno.test("formatLine() cuts what no server would take, not counting tags", () => {
  const line = formatLine({
    command: "PRIVMSG",
    params: ["#c", "😸".repeat(300)],
    tags: new Map([["label", "x;y z"]]),
  });
  assert.ok(line.startsWith("@label=x\\:y\\sz PRIVMSG"));
  assert.ok(encoder.encode(line.slice(line.indexOf(" ") + 1)).length <= 510);
  assert.ok(line.endsWith("😸"));
});

Deno.test("LineReader gives the same lines however the bytes are cut", () => {
  const bytes = encoder.encode("one\r\ntwo\n\r\n\nthree 😸\r\nrest");
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (cuts) => {
    const lines: string[] = [];
    const reader = new LineReader({
      maxLineBytes: 100,
      onLine: (line) => lines.push(new TextDecoder().decode(line)),
      onTooLong: () => assert.fail("too long"),
    });
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const step = cuts[i % cuts.length] ?? 1;
      reader.push(bytes.subarray(at, at + step));
      at += step;
    }
    assert.deepEqual(lines, ["one", "two", "three 😸"]);
  }));
});

Deno.test("LineReader throws an endless line away and tells its length once", () => {
  const lines: number[] = [];
  const tooLong: number[] = [];
  const reader = new LineReader({
    maxLineBytes: 10,
    onLine: (line) => lines.push(line.length),
    onTooLong: (bytes) => tooLong.push(bytes),
  });
  for (let i = 0; i < 50; i++) reader.push(encoder.encode("x".repeat(7)));
  reader.push(encoder.encode("\nshort\r\n"));
  assert.deepEqual([tooLong, lines], [[350], [5]]);
});

const CHARSETS: readonly (readonly [string, string, readonly number[]])[] = [
  ["windows-1252", "5 €", [0x35, 0x20, 0x80]],
  ["iso-8859-15", "€", [0xa4]],
  ["koi8-r", "да", [0xc4, 0xc1]],
  ["gbk", "中", [0xd6, 0xd0]],
  ["shift_jis", "あ", [0x82, 0xa0]],
  ["windows-1252", "漢", [0x3f]],
];

for (const [charset, text, bytes] of CHARSETS) {
  Deno.test(`lineCodec() writes ${text} in ${charset}`, () => {
    assert.deepEqual([...lineCodec(charset).encode(text)], bytes);
  });
}

Deno.test("lineCodec() reads valid UTF-8 whatever the charset, else the fallback", () => {
  for (const charset of [null, "utf-8", "windows-1252", "koi8-r"]) {
    assert.equal(lineCodec(charset).decode(encoder.encode("åså 😸 \ufeff")), "åså 😸 \ufeff");
  }
  assert.equal(lineCodec(null).decode(Uint8Array.of(0xe5)), "å");
  assert.equal(lineCodec("utf-8").decode(Uint8Array.of(0xe5)), "å");
  assert.equal(lineCodec("koi8-r").decode(Uint8Array.of(0xc4)), "д");
  assert.throws(() => lineCodec("klingon-1"), RangeError);
});

Deno.test("normalPin() reads every way to write a fingerprint", () => {
  for (const written of ["AB:CD", "ab cd", "abcd", "SHA256:AB:CD", "sha-256=abcd"]) {
    assert.equal(normalPin(written), "abcd");
  }
});
