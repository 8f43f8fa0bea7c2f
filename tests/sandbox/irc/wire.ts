import { Buffer } from "node:buffer";

/**
 * What goes over the wire, one character for each BYTE ("binary string"), so that lengths are bytes and invalid UTF-8
 * passes unaltered, as in real servers. Everything inside the server is such text; only its interface for tests has
 * ordinary text.
 */
export type Wire = string;

export function toWire(text: string | Uint8Array): Wire {
  return Buffer.from(typeof text === "string" ? new TextEncoder().encode(text) : text)
    .toString("latin1");
}

export function fromWire(wire: Wire): string {
  return Buffer.from(wire, "latin1").toString("utf8");
}

/** A line from a client, taken apart. */
export interface ClientLine {
  readonly tags: ReadonlyMap<string, Wire>;
  /** Upper case. */
  readonly command: string;
  readonly params: readonly Wire[];
}

const NO_TAGS: ReadonlyMap<string, Wire> = new Map();

/** Takes a line apart; null for an empty one. A source that the client claims is dropped. */
export function parseClientLine(line: Wire): ClientLine | null {
  let rest = line;
  let tags = NO_TAGS;
  if (rest.startsWith("@")) {
    const end = rest.indexOf(" ");
    if (end === -1) return null;
    tags = parseTags(rest.slice(1, end));
    rest = rest.slice(end + 1);
  }
  if (rest.startsWith(":")) rest = rest.slice((rest + " ").indexOf(" ") + 1);
  const words = splitParams(rest);
  const command = words.shift();
  if (command === undefined || command === "") return null;
  return { tags, command: command.toUpperCase(), params: words };
}

function splitParams(line: Wire): Wire[] {
  const words: Wire[] = [];
  let at = 0;
  while (at < line.length) {
    if (line[at] === " ") {
      at++;
      continue;
    }
    if (line[at] === ":" && words.length > 0) {
      words.push(line.slice(at + 1));
      break;
    }
    let end = line.indexOf(" ", at);
    if (end === -1) end = line.length;
    words.push(line.slice(at, end));
    at = end;
  }
  return words;
}

const ESCAPES: readonly (readonly [string, string])[] = [
  ["\\", "\\\\"],
  [";", "\\:"],
  [" ", "\\s"],
  ["\r", "\\r"],
  ["\n", "\\n"],
];

export function escapeTagValue(value: Wire): Wire {
  return ESCAPES.reduce((text, [plain, escaped]) => text.replaceAll(plain, escaped), value);
}

function parseTags(text: Wire): ReadonlyMap<string, Wire> {
  const tags = new Map<string, Wire>();
  for (const part of text.split(";")) {
    const [key = "", ...value] = part.split("=");
    if (key !== "") tags.set(key, unescapeTagValue(value.join("=")));
  }
  return tags;
}

function unescapeTagValue(value: Wire): Wire {
  return value.replace(/\\(.?)/g, (_all, escaped: string) => {
    const pair = ESCAPES.find(([, text]) => text === `\\${escaped}`);
    return pair === undefined ? escaped : pair[0];
  });
}
