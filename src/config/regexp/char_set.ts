/** Which code points one step of a pattern takes. */
export interface CharSet {
  has(codePoint: number): boolean;
}

type Range = readonly [from: number, to: number];

const range = (from: string, to: string): Range => [from.charCodeAt(0), to.charCodeAt(0)];

const DIGIT = [range("0", "9")];
const LOWER = [range("a", "z")];
const UPPER = [range("A", "Z")];
const LETTER = [...LOWER, ...UPPER];
const WORD = [...DIGIT, ...LETTER, range("_", "_")];

/** `\d`, `\s`, `\w`: ASCII only, as in Go. */
export const PERL_CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGIT,
  s: [[9, 10], [12, 13], [32, 32]],
  w: WORD,
};

/** `[[:alpha:]]` and the like. */
export const POSIX_CLASSES: Readonly<Record<string, readonly Range[]>> = {
  alnum: [...DIGIT, ...LETTER],
  alpha: LETTER,
  ascii: [[0, 127]],
  blank: [[9, 9], [32, 32]],
  cntrl: [[0, 31], [127, 127]],
  digit: DIGIT,
  graph: [[33, 126]],
  lower: LOWER,
  print: [[32, 126]],
  punct: [[33, 47], [58, 64], [91, 96], [123, 126]],
  space: [[9, 13], [32, 32]],
  upper: UPPER,
  word: WORD,
  xdigit: [...DIGIT, range("A", "F"), range("a", "f")],
};

export const WORD_CHARS: CharSet = ofRanges(WORD);

export function ofRanges(ranges: readonly Range[]): CharSet {
  return { has: (codePoint) => ranges.some(([from, to]) => from <= codePoint && codePoint <= to) };
}

export function not(set: CharSet): CharSet {
  return { has: (codePoint) => !set.has(codePoint) };
}

export function anyOf(sets: readonly CharSet[]): CharSet {
  return { has: (codePoint) => sets.some((set) => set.has(codePoint)) };
}

/** `\p{Greek}`, `\pL`: a category, else a script; null when there is none of this name. */
export function ofUnicode(name: string): CharSet | null {
  if (!/^[A-Za-z_]{1,40}$/.test(name)) return null;
  const property = tryRegExp(`^\\p{${name}}$`) ?? tryRegExp(`^\\p{Script=${name}}$`);
  if (property === null) return null;
  return { has: (codePoint) => property.test(String.fromCodePoint(codePoint)) };
}

function tryRegExp(source: string): RegExp | null {
  try {
    return new RegExp(source, "u");
  } catch {
    return null;
  }
}

/** The same set without regard to letter case. */
export function folded(set: CharSet): CharSet {
  return {
    has: (codePoint) => set.has(codePoint) || variants(codePoint).some((one) => set.has(one)),
  };
}

function variants(codePoint: number): number[] {
  const char = String.fromCodePoint(codePoint);
  return [char.toLowerCase(), char.toUpperCase(), char.toUpperCase().toLowerCase()]
    .filter((variant) => [...variant].length === 1)
    .map((variant) => variant.codePointAt(0) ?? codePoint);
}

/** The same set, quick for ASCII: most of what is asked. */
export function cached(set: CharSet): CharSet {
  const ascii = Array.from({ length: 128 }, (_, codePoint) => set.has(codePoint));
  return { has: (codePoint) => codePoint < 128 ? ascii[codePoint] === true : set.has(codePoint) };
}
