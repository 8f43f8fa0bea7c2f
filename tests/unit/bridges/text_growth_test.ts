import assert from "node:assert/strict";
import { boundedText, clipBytes, visibleLine } from "../../../src/base/text.ts";
import { readCtcp } from "../../../src/bridges/irc/link/read_event.ts";
import { puppetNick } from "../../../src/bridges/irc/puppets/puppet_name.ts";
import { readMirc, writeMirc } from "../../../src/bridges/irc/text/formatting.ts";
import { composeLines, splitLine } from "../../../src/bridges/irc/text/lines.ts";
import { formatLine, lineCodec, readLine } from "../../../src/bridges/irc/wire/message.ts";
import { LineReader } from "../../../src/bridges/irc/wire/socket.ts";
import { pictureLinks, replaceLinks } from "../../../src/bridges/kosmi/pictures/uploads.ts";
import {
  readKosmiText,
  splitText,
  writeKosmiText,
} from "../../../src/bridges/kosmi/text/kosmi_text.ts";
import {
  readMarkdown,
  readPlainText,
  writeMarkdown,
} from "../../../src/bridges/kosmi/text/markdown.ts";
import { renderNickFormat } from "../../../src/relay/intake/compose.ts";
import { stripNick, visibleNick } from "../../../src/relay/intake/nick.ts";
import { excerptOf, LoopGuard, RecentSpeakers } from "../../../src/relay/intake/recent.ts";
import type { EndpointId, UserId } from "../../../src/relay/port/ids.ts";
import { barredText, openText, plainText } from "../../../src/relay/port/rich_text.ts";
import { growth, MOST_GROWTH } from "../../support/growth.ts";

const codec = lineCodec(null);
const endpoint = "irc.a #c" as EndpointId;
const speakers = new RecentSpeakers();
const person = { id: "u" as UserId, nick: "zoë", userId: "" };
speakers.spoke(endpoint, person, 0, null);
const loops = new LoopGuard();
loops.relayed(endpoint, "<zoë> ", "hello", 0);
const limits = {
  ...{ lineBytes: 400, maxLines: 1e9, split: true, clipped: "…", stripMarkup: false },
};
const values = {
  ...{ protocol: "irc", bridge: "a", gateway: "g", label: "", userId: "", channel: "#c" },
};

/** All that reads or writes what strangers say. */
const WORK: Readonly<Record<string, (text: string) => unknown>> = {
  readMarkdown,
  readPlainText,
  writeMarkdown: (text) => writeMarkdown(plainText(text)),
  "writeMarkdown of styles": (text) => writeMarkdown([{ text, style: { bold: true } }]),
  "writeKosmiText of hidden text": (text) =>
    writeKosmiText([{ text, style: { spoiler: true } }], "plain"),
  splitText: (text) => splitText(text, 200),
  pictureLinks,
  replaceLinks: (text) => replaceLinks(text, new Map([["http://a/b.png", "c"]])),
  readMirc,
  "readMirc and writeMirc": (text) => writeMirc(readMirc(text)),
  splitLine: (text) => splitLine(plainText(text), 300),
  composeLines: (text) =>
    composeLines({ prefix: plainText("<z> "), text: plainText(text), action: false }, limits),
  readCtcp: (text) => readCtcp(`\x01ACTION ${text}`),
  readLine: (text) => readLine(codec.encode(`:a!b@c PRIVMSG #c :${text}`), codec),
  "readLine of broken bytes": (text) => {
    const bytes = Uint8Array.from(text, (sign) => sign.charCodeAt(0) | 0x80);
    return readLine(Uint8Array.of(...codec.encode("PING :"), ...bytes), codec);
  },
  "LineReader, byte by byte": (text) => {
    const options = {
      maxLineBytes: 1e6,
      onLine: (line: Uint8Array) => line,
      onTooLong: () => assert.fail("too long"),
    };
    const reader = new LineReader(options);
    const bytes = codec.encode(text);
    for (let at = 0; at < bytes.length; at++) reader.push(bytes.subarray(at, at + 1));
  },
  "readLine as tags": (text) => readLine(codec.encode(`@a=${text} PING`), codec),
  "readLine as a mask": (text) => readLine(codec.encode(`:${text} PING`), codec),
  formatLine: (text) => formatLine({ command: "PRIVMSG", params: ["#c", text] }, 1e9),
  "formatLine as tag and target": (text) =>
    formatLine({ command: "PRIVMSG", params: [text, ""], tags: new Map([["+a", text]]) }, 1e9),
  puppetNick: (shown) => puppetNick({ shown, user: "k1234567", suffix: "[k]" }, 16),
  visibleNick,
  stripNick,
  renderNickFormat: (nick) => renderNickFormat("<{NOPINGNICK}> ", { ...values, nick }),
  excerptOf,
  openText: (text) => openText([{ text, style: { spoiler: true } }, ...plainText(text)]),
  barredText: (text) => barredText([{ text, style: { spoiler: true } }]),
  visibleLine,
  clipBytes: (text) => clipBytes(text, text.length - 1),
  "RecentSpeakers.addressed": (text) => speakers.addressed(endpoint, text),
  "LoopGuard.judge": (text) => loops.judge(endpoint, person.id, text, 1),
};

const UNITS = [
  ...[
    "*",
    "_a",
    "`",
    "` ",
    "**a ",
    "***a",
    "*a_b ",
    "[",
    "~~",
    "~~a ",
    "||",
    "||a ",
    "|| a\n",
    "\\",
    "\\`",
  ],
  ...[
    "```",
    "```\n",
    "```a\n",
    "\n```a",
    "a*",
    "* ",
    "a ``",
    "http://a/b.png.",
    "http://",
    ".",
    "…)",
  ],
  ...[
    " ",
    "\n",
    " \n",
    "a ",
    "\r",
    "\t",
    "\v",
    "\x01",
    "\x02",
    "\x02a",
    "\x0304,01a",
    "\x03",
    "\u200b",
    "a\u200b",
  ],
  ...[
    ";",
    "=",
    "\\s",
    "!",
    "@",
    ":",
    "/me ",
    "zoë: ",
    "<zoë> ",
    "é",
    "👍🏽",
    "a\u0301",
    "\u3164",
    "\ufffd",
    "{NICK}",
  ],
];

for (const [name, work] of Object.entries(WORK)) {
  Deno.test(`${name} takes time that grows with the text, not with its square`, () => {
    for (const unit of UNITS) {
      const ratio = growth(work, unit, 2_000);
      assert.ok(
        ratio <= MOST_GROWTH,
        `${JSON.stringify(unit)}: ${ratio} times what linear work takes`,
      );
    }
  });
}

/** Texts that no repetition makes: runs of ticks of every length, and marks that nest. */
function ticks(length: number): string {
  let text = "";
  for (let run = 1; text.length < length; run++) text += "`".repeat(run) + " ";
  return text;
}

function nested(length: number): string {
  const depth = Math.floor(length / 6);
  return "*a _".repeat(depth) + "_ *".repeat(depth);
}

for (
  const made of [ticks, nested, (length: number) => Array.from(ticks(length)).reverse().join("")]
) {
  Deno.test(`readMarkdown takes linear time for ${made.name || "runs that get shorter"}`, () => {
    const texts = new Map([1, 8].map((times) => [times, made(4_000 * times)]));
    const ratio = growth((input) => readMarkdown(texts.get(input.length) ?? ""), "x", 1);
    assert.ok(ratio <= MOST_GROWTH, `${ratio} times what linear work takes`);
  });
}

Deno.test("readKosmiText() says how much of an endless text it leaves out", () => {
  const [span] = readKosmiText("x".repeat(1_000_000), "markdown");
  assert.match(span?.text ?? "", /^x+… \[980000 more characters\]$/);
  assert.equal(boundedText("short"), "short");
});
