// @ts-types="./irc_framework.d.ts"
import parseIrcLine from "irc-framework/src/irclineparser.js";
import { Buffer } from "node:buffer";
import { clipBytes } from "../../../base/text.ts";

/** One line from the server, read apart. The only form in which server lines exist outside the adapter. */
export interface IrcMessage {
  readonly tags: ReadonlyMap<string, string>;
  /** Nick of the sender, or the server's name. */
  readonly nick: string;
  /** Empty when the sender is a server or gave none. */
  readonly user: string;
  readonly host: string;
  /** Upper case: a command's name or three digits. */
  readonly command: string;
  readonly params: readonly string[];
}

/** One line for the server. */
export interface OutLine {
  readonly command: string;
  readonly params: readonly string[];
  readonly tags?: ReadonlyMap<string, string>;
}

/**
 * Reads a line apart before its bytes become text: the syntax is ASCII, while name, target and text may each be in
 * another charset, or broken, without harm to the others. Tags are always UTF-8.
 */
export function readLine(bytes: Uint8Array, codec: LineCodec): IrcMessage {
  // A byte each. A carriage return within a line is no end of it, and makes the parser slow.
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("latin1").replace(/[\r\n]/g, " ");
  const parsed = parseIrcLine(line);
  const decode = (part: string) => isAscii(part) ? part : codec.decode(Buffer.from(part, "latin1"));
  return {
    tags: new Map(Object.entries(parsed.tags).map(([key, value]) => [key, utf8Of(value)])),
    nick: decode(parsed.nick === "" ? parsed.prefix : parsed.nick),
    user: decode(parsed.ident),
    host: decode(parsed.hostname),
    command: parsed.command,
    params: parsed.params.map(decode),
  };
}

/** True where every charset reads the same; an escape may begin a sequence of ISO-2022-JP. */
function isAscii(part: string): boolean {
  // deno-lint-ignore no-control-regex
  return !/[\x1b\x80-\xff]/.test(part);
}

function utf8Of(part: string): string {
  return isAscii(part) ? part : Buffer.from(part, "latin1").toString("utf8");
}

/** A parameter, or "" where the server sent fewer. */
export function param(message: IrcMessage, index: number): string {
  return message.params[index] ?? "";
}

/** The last parameter: where servers put the text for people. */
export function lastParam(message: IrcMessage): string {
  return message.params.at(-1) ?? "";
}

/** Time of the `time` tag (server-time) in milliseconds since the UNIX epoch; null where absent or malformed. */
export function serverTimeMs(message: IrcMessage): number | null {
  const written = message.tags.get("time");
  if (written === undefined) return null;
  const atMs = Date.parse(written);
  return Number.isNaN(atMs) ? null : atMs;
}

/** A line may hold this many bytes without its tags and its CRLF; InspIRCd cuts what is longer, ngircd hangs up. */
const MAX_LINE_BYTES = 510;

/** What ends a line or a string for some server: ngircd takes a lone CR or LF for a line's end. */
const LINE_BREAKERS = /[\r\n\0]+/g;

/** The text as one line: no CR, LF or NUL left. */
function singleLine(text: string): string {
  return text.replace(LINE_BREAKERS, " ");
}

/**
 * Writes a line without its CRLF. No value can become a second line or a second parameter: CR, LF and NUL turn into
 * spaces, spaces inside a middle parameter into `_`, and a leading colon there loses its meaning.
 */
export function formatLine(line: OutLine, maxBytes = MAX_LINE_BYTES): string {
  const last = line.params.length - 1;
  const params = line.params.map((value, index) =>
    index === last ? trailing(value) : middle(value)
  );
  const body = clipBytes([singleLine(line.command), ...params].join(" "), maxBytes);
  return formatTags(line.tags) + body;
}

/** A colon where the text needs it: empty, with spaces, or beginning with a colon of its own. */
function trailing(value: string): string {
  const text = singleLine(value);
  return text === "" || text.startsWith(":") || text.includes(" ") ? `:${text}` : text;
}

function middle(value: string): string {
  const text = singleLine(value).replaceAll(" ", "_");
  return text === "" ? "*" : text.replace(/^:+/, "");
}

function formatTags(tags: ReadonlyMap<string, string> | undefined): string {
  if (tags === undefined || tags.size === 0) return "";
  const written = [...tags].map(([key, value]) => {
    const name = key.replace(/[^A-Za-z0-9+\-./]/g, "");
    return value === "" ? name : `${name}=${escapeTag(value)}`;
  });
  return `@${written.join(";")} `;
}

const TAG_ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  ";": "\\:",
  " ": "\\s",
  "\r": "\\r",
  "\n": "\\n",
  "\0": "",
};

function escapeTag(value: string): string {
  return value.replace(/[\\; \r\n\0]/g, (char) => TAG_ESCAPES[char] ?? "");
}

/** Bytes to text and back, one parameter of a line at a time: each may have been written by somebody else. */
interface LineCodec {
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const ESCAPE = 0x1b;

/**
 * Reads UTF-8 first, whatever the charset is. A text that is not quite valid is still UTF-8 with U+FFFD for what is
 * broken (servers cut lines between any two bytes); only one without any valid sequence is read in the fallback:
 * windows-1252 for `charset` null, else that charset, which lines are then written in. What it lacks becomes "?".
 * Throws a RangeError for a charset that does not exist.
 */
export function lineCodec(charset: string | null): LineCodec {
  const legacy = new TextDecoder(charset ?? "windows-1252");
  const writesUtf8 = charset === null || legacy.encoding === "utf-8";
  const fallback = writesUtf8 ? new TextDecoder("windows-1252") : legacy;
  const isStateful = legacy.encoding === "iso-2022-jp";
  return {
    decode(bytes) {
      if (isStateful && bytes.includes(ESCAPE)) return legacy.decode(bytes);
      return decodeUtf8(bytes, charset !== null) ?? fallback.decode(bytes);
    },
    encode: writesUtf8 ? (text) => utf8.encode(text) : legacyEncoder(legacy.encoding),
  };
}

/**
 * Null for what is no UTF-8. Some charsets have letters side by side that happen to be a valid sequence: where one is
 * expected, a text with more broken bytes than letters is taken for that.
 */
function decodeUtf8(bytes: Uint8Array, expectsOther: boolean): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    const text = lenientUtf8.decode(joinedSurrogates(bytes));
    let valid = 0;
    let broken = 0;
    for (const char of text) {
      if (char === "\ufffd") broken++;
      else if (char > "\x7f") valid++;
    }
    return valid === 0 || (expectsOther && broken > valid) ? null : text;
  }
}

/** CESU-8: some programs write each half of a surrogate pair as a sequence of its own, six bytes for one sign. */
function joinedSurrogates(bytes: Uint8Array): Uint8Array {
  const joined: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const high = surrogateAt(bytes, at, 0xa0);
    const low = high === null ? null : surrogateAt(bytes, at + 3, 0xb0);
    if (high === null || low === null) {
      joined.push(bytes[at] ?? 0);
    } else {
      joined.push(...utf8.encode(String.fromCodePoint(0x10000 + (high << 10) + low)));
      at += 5;
    }
  }
  return Uint8Array.from(joined);
}

/** Ten bits of half a pair; null where there is none. `kind` 0xa0: first halves; 0xb0: second ones. */
function surrogateAt(bytes: Uint8Array, at: number, kind: number): number | null {
  const [lead, second = 0, third = 0] = bytes.subarray(at, at + 3);
  if (lead !== 0xed || (second & 0xf0) !== kind || (third & 0xc0) !== 0x80) return null;
  return (second & 0x0f) << 6 | third & 0x3f;
}

/** The platform writes UTF-8 only. */
function legacyEncoder(encoding: string): (text: string) => Uint8Array {
  if (encoding === "iso-2022-jp") return encodeIso2022Jp;
  const table = encodingTable(encoding);
  return (text) => Uint8Array.from(Array.from(text).flatMap((char) => table.get(char) ?? [0x3f]));
}

/**
 * One- and two-byte charsets are small enough to be read out of their decoder: each byte sequence is decoded once and
 * noted in reverse.
 */
function encodingTable(encoding: string): ReadonlyMap<string, readonly number[]> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const table = new Map<string, readonly number[]>();
  const note = (sequence: readonly number[]): boolean => {
    try {
      const char = decoder.decode(Uint8Array.from(sequence));
      if (Array.from(char).length !== 1) return false;
      if (!table.has(char)) table.set(char, sequence);
      return true;
    } catch {
      return false;
    }
  };
  for (let first = 0; first < 256; first++) {
    if (note([first])) continue;
    for (let second = 0x21; second < 256; second++) note([first, second]);
  }
  return table;
}

/** How many bytes one of UTF-8 may become: a kanji between Latin letters has two escape sequences around it. */
export function growthIn(charset: string | null): number {
  return charset !== null && new TextDecoder(charset).encoding === "iso-2022-jp" ? 8 / 3 : 1;
}

let kanji: ReadonlyMap<string, readonly number[]> | null = null;

/** EUC-JP has the same two bytes with their high bit set; in ISO-2022-JP an escape sequence stands around them. */
function encodeIso2022Jp(text: string): Uint8Array {
  kanji ??= encodingTable("euc-jp");
  const bytes: number[] = [];
  let inKanji = false;
  const shift = (wanted: boolean) => {
    if (wanted !== inKanji) bytes.push(ESCAPE, ...wanted ? [0x24, 0x42] : [0x28, 0x42]);
    inKanji = wanted;
  };
  // It has no half-width katakana.
  for (const char of text.replace(/[\uff61-\uff9f]+/g, (half) => half.normalize("NFKC"))) {
    const [first, second] = kanji.get(char) ?? [];
    const isKanji = first !== undefined && second !== undefined && first >= 0xa1;
    shift(isKanji);
    if (isKanji) bytes.push(first & 0x7f, second & 0x7f);
    else bytes.push(char <= "\x7f" ? char.charCodeAt(0) : 0x3f);
  }
  shift(false);
  return Uint8Array.from(bytes);
}
