import fc from "fast-check";
import assert from "node:assert/strict";
import { normalPin } from "../../../../src/bridges/irc/wire/certificate.ts";
import {
  formatLine,
  type IrcMessage,
  lineCodec,
  readLine,
} from "../../../../src/bridges/irc/wire/message.ts";
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

const BYTES: readonly (readonly [string | null, string, readonly number[], string])[] = [
  [null, "UTF-8 cut at its end", [0xd0, 0xb4, 0xd0, 0xb0, 0xd0], "да\ufffd"],
  [null, "UTF-8 with one bad byte", [0xd0, 0xb4, 0xff, 0xd0, 0xb0], "д\ufffdа"],
  [null, "UTF-8 cut at its start", [0xb4, 0xd0, 0xb0], "\ufffdа"],
  [null, "CJK cut at its end", [0xe4, 0xb8, 0xad, 0xe6, 0x96], "中\ufffd"],
  [null, "Latin-1 without any sequence", [0x63, 0x61, 0x66, 0xe9], "café"],
  [null, "CESU-8", [0x68, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0xb8], "h😸"],
  [null, "CESU-8 in a cut text", [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0xb8, 0xd0], "😸\ufffd"],
  ["koi8-r", "UTF-8 cut at its end", [0xd0, 0xb4, 0xd0, 0xb0, 0xd0], "да\ufffd"],
  ["windows-1251", "letters that look like a sequence", [0xc5, 0xb8, 0xe6, 0xe8, 0xea], "Еёжик"],
  ["gbk", "letters that look like sequences", [0xc4, 0xe3, 0xba, 0xc3], "你好"],
  ["iso-2022-jp", "escapes", [0x61, 0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x21], "aあ!"],
  ["iso-2022-jp", "UTF-8", [0xe3, 0x81, 0x82], "あ"],
];

for (const [charset, what, bytes, text] of BYTES) {
  Deno.test(`lineCodec(${charset}) reads ${what}`, () =>
    assert.equal(lineCodec(charset).decode(Uint8Array.from(bytes)), text));
}

Deno.test("lineCodec() reads back what it wrote in ISO-2022-JP, and ends in ASCII", () => {
  const codec = lineCodec("iso-2022-jp");
  for (const text of ["日本語 and ASCII あ", "カナ", "plain", "", "終"]) {
    const bytes = codec.encode(text);
    assert.ok(bytes.every((byte) => byte < 0x80));
    assert.equal(codec.decode(bytes), text);
    assert.equal(new TextDecoder("iso-2022-jp").decode(bytes), text);
  }
  assert.equal(codec.decode(codec.encode("ｶﾞ🎬")), "ガ?");
});

Deno.test("lineCodec() never throws, and gives valid UTF-8 back unchanged", () => {
  for (const charset of [null, "koi8-r", "shift_jis", "iso-2022-jp"]) {
    const codec = lineCodec(charset);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = codec.decode(bytes);
      assert.ok(text.isWellFormed());
    }));
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      if (charset !== "iso-2022-jp") assert.equal(codec.decode(encoder.encode(text)), text);
    }));
  }
});

function line(...parts: readonly (string | readonly number[])[]) {
  const bytes = parts.flatMap((part) =>
    typeof part === "string" ? [...encoder.encode(part)] : part
  );
  return readLine(Uint8Array.from(bytes), lineCodec(null));
}

Deno.test("readLine() decodes every parameter for itself", () => {
  const said = line(":Zoë!u@h PRIVMSG #да :", [0xe9, 0x74, 0xe9]);
  assert.deepEqual([said.nick, ...said.params], ["Zoë", "#да", "été"]);
  const cut = line(":bob!u@h PRIVMSG #да :дааа", [0xd0]);
  assert.deepEqual(cut.params, ["#да", "дааа\ufffd"]);
  const old = line(":Z", [0xeb], "!u@h PRIVMSG #c :да");
  assert.deepEqual([old.nick, ...old.params], ["Zë", "#c", "да"]);
});

const READ: readonly (readonly [string, Partial<IrcMessage>])[] = [
  ["PING", { nick: "", command: "PING", params: [] }],
  ["ping :a b", { command: "PING", params: ["a b"] }],
  [":irc.test 001 relay :Hi", { nick: "irc.test", user: "", command: "001" }],
  [":a!u@h PRIVMSG #c :", { nick: "a", user: "u", host: "h", params: ["#c", ""] }],
  [":a!u@h PRIVMSG   #c  ::)", { params: ["#c", ":)"] }],
  [":a JOIN :#c", { nick: "a", params: ["#c"] }],
  ["@time=x;+draft/reply=a\\:b\\s\\\\;k :a!u@h TAGMSG #c", {
    tags: new Map([["time", "x"], ["+draft/reply", "a;b \\"], ["k", ""]]),
  }],
  ["@text=да PING", { tags: new Map([["text", "да"]]) }],
  ["@__proto__=1 PING", { tags: new Map([["__proto__", "1"]]) }],
  [":a!u@h PRIVMSG #c :x\ry", { params: ["#c", "x y"] }],
  ["", { command: "", params: [] }],
  [":", { command: "", params: [] }],
  ["@", { command: "", params: [] }],
];

for (const [written, expected] of READ) {
  Deno.test(`readLine() reads ${JSON.stringify(written)}`, () => {
    const message = line(written);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(message[key as keyof IrcMessage], value);
    }
  });
}

Deno.test("readLine() takes any bytes, and reads back what formatLine() wrote", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      readLine(bytes, lineCodec(null));
    }),
    { numRuns: 500 },
  );
  const word = fc.stringMatching(/^[^\s:\r\n\0][^\s\r\n\0]{0,10}$/u);
  const text = fc.string({ unit: "grapheme" });
  fc.assert(fc.property(word, text, text, (target, body, value) => {
    const params = [target, body];
    const written = formatLine({ command: "PRIVMSG", params, tags: new Map([["+k", value]]) });
    const read = line(written);
    const oneLine = (text: string) => text.replace(/[\r\n\0]+/g, " ");
    assert.deepEqual(read.params, [oneLine(target), oneLine(body)]);
    assert.equal(read.tags.get("+k"), value.replaceAll("\0", ""));
  }));
});

Deno.test("normalPin() reads every way to write a fingerprint", () => {
  for (const written of ["AB:CD", "ab cd", "abcd", "SHA256:AB:CD", "sha-256=abcd"]) {
    assert.equal(normalPin(written), "abcd");
  }
});
