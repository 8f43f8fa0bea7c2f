import type { Reading, ValueType } from "../options/option.ts";
import { LinearRegExp } from "../regexp/linear_regexp.ts";
import { PatternError } from "../regexp/syntax.ts";
import { describeValue, shown } from "./show.ts";
import { list, unexpected } from "./values.ts";

/** For `String.replace`: the pattern has the flag "g". */
type Replacement = readonly [pattern: RegExp, replacement: string];

/** Regular expressions with spaces between them. */
export const patternWords: ValueType<readonly RegExp[]> = {
  name: "regular expressions, separated by spaces",
  secret: false,
  fromText: (given) => given,
  read: (raw) => {
    if (typeof raw !== "string") return unexpected(raw, false, "text in quotes");
    return allOf(raw.split(/\s+/).filter((word) => word !== "").map((word) => pattern(word, "")));
  },
};

/** A list of [regular expression, replacement]; the replacement may hold $1. */
export const replacements: ValueType<readonly Replacement[]> = list({
  name: "list of [regular expression, replacement]",
  example: '[ ["cat", "dog"] ]',
  item: pairType("[regular expression, replacement]", (one, other) => {
    const compiled = pattern(one, "g");
    if ("fault" in compiled) return compiled;
    return {
      value: Object.freeze([compiled.value, goReplacement(other, compiled.value)] as const),
    };
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

const LONGEST_PATTERN = 1_000;

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
    return fault(thrown instanceof PatternError ? thrown.message : "it can't be read");
  }
}

function allOf<T>(readings: readonly Reading<T>[]): Reading<readonly T[]> {
  const values: T[] = [];
  for (const reading of readings) {
    if ("fault" in reading) return reading;
    values.push(reading.value);
  }
  return { value: Object.freeze(values) };
}

/** The groups that a pattern has. */
interface Groups {
  readonly groupCount: number;
  readonly groupNames: readonly string[];
}

/**
 * Go's replacement text ("$1", "${1}", "${name}", "$$") as JavaScript's. As in Go, a name is as long as it can be, and
 * one that the pattern does not have stands for nothing.
 */
export function goReplacement(template: string, pattern: Groups): string {
  return template.replace(
    /\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))?/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare;
      if (name === undefined) return "$$";
      return whole === "$$" ? "$$" : reference(name, pattern);
    },
  );
}

function reference(name: string, { groupCount, groupNames }: Groups): string {
  if (groupNames.includes(name)) return `$<${name}>`;
  if (!/^\d{1,2}$/.test(name)) return "";
  const number = Number(name);
  if (number === 0) return "$&";
  // Two digits, always: a digit of the text behind it must not become part of the number.
  return number <= groupCount ? `$${String(number).padStart(2, "0")}` : "";
}
