import assert from "node:assert/strict";
import fc from "fast-check";
import { Message } from "../../../sandbox/irc/message.ts";
import { fold, fullMask, isNick, matchesMask } from "../../../sandbox/irc/names.ts";
import { LineReader } from "../../../sandbox/irc/line_reader.ts";
import { escapeTagValue, fromWire, parseClientLine, toWire } from "../../../sandbox/irc/wire.ts";
import { LineCutter, parseIrcLine } from "../../../support/irc_line.ts";

Deno.test("parseClientLine() takes lines apart", () => {
  const table: [line: string, command: string, params: string[]][] = [
    ["privmsg #c :a  b", "PRIVMSG", ["#c", "a  b"]],
    [":forged!x@y NICK bob", "NICK", ["bob"]],
    ["@a=b;c MODE  #c   +b", "MODE", ["#c", "+b"]],
    ["TOPIC #c :", "TOPIC", ["#c", ""]],
    ["PRIVMSG #c :)", "PRIVMSG", ["#c", ")"]],
    ["USER a 0 * b:c", "USER", ["a", "0", "*", "b:c"]],
  ];
  for (const [line, command, params] of table) {
    const parsed = parseClientLine(line);
    assert.deepEqual([parsed?.command, parsed?.params], [command, params], line);
  }
  assert.equal(parseClientLine("@tags-only"), null);
  assert.equal(parseClientLine(""), null);
});

Deno.test("tag values survive escaping, as both parsers read them", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    const escaped = escapeTagValue(toWire(value));
    assert.doesNotMatch(escaped, /[;\r\n ]/);
    const tags = parseClientLine(`@k=${escaped} X`)?.tags;
    assert.equal(fromWire(tags?.get("k") ?? "?"), value);
    const line = parseIrcLine(new TextEncoder().encode(`@k=${fromWire(escaped)} X`), 0);
    assert.equal(line.tags["k"], value);
  }));
});

Deno.test("Message and parseIrcLine() agree", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 50 }), (text) => {
    fc.pre(!/[\r\n\0]/.test(text));
    const caps = new Set(["message-tags", "server-time"]);
    const tags = { msgid: "m1", time: "2026-01-02T03:04:05.000Z" };
    const message = new Message("ada!a@h", `PRIVMSG #c :${toWire(text)}`, tags);
    const bytes = Uint8Array.from(message.line(caps), (character) => character.charCodeAt(0));
    const line = parseIrcLine(bytes.subarray(0, -2), 0);
    assert.deepEqual(line.params, ["#c", text]);
    assert.deepEqual({ ...line.tags }, tags);
    assert.equal(line.nick, "ada");
  }));
});

Deno.test("LineReader and LineCutter find the same lines however the bytes are cut", () => {
  const lines = fc.array(fc.stringMatching(/^[a-z ]{1,30}$/), { maxLength: 20 });
  fc.assert(fc.property(lines, fc.array(fc.integer({ min: 1, max: 40 })), (expected, sizes) => {
    const all = expected.map((line) => `${line}\r\n`).join("");
    const reader = new LineReader();
    const cutter = new LineCutter();
    const read: string[] = [];
    const cut: string[] = [];
    for (let at = 0, turn = 0; at < all.length; turn++) {
      const piece = all.slice(at, at + (sizes[turn % sizes.length] ?? 7));
      at += piece.length;
      read.push(...reader.read(piece).map((line) => line.text));
      const bytes = new TextEncoder().encode(piece);
      cut.push(...cutter.cut(bytes).map((line) => new TextDecoder().decode(line)));
    }
    assert.deepEqual(read, expected);
    assert.deepEqual(cut, expected);
  }));
});

Deno.test("LineReader counts tags apart and says what is too long", () => {
  const reader = new LineReader();
  const [fits, over, tagged] = reader.read(
    `${"a".repeat(510)}\r\n${"b".repeat(511)}\r\n@x=${"y".repeat(8_000)} ${"c".repeat(510)}\r\n`,
  );
  assert.deepEqual([fits?.tooLong, over?.tooLong, tagged?.tooLong], [false, true, false]);
  assert.equal(over?.text.length, 510);
});

Deno.test("names fold by the server's case mapping", () => {
  assert.equal(fold("Nick[A]\\^", "rfc1459"), "nick{a}|~");
  assert.equal(fold("Nick[A]\\^", "ascii"), "nick[a]\\^");
  assert.equal(fold("\xc4", "rfc1459"), "\xc4");
  assert.deepEqual(["a", "a-1", "[x]", "1a", "a b", "ä"].map((nick) => isNick(nick, 9)), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

Deno.test("ban masks match as people write them", () => {
  assert.deepEqual(["ada", "a!b", "x@y", "n!u@h"].map(fullMask), [
    "ada!*@*",
    "a!b@*",
    "*!x@y",
    "n!u@h",
  ]);
  assert.equal(matchesMask("ada!u@home.example", "a?a!*@*.example"), true);
  assert.equal(matchesMask("ada!u@home.example", "a.a!*@*"), false);
});
