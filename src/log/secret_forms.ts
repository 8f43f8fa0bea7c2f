import { Buffer } from "node:buffer";

/** Below this length a value is too common to be searched for inside other text: it would mark half the log. */
export const MIN_SEARCHED_LENGTH = 4;

/** Below this length the base64 of a value is too short to tell from chance. */
const MIN_BASE64_BYTES = 6;

/** In longer values (tokens) only what encoders encode is looked for encoded: the expression would get too large. */
const MAX_FULLY_SPELLED = 64;

/** Escaped once, twice, three times. Bounded, because a long run of backslashes would be searched again from each. */
const BACKSLASHES = "\\\\{1,8}";

const HTML: ReadonlyMap<string, string> = new Map([
  ["&", "&(?:amp|#38);"],
  ["<", "&(?:lt|#60);"],
  [">", "&(?:gt|#62);"],
  ['"', "&(?:quot|#34);"],
  ["'", "&(?:apos|#39|#x27);"],
]);

const ESCAPE_LETTERS: ReadonlyMap<string, string> = new Map([
  ["\b", "b"],
  ["\f", "f"],
  ["/", "/"],
]);

/**
 * Source of a regular expression that finds `secret` as it stands, with any of its characters percent-encoded,
 * JSON-escaped or HTML-escaped, in hexadecimal, and inside base64 at any offset. `secret` has at least
 * MIN_SEARCHED_LENGTH characters.
 */
export function secretForms(secret: string): string {
  const bytes = Buffer.from(secret, "utf8");
  const hex = [...bytes.toString("hex")].map(anyCase).join("");
  const base64 = bytes.length < MIN_BASE64_BYTES ? [] : base64Forms(secret);
  return [spelledForm(secret), hex, ...base64].join("|");
}

function base64Forms(secret: string): string[] {
  const edge = "[A-Za-z0-9+/_-]{0,2}";
  return base64Cores(secret).map((core) => {
    const spelled = core.replaceAll("+", "(?:\\+|%2[bB])").replaceAll("/", "(?:\\\\?/|%2[fF])");
    return `${edge}${spelled}${edge}(?:=|%3[dD]){0,2}`;
  });
}

/** The characters that `text` leaves in base64 whatever stands around it: three offsets, two alphabets. */
export function base64Cores(text: string): string[] {
  const cores = new Set<string>();
  const bytes = Buffer.from(text, "utf8");
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64url");
    const firstOwn = Math.ceil(offset * 8 / 6);
    const lastOwn = Math.floor((offset + bytes.length) * 8 / 6);
    const core = encoded.slice(firstOwn, lastOwn);
    cores.add(core);
    cores.add(core.replaceAll("-", "+").replaceAll("_", "/"));
  }
  return [...cores];
}

/** Runs of white space and of backslashes count as one: texts get folded and escaped on their way to the log. */
function spelledForm(text: string): string {
  const parts = text.match(/\s+|\\+|[^]/gu) ?? [];
  const long = text.length > MAX_FULLY_SPELLED;
  return parts.map((part) => long && /^[\w.-]$/.test(part) ? literal(part) : spelledPart(part))
    .join("");
}

function spelledPart(part: string): string {
  if (/^\s/.test(part)) return spaceForm(part);
  if (part.startsWith("\\")) {
    return `(?:${unicode("\\")}|\\\\|%(?:25)*5[cC]){1,${8 * part.length}}`;
  }
  const spellings = [literal(part), percent(part), unicode(part)];
  const html = HTML.get(part);
  if (html !== undefined) spellings.push(html);
  const letter = ESCAPE_LETTERS.get(part);
  if (letter !== undefined) spellings.push(BACKSLASHES + letter);
  if (part === '"' || part === "'") spellings.push(BACKSLASHES + part);
  return `(?:${spellings.join("|")})`;
}

function spaceForm(part: string): string {
  const own = [...new Set(part)].flatMap((space) => [percent(space), unicode(space)]);
  const spellings = ["\\s", "\\+", `${BACKSLASHES}[nrtfv]`, ...own];
  return `(?:${spellings.join("|")}){1,${part.length + 8}}`;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** `%C3%A9`, also when it was encoded again (`%25C3%25A9`). */
function percent(character: string): string {
  const bytes = [...Buffer.from(character, "utf8")];
  return bytes.map((byte) => `%(?:25)*${hexDigits(byte, 2)}`).join("");
}

/** `\u00e9`, also when the backslash was escaped again. */
function unicode(character: string): string {
  let source = "";
  for (let i = 0; i < character.length; i++) {
    source += `${BACKSLASHES}u${hexDigits(character.charCodeAt(i), 4)}`;
  }
  return source;
}

function hexDigits(value: number, width: number): string {
  return [...value.toString(16).padStart(width, "0")].map(anyCase).join("");
}

function anyCase(digit: string): string {
  return /[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit;
}
