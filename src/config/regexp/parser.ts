import { anyOf, cached, type CharSet, folded, not, ofRanges } from "./char_set.ts";
import { parseClass, parseEscape } from "./escapes.ts";
import { Reader } from "./reader.ts";
import { type Node, type Pattern, PatternError } from "./syntax.ts";

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly ungreedy: boolean;
}

const MOST_REPEATS = 1_000;
const DEEPEST = 100;

/** Reads Go's syntax of regular expressions (RE2). Throws a PatternError. */
export function parsePattern(source: string): Pattern {
  const parser = new Parser(source);
  const root = parser.parse();
  return { root, groups: parser.groups, names: parser.names };
}

class Parser {
  readonly #reader: Reader;
  readonly names = new Map<string, number>();
  groups = 0;
  #flags: Flags = { ignoreCase: false, multiline: false, dotAll: false, ungreedy: false };
  #depth = 0;

  constructor(source: string) {
    this.#reader = new Reader(source);
  }

  parse(): Node {
    const root = this.#choice();
    if (!this.#reader.atEnd()) throw new PatternError("there is a ) without its (");
    return root;
  }

  #choice(): Node {
    if (++this.#depth > DEEPEST) throw new PatternError("its groups are nested too deeply");
    const branches = [this.#sequence()];
    while (this.#reader.take("|")) branches.push(this.#sequence());
    this.#depth--;
    return branches.length === 1 ? branches[0] ?? { kind: "empty" } : { kind: "choice", branches };
  }

  #sequence(): Node {
    const items: Node[] = [];
    const reader = this.#reader;
    while (!reader.atEnd() && !reader.sees("|") && !reader.sees(")")) {
      if (reader.take("\\Q")) items.push(...this.#quoted());
      else {
        const atom = this.#atom();
        if (atom !== null) items.push(this.#repeated(atom));
      }
    }
    return { kind: "sequence", items };
  }

  /** What stands from \Q to \E, each character as it is; a repetition behind it is of the last one. */
  #quoted(): Node[] {
    const text = this.#reader.until("\\E") ?? this.#reader.all();
    const atoms = [...text].map((char) => this.#single(char.codePointAt(0) ?? 0));
    const last = atoms.pop();
    return last === undefined ? [] : [...atoms, this.#repeated(last)];
  }

  /** Null for what is no step of its own: `(?i)`. */
  #atom(): Node | null {
    const reader = this.#reader;
    const char = reader.next();
    switch (char) {
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case ".":
        return { kind: "char", set: this.#flags.dotAll ? ANY : NO_LINE_END };
      case "^":
        return { kind: "assert", assertion: this.#flags.multiline ? "lineStart" : "textStart" };
      case "$":
        return { kind: "assert", assertion: this.#flags.multiline ? "lineEnd" : "textEnd" };
      case "*":
      case "+":
      case "?":
        throw new PatternError(`there is nothing before ${char} that could be repeated`);
      case "\\":
        return this.#escape();
      default:
        return this.#single(char.codePointAt(0) ?? 0);
    }
  }

  #escape(): Node {
    const escape = parseEscape(this.#reader);
    if ("assertion" in escape) return { kind: "assert", assertion: escape.assertion };
    return "set" in escape ? this.#set(escape.set) : this.#single(escape.codePoint);
  }

  #class(): Node {
    const { sets, negated } = parseClass(this.#reader);
    const all = anyOf(sets);
    const set = this.#flags.ignoreCase ? folded(all) : all;
    return { kind: "char", set: cached(negated ? not(set) : set) };
  }

  #single(codePoint: number): Node {
    return this.#set(ofRanges([[codePoint, codePoint]]));
  }

  #set(set: CharSet): Node {
    return { kind: "char", set: cached(this.#flags.ignoreCase ? folded(set) : set) };
  }

  #group(): Node | null {
    const reader = this.#reader;
    const outer = this.#flags;
    let index: number | null = null;
    if (!reader.take("?")) index = ++this.groups;
    else if (reader.take("P<") || (reader.sees("<") && !/^<[=!]/.test(reader.rest()))) {
      index = this.#named();
    } else if (this.#groupFlags() === "whole") return null;
    const item = this.#choice();
    if (!reader.take(")")) throw new PatternError("there is a ( without its )");
    this.#flags = outer;
    return index === null ? item : { kind: "group", index, item };
  }

  #named(): number {
    this.#reader.take("<");
    const name = this.#reader.until(">") ?? "";
    if (!/^\w+$/.test(name)) {
      throw new PatternError("a group's name can only have letters, digits and _");
    }
    if (this.names.has(name)) throw new PatternError("two groups have the same name");
    this.names.set(name, ++this.groups);
    return this.groups;
  }

  /** `(?i)` holds for the rest of the group around it ("whole"), `(?i:` for its own group. */
  #groupFlags(): "whole" | "own" {
    const match = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#reader.rest());
    if (match === null || (match[0] === ")")) {
      throw new PatternError(whyNoGroup(this.#reader.rest()));
    }
    this.#reader.skip(match[0].length);
    for (const letter of match[1] ?? "") this.#flags = withFlag(this.#flags, letter, true);
    for (const letter of match[2] ?? "") this.#flags = withFlag(this.#flags, letter, false);
    return match[3] === ")" ? "whole" : "own";
  }

  #repeated(item: Node): Node {
    let node = item;
    for (let count = 0;; count++) {
      const bounds = this.#bounds();
      if (bounds === null) return node;
      if (count > 0) {
        throw new PatternError("a repetition can't be repeated: put a group around it");
      }
      const lazy = this.#reader.take("?");
      const [min, max] = bounds;
      node = { kind: "repeat", item: node, min, max, greedy: lazy === this.#flags.ungreedy };
    }
  }

  #bounds(): readonly [min: number, max: number] | null {
    const reader = this.#reader;
    if (reader.take("*")) return [0, Infinity];
    if (reader.take("+")) return [1, Infinity];
    if (reader.take("?")) return [0, 1];
    // Any other brace stands for itself.
    const match = /^\{(\d{1,6})(,?)(\d{0,6})\}/.exec(reader.rest());
    if (match === null || (match[2] === "" && match[3] !== "")) return null;
    reader.skip(match[0].length);
    const min = Number(match[1]);
    const max = match[2] === "" ? min : match[3] === "" ? Infinity : Number(match[3]);
    const largest = max === Infinity ? min : max;
    if (largest > MOST_REPEATS) {
      throw new PatternError(`it repeats more than ${MOST_REPEATS} times`);
    }
    if (min > max) throw new PatternError("a repetition has its smaller number last");
    return [min, max];
  }
}

const ANY: CharSet = { has: () => true };
const NO_LINE_END: CharSet = { has: (codePoint) => codePoint !== 10 };

function withFlag(flags: Flags, letter: string, on: boolean): Flags {
  switch (letter) {
    case "i":
      return { ...flags, ignoreCase: on };
    case "m":
      return { ...flags, multiline: on };
    case "s":
      return { ...flags, dotAll: on };
    default:
      return { ...flags, ungreedy: on };
  }
}

function whyNoGroup(rest: string): string {
  return /^<?[=!]/.test(rest)
    ? "look-ahead and look-behind, as in (?=…) and (?!…), do not exist in Go's regular expressions"
    : "it has a group of an unknown kind behind (?";
}
