import { clipBytes } from "../../../base/text.ts";
import type { OutLine } from "./message.ts";

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
