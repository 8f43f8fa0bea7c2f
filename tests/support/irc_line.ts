/** One line from an IRC server, taken apart. */
export interface IrcLine {
  readonly tags: Readonly<Record<string, string>>;
  /** Before the first space, without the colon: `nick!user@host` or a server; "" when the line has none. */
  readonly source: string;
  /** The nick of `source`. */
  readonly nick: string;
  /** Upper case. */
  readonly command: string;
  readonly params: readonly string[];
  /** The last parameter; "" when there is none. */
  readonly text: string;
  /** The line as text, without CRLF; invalid UTF-8 shows as U+FFFD. */
  readonly raw: string;
  /** The line as it came, without CRLF. */
  readonly bytes: Uint8Array;
  /** When it came (performance.now()). */
  readonly atMs: number;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Takes a line apart; never throws. */
export function parseIrcLine(bytes: Uint8Array, atMs: number): IrcLine {
  const raw = decoder.decode(bytes);
  let rest = raw;
  let tags: Record<string, string> = {};
  let source = "";
  if (rest.startsWith("@")) {
    const [word, after] = cutWord(rest);
    tags = parseTags(word.slice(1));
    rest = after;
  }
  if (rest.startsWith(":")) {
    const [word, after] = cutWord(rest);
    source = word.slice(1);
    rest = after;
  }
  const [command, after] = cutWord(rest);
  const params = parseParams(after);
  const nick = source.split("!", 1)[0] ?? "";
  const text = params.at(-1) ?? "";
  return { tags, source, nick, command: command.toUpperCase(), params, text, raw, bytes, atMs };
}

function cutWord(text: string): [string, string] {
  const space = text.indexOf(" ");
  if (space === -1) return [text, ""];
  let next = space;
  while (text[next] === " ") next++;
  return [text.slice(0, space), text.slice(next)];
}

function parseParams(text: string): string[] {
  const params: string[] = [];
  let rest = text;
  while (rest !== "") {
    if (rest.startsWith(":")) {
      params.push(rest.slice(1));
      break;
    }
    const [word, after] = cutWord(rest);
    params.push(word);
    rest = after;
  }
  return params;
}

const UNESCAPED: Readonly<Record<string, string>> = {
  ":": ";",
  s: " ",
  "\\": "\\",
  r: "\r",
  n: "\n",
};

function parseTags(text: string): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const part of text.split(";")) {
    const equals = part.indexOf("=");
    const key = equals === -1 ? part : part.slice(0, equals);
    const value = equals === -1 ? "" : part.slice(equals + 1);
    tags[key] = value.replace(/\\(.?)/g, (_all, escaped: string) => UNESCAPED[escaped] ?? escaped);
  }
  return tags;
}

/** Cuts a byte stream at LF (with or without CR before it). */
export class LineCutter {
  #rest: Uint8Array = new Uint8Array(0);

  /** The lines that this chunk completes. */
  cut(chunk: Uint8Array): Uint8Array[] {
    const data = this.#rest.length === 0 ? chunk : join(this.#rest, chunk);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
      lines.push(data.subarray(start, data[end - 1] === 13 && end > start ? end - 1 : end));
      start = end + 1;
    }
    this.#rest = data.subarray(start);
    return lines;
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
