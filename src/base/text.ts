/**
 * Signs that show nothing: Unicode's default-ignorable code points (soft hyphen, joiners, Hangul fillers, marks of
 * direction …) and the control characters.
 */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\ufff9-\ufffb]+/gu;
/** Everything that only takes up room, the blank Braille pattern too. */
const SPACES = /[\s\p{Z}\x85\u2800]+/gu;
/** Whatever one program or another takes for the end of a line. */
const LINE_BREAK = /\r\n|[\n\v\f\r\x85\u2028\u2029]/g;

/** True when nothing of the text can be seen. */
export function isBlank(text: string): boolean {
  return visibleLine(text) === "";
}

/** The text on one line, without signs that show nothing, with single spaces between what can be seen. */
export function visibleLine(text: string): string {
  return text.replace(SPACES, " ").replace(UNSEEN, "").trim();
}

/** The text with `lineBreak` for every kind of line break. */
export function withLineBreaks(text: string, lineBreak: string): string {
  return text.replace(LINE_BREAK, lineBreak);
}

/** No message is longer; a service that lets people write books must not cost others their turn. */
const MOST_TEXT_UNITS = 20_000;

/** The text, or its start with the length of what is left out. */
export function boundedText(text: string): string {
  if (text.length <= MOST_TEXT_UNITS) return text;
  const rest = text.length - MOST_TEXT_UNITS;
  return `${text.slice(0, MOST_TEXT_UNITS).toWellFormed()}… [${rest} more characters]`;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Length in UTF-8 bytes; half a surrogate pair counts as the replacement character that is written for it. */
export function byteLength(text: string): number {
  // Counted, not encoded: this is asked for every letter of a line that is split.
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (isPairAt(text, at, unit)) at++;
  }
  return bytes;
}

function isPairAt(text: string, at: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff) return false;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}

/** The text as a reader counts it: an emoji sequence or a letter with its accents is one element. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** The longest start of `text` that fits `maxBytes` without cutting a grapheme (or, if the first alone is too long, a code point). */
export function clipBytes(text: string, maxBytes: number): string {
  if (byteLength(text) <= maxBytes) return text;
  let clipped = "";
  let bytes = 0;
  // A unit is at least a byte: what lies further back can't fit, and a long text need not be taken apart.
  for (const grapheme of graphemes(text.slice(0, maxBytes + 1))) {
    bytes += byteLength(grapheme);
    if (bytes > maxBytes) break;
    clipped += grapheme;
  }
  return clipped === "" ? clipCodePoints(text, maxBytes) : clipped;
}

function clipCodePoints(text: string, maxBytes: number): string {
  let clipped = "";
  for (const codePoint of text) {
    if (byteLength(clipped + codePoint) > maxBytes) break;
    clipped += codePoint;
  }
  return clipped;
}

/**
 * What must not reach a terminal or break a line: control codes (CR, LF, ESC, C1), line and paragraph separators,
 * marks that turn the reading direction, invisible marks, and halves of a surrogate pair.
 */
const UNSAFE =
  /[\p{Cc}\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\p{Cs}]/gu;

const SHORT: ReadonlyMap<string, string> = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);

/** The text on one line, unsafe characters written as `\n`, `\r`, `\t` or `\uXXXX`. The rest stays as it is. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (found) => SHORT.get(found) ?? unicodeEscape(found));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** In double quotes, so that the end of the value can't be forged. */
export function quote(text: string): string {
  return `"${escapeUnsafe(text.replace(/["\\]/g, "\\$&"))}"`;
}
