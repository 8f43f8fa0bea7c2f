import type { RE2JS } from "re2js";
import { describeValue, shown } from "./show.ts";
import { list, type Reading, unexpected, type ValueType } from "./values.ts";

/** For `String.replace`: the pattern has the flag "g". */
type Replacement = readonly [pattern: RegExp, replacement: string];

const LONGEST_PATTERN = 1_000;

let compile: ((source: string) => RE2JS) | null = null;

/** Must be awaited before one of the types below reads a pattern: the library is imported only where one is configured. */
export async function preparePatterns(): Promise<void> {
  const { RE2JS } = await import("re2js");
  compile = (source) => RE2JS.compile(source);
}

/**
 * A regular expression in Go's syntax that works wherever a RegExp does (test, exec, replace, matchAll, split). It is
 * searched in time that grows with the text's length, whatever the pattern: a person who writes a message can't stop
 * the relay, as they could with the built-in backtracking search.
 */
export class LinearRegExp extends RegExp {
  readonly #compiled: RE2JS;
  readonly #written: string;

  /** Throws what the library throws. A LinearRegExp is copied: that is how the built-in methods make their own. */
  constructor(source: string | LinearRegExp, flags = "") {
    // With "u" the built-in methods step over whole characters, as the search does.
    super("(?:)", flags.includes("u") ? flags : `${flags}u`);
    this.#written = typeof source === "string" ? source : source.#written;
    this.#compiled = typeof source === "string" ? compiled(source) : source.#compiled;
  }

  override get source(): string {
    return this.#written;
  }

  get groupCount(): number {
    return this.#compiled.groupCount();
  }

  get groupNames(): readonly string[] {
    return Object.keys(this.#compiled.namedGroups());
  }

  override exec(text: string): RegExpExecArray | null {
    const moves = this.global || this.sticky;
    const from = moves ? this.lastIndex : 0;
    const matcher = this.#compiled.matcher(text);
    const isFound = from <= text.length && matcher.find(from) &&
      (!this.sticky || matcher.start() === from);
    if (moves) this.lastIndex = isFound ? matcher.end() : 0;
    if (!isFound) return null;
    const group = (key: number | string) => matcher.group(key) ?? undefined;
    const parts = Array.from({ length: this.groupCount + 1 }, (_, index) => group(index));
    const names = this.groupNames;
    const groups = names.length === 0
      ? undefined
      : Object.fromEntries(names.map((name) => [name, group(name)]));
    const whole = { 0: parts[0] ?? "", index: matcher.start(), input: text, groups };
    return Object.assign(parts, whole) as RegExpExecArray;
  }
}

function compiled(source: string): RE2JS {
  if (compile === null) throw new Error("Cannot read a pattern before preparePatterns()");
  return compile(source);
}

/** Regular expressions with spaces between them; a list of them means the same. */
export const patternWords: ValueType<readonly RegExp[]> = {
  name: "regular expressions, separated by spaces",
  secret: false,
  fromText: (given) => given,
  read: (raw) => {
    if (Array.isArray(raw) && raw.every((item) => typeof item === "string")) {
      const reading = allOf(raw.map((word) => pattern(word, "")));
      return "fault" in reading ? reading : {
        ...reading,
        warning: "is a list: write the regular expressions in one text with spaces between them",
      };
    }
    if (typeof raw !== "string") return unexpected(raw, false, "text in quotes");
    return allOf(raw.split(/\s+/).filter((word) => word !== "").map((word) => pattern(word, "")));
  },
};

/** A list of [regular expression, replacement]; the replacement may hold $1. */
export const replacements: ValueType<readonly Replacement[]> = list({
  name: "list of [regular expression, replacement]",
  example: '[ ["cat", "dog"] ]',
  item: pairType("[regular expression, replacement]", (one, other) => {
    const found = pattern(one, "g");
    if ("fault" in found) return found;
    return { value: Object.freeze([found.value, goReplacement(other, found.value)] as const) };
  }),
});

/** A list of [regular expression for the nick, regular expression for the text]. */
export const extractions: ValueType<readonly (readonly [nick: RegExp, text: RegExp])[]> = list({
  name: "list of [regular expression of the nick, regular expression of the text]",
  example: String.raw`[ ["otherbot", "<(.*?)>\\s+(.*)"] ]`,
  item: pairType(
    "[regular expression of the nick, regular expression of the text]",
    (one, other) => {
      const [nick, text] = [pattern(one, ""), pattern(other, "")];
      if ("fault" in nick) return nick;
      return "fault" in text ? text : { value: Object.freeze([nick.value, text.value] as const) };
    },
  ),
});

function pairType<T>(
  name: string,
  make: (one: string, other: string) => Reading<T>,
): ValueType<T> {
  return {
    name,
    secret: false,
    fromText: (given) => given,
    read: (raw) => {
      const [one, other, ...rest]: unknown[] = Array.isArray(raw) ? raw : [];
      if (typeof one === "string" && typeof other === "string" && rest.length === 0) {
        return make(one, other);
      }
      return { fault: `found ${describeValue(raw, false)}, expected ${name}, both in quotes` };
    },
  };
}

function pattern(source: string, flags: "" | "g"): Reading<LinearRegExp> {
  const fault = (why: string) => ({
    fault: `found "${shown(source)}", which is no regular expression that works here: ${why}`,
  });
  if (source.length > LONGEST_PATTERN) {
    return fault(`it is longer than ${LONGEST_PATTERN} characters`);
  }
  try {
    return { value: new LinearRegExp(source, flags) };
  } catch (thrown) {
    return fault(whyRefused(source, thrown));
  }
}

/** What Go does not have is the commonest fault of people who know other engines. */
function whyRefused(source: string, thrown: unknown): string {
  const said = thrown instanceof Error ? thrown.message : "";
  const text = said.replace(/^error parsing regexp: /, "");
  if (/\(\?<?[=!]/.test(source) && /Perl syntax|named capture/.test(text)) {
    return "Go's regular expressions have no look-ahead and look-behind such as (?=…) and (?!…)";
  }
  if (/\\[1-9]/.test(text)) return "Go's regular expressions have no references back such as \\1";
  return text === "" ? "it can't be read" : shown(text);
}

function allOf<T>(readings: readonly Reading<T>[]): Reading<readonly T[]> {
  const values: T[] = [];
  for (const reading of readings) {
    if ("fault" in reading) return reading;
    values.push(reading.value);
  }
  return { value: Object.freeze(values) };
}

/**
 * Go's replacement text ("$1", "${1}", "${name}", "$$") as JavaScript's. As in Go, a name is as long as it can be, and
 * one that the pattern does not have stands for nothing.
 */
export function goReplacement(
  template: string,
  pattern: Pick<LinearRegExp, "groupCount" | "groupNames">,
): string {
  return template.replace(
    /\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))?/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare;
      if (name === undefined) return "$$";
      return whole === "$$" ? "$$" : reference(name, pattern);
    },
  );
}

function reference(
  name: string,
  { groupCount, groupNames }: Pick<LinearRegExp, "groupCount" | "groupNames">,
): string {
  if (groupNames.includes(name)) return `$<${name}>`;
  if (!/^\d{1,2}$/.test(name)) return "";
  const number = Number(name);
  if (number === 0) return "$&";
  // Two digits, always: a digit of the text behind it must not become part of the number.
  return number <= groupCount ? `$${String(number).padStart(2, "0")}` : "";
}
