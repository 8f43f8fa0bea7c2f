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
