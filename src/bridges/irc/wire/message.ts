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
export const MAX_LINE_BYTES = 510;

/** What ends a line or a string for some server: ngircd takes a lone CR or LF for a line's end. */
const LINE_BREAKERS = /[\r\n\0]+/g;

/** The text as one line: no CR, LF or NUL left. */
export function singleLine(text: string): string {
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

/** Bytes to text and back. Reading takes valid UTF-8 first, whatever the fallback is. */
export interface LineCodec {
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
}

const utf8 = new TextEncoder();

/**
 * `charset` null: UTF-8, and windows-1252 for what is not valid UTF-8. Else that charset is the fallback, and lines
 * are written in it; what it lacks becomes "?". Throws a RangeError for a charset that does not exist.
 */
export function lineCodec(charset: string | null): LineCodec {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const fallback = new TextDecoder(charset ?? "windows-1252");
  const writesUtf8 = charset === null || fallback.encoding === "utf-8";
  const legacy = writesUtf8 ? null : new LegacyEncoder(fallback);
  return {
    decode(bytes) {
      try {
        return strict.decode(bytes);
      } catch {
        return (writesUtf8 && charset !== null ? latin() : fallback).decode(bytes);
      }
    },
    encode: (text) => legacy === null ? utf8.encode(text) : legacy.encode(text),
  };
}

function latin(): TextDecoder {
  return new TextDecoder("windows-1252");
}

/**
 * The platform writes UTF-8 only. One- and two-byte charsets are small enough to be read out of their decoder: each
 * byte sequence is decoded once and noted in reverse.
 */
class LegacyEncoder {
  readonly #sequences: Map<string, readonly number[]> = new Map();

  constructor(decoder: TextDecoder) {
    const fatal = new TextDecoder(decoder.encoding, { fatal: true });
    for (let first = 0; first < 256; first++) {
      if (this.#note(fatal, [first])) continue;
      for (let second = 0x21; second < 256; second++) this.#note(fatal, [first, second]);
    }
  }

  encode(text: string): Uint8Array {
    const bytes: number[] = [];
    for (const char of text) bytes.push(...this.#sequences.get(char) ?? [0x3f]);
    return Uint8Array.from(bytes);
  }

  #note(decoder: TextDecoder, sequence: readonly number[]): boolean {
    try {
      const char = decoder.decode(Uint8Array.from(sequence));
      if ([...char].length !== 1) return false;
      if (!this.#sequences.has(char)) this.#sequences.set(char, sequence);
      return true;
    } catch {
      return false;
    }
  }
}
