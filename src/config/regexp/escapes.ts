import { type CharSet, not, ofRanges, ofUnicode, PERL_CLASSES, POSIX_CLASSES } from "./char_set.ts";
import type { Reader } from "./reader.ts";
import { type Assertion, PatternError } from "./syntax.ts";

/** One character, or a set of them. */
type Single = { readonly codePoint: number } | { readonly set: CharSet };

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: "textStart",
  z: "textEnd",
  b: "wordBoundary",
  B: "noWordBoundary",
};

/** Reads what stands behind a backslash outside of brackets. */
export function parseEscape(reader: Reader): Single | { readonly assertion: Assertion } {
  const assertion = ASSERTIONS[reader.rest().slice(0, 1)];
  if (assertion === undefined) return parseSingle(reader);
  reader.next();
  return { assertion };
}

function parseSingle(reader: Reader): Single {
  const char = reader.next();
  const perl = PERL_CLASSES[char.toLowerCase()];
  if (perl !== undefined) {
    const set = ofRanges(perl);
    return { set: char === char.toLowerCase() ? set : not(set) };
  }
  if (char === "p" || char === "P") return { set: parseProperty(reader, char === "P") };
  const control = CONTROLS[char];
  if (control !== undefined) return { codePoint: control };
  if (char === "x") return { codePoint: parseHex(reader) };
  if (/^[0-7]$/.test(char)) return { codePoint: parseOctal(reader, char) };
  if (char === "") throw new PatternError("it ends in a single backslash");
  if (/^[A-Za-z0-9]$/.test(char) || char.charCodeAt(0) > 127) {
    throw new PatternError(`\\${char} does not exist in Go's regular expressions`);
  }
  return { codePoint: char.charCodeAt(0) };
}

function parseProperty(reader: Reader, isNegated: boolean): CharSet {
  const written = reader.take("{") ? reader.until("}") : reader.next();
  const inner = written?.startsWith("^") ? written.slice(1) : written;
  const set = inner === null || inner === undefined ? null : ofUnicode(inner);
  if (set === null) throw new PatternError("\\p names no category or script that is known");
  return isNegated === (inner === written) ? not(set) : set;
}

function parseHex(reader: Reader): number {
  const match = /^(?:\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{2}))/.exec(reader.rest());
  const codePoint = parseInt(match?.[1] ?? match?.[2] ?? "", 16);
  if (match === null || !(codePoint <= 0x10ffff)) {
    throw new PatternError("\\x needs two hexadecimal digits, or more in braces");
  }
  reader.skip(match[0].length);
  return codePoint;
}

/** `\0` and `\123`; a single digit from 1 to 7 would refer back to a group. */
function parseOctal(reader: Reader, first: string): number {
  const more = /^[0-7]{0,2}/.exec(reader.rest())?.[0] ?? "";
  if (first !== "0" && more === "") {
    throw new PatternError(
      `references back such as \\${first} do not exist in Go's regular expressions`,
    );
  }
  reader.skip(more.length);
  return parseInt(first + more, 8);
}

/** Reads what stands behind `[`, with its `]`. */
export function parseClass(reader: Reader): { sets: readonly CharSet[]; negated: boolean } {
  const negated = reader.take("^");
  const sets: CharSet[] = [];
  // A ] right at the start stands for itself.
  for (let first = true; first || !reader.take("]"); first = false) {
    if (reader.atEnd()) throw new PatternError("there is a [ without its ]");
    sets.push(parsePosix(reader) ?? parseMember(reader));
  }
  return { sets, negated };
}

function parsePosix(reader: Reader): CharSet | null {
  const match = /^\[:(\^?)(\w+):\]/.exec(reader.rest());
  if (match === null) return null;
  const name = match[2] ?? "";
  const ranges = Object.hasOwn(POSIX_CLASSES, name) ? POSIX_CLASSES[name] : undefined;
  if (ranges === undefined) throw new PatternError("it has a class [:…:] that is not known");
  reader.skip(match[0].length);
  const set = ofRanges(ranges);
  return match[1] === "^" ? not(set) : set;
}

function parseMember(reader: Reader): CharSet {
  const from = parseMemberSingle(reader);
  if ("set" in from) return from.set;
  const isRange = reader.sees("-") && !reader.sees("-]");
  if (!isRange) return ofRanges([[from.codePoint, from.codePoint]]);
  reader.take("-");
  const to = parseMemberSingle(reader);
  if ("set" in to || to.codePoint < from.codePoint) {
    throw new PatternError("a range in brackets has no end, or one that lies before its start");
  }
  return ofRanges([[from.codePoint, to.codePoint]]);
}

function parseMemberSingle(reader: Reader): Single {
  if (reader.take("\\")) return parseSingle(reader);
  return { codePoint: reader.next().codePointAt(0) ?? 0 };
}
