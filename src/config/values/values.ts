import { describeValue, shown } from "./show.ts";

/** What reading a value came to. A fault's text says what was found and what is expected. */
export type Reading<T> =
  | { readonly value: T; readonly warning?: string }
  | { readonly fault: string };

/** How the value of a key is read, and the words for it. */
export interface ValueType<T> {
  /** For the documentation: "text", "true or false" … */
  readonly name: string;
  /** True when no message may show the value. */
  readonly secret: boolean;
  /** Reads what the parser found. */
  read(raw: unknown): Reading<T>;
  /** Turns an environment variable's text into what the file would have given; what it can't turn it leaves as text. */
  fromText(text: string): unknown;
}

/** A check of text that has passed as text: null when it is well, else what is expected. */
export type TextCheck = (text: string) => string | null;

// deno-lint-ignore no-control-regex -- these are the characters that end a line or a frame
const LINE_END = /[\r\n\u0000]/;

/** Text on one line. A number, a date, true or false are taken as the text that they are, as Matterbridge does. */
export function text(
  options: { name?: string; check?: TextCheck; secret?: boolean; empty?: "allowed" } = {},
): ValueType<string> {
  const { name = "text", secret = false, check = () => null } = options;
  return {
    name,
    secret,
    fromText: (given) => given,
    read: (raw) => {
      const written = textOf(raw);
      if (written === null) return unexpected(raw, secret, "text in quotes");
      if (LINE_END.test(written)) return unexpected(raw, secret, "text on one line");
      const expected = written === "" && options.empty === "allowed" ? null : check(written);
      if (expected !== null) return unexpected(raw, secret, expected);
      if (typeof raw === "string") return { value: written };
      const taken = secret ? "text" : `the text "${shown(written)}"`;
      return {
        value: written,
        warning: `found ${describeValue(raw, secret)}, taken as ${taken}: put it in quotes`,
      };
    },
  };
}

function textOf(raw: unknown): string | null {
  if (typeof raw === "string") return raw;
  if (typeof raw === "number" || typeof raw === "bigint" || typeof raw === "boolean") {
    return String(raw);
  }
  return raw instanceof Date ? raw.toISOString() : null;
}

/** Text whose emptiness means "not set". */
export function optionalText(
  options: { name?: string; check?: TextCheck; secret?: boolean } = {},
): ValueType<string | null> {
  return turned(text({ ...options, empty: "allowed" }), (value) => value === "" ? null : value);
}

/** A password or token: never shown. */
export const secretText: ValueType<string | null> = optionalText({
  name: "secret text",
  secret: true,
});

const BOOLEAN_WORDS = new Map([
  ["true", true],
  ["t", true],
  ["1", true],
  ["false", false],
  ["f", false],
  ["0", false],
]);

export const boolean: ValueType<boolean> = {
  name: "true or false",
  secret: false,
  fromText: (given) => BOOLEAN_WORDS.get(given.toLowerCase()) ?? given,
  read: (raw) => {
    if (typeof raw === "boolean") return { value: raw };
    const value = BOOLEAN_WORDS.get(String(raw).toLowerCase());
    if (value === undefined || (typeof raw !== "string" && typeof raw !== "number")) {
      return unexpected(raw, false, "true or false without quotes");
    }
    return { value, warning: castWarning(raw, String(value)) };
  },
};

/** A whole number from `min` to `max`. */
export function integer(options: { min: number; max: number }): ValueType<number> {
  const { min, max } = options;
  return {
    name: "number",
    secret: false,
    fromText: numberFromText,
    read: (raw) => {
      const number = typeof raw === "string" ? numberFromText(raw.trim()) : raw;
      if (
        typeof number !== "number" || !Number.isInteger(number) || number < min || number > max
      ) return unexpected(raw, false, `a whole number from ${min} to ${max} without quotes`);
      if (typeof raw === "number") return { value: number };
      return { value: number, warning: castWarning(raw, String(number)) };
    },
  };
}

/** Of a value that has quotes where it needs none. */
function castWarning(raw: unknown, taken: string): string {
  return `found ${describeValue(raw, false)}, taken as ${taken}: write it as ${taken}`;
}

const LONGEST_MS = 10 * 365 * 86_400_000;

/** A length of time, in milliseconds. A bare number counts `unit`s; without a unit only text such as "1m30s" is taken. */
export function duration(
  options: { unit: "ms" | "s" | null; minMs?: number; maxMs?: number },
): ValueType<number> {
  const { unit, minMs = 0, maxMs = LONGEST_MS } = options;
  const expected = expectedDuration(unit, minMs, maxMs);
  return {
    name: unit === null ? "duration" : unit === "ms" ? "milliseconds" : "seconds",
    secret: false,
    fromText: unit === null ? (given) => given : numberFromText,
    read: (raw) => {
      const number = typeof raw === "string" && unit !== null ? numberFromText(raw.trim()) : raw;
      const ms = durationMs(number, unit);
      if (ms === null || ms < minMs || ms > maxMs) return unexpected(raw, false, expected);
      // "0" is a duration of Go's, quotes and all.
      const isQuoted = typeof raw === "string" && typeof number === "number" && raw.trim() !== "0";
      return isQuoted ? { value: ms, warning: castWarning(raw, String(number)) } : { value: ms };
    },
  };
}

function durationMs(raw: unknown, unit: "ms" | "s" | null): number | null {
  if (typeof raw === "string") return parseGoDuration(raw);
  if (typeof raw !== "number" || !Number.isFinite(raw) || unit === null) return null;
  return unit === "ms" ? Math.round(raw) : Math.round(raw * 1_000);
}

function expectedDuration(unit: "ms" | "s" | null, minMs: number, maxMs: number): string {
  const form = unit === null
    ? 'a duration in quotes such as "1m30s"'
    : `a number of ${unit === "ms" ? "milliseconds" : "seconds"} or a duration such as "1m30s"`;
  if (minMs === 0 && maxMs === LONGEST_MS) return form;
  return `${form}, from ${formatGoDuration(minMs)} to ${formatGoDuration(maxMs)}`;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const WHOLE =
  /^(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d))*$/;
const STEP = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/g;

/** Reads Go's durations ("1m30s", "500ms", "1.5h") and, beyond Go, days ("7d") as milliseconds; null when it is none. */
export function parseGoDuration(text: string): number | null {
  if (text === "0") return 0;
  if (text.length > 40 || !WHOLE.test(text)) return null;
  let sumMs = 0;
  for (const [, count, unit] of text.matchAll(STEP)) {
    sumMs += Number(count) * (UNIT_MS[unit ?? ""] ?? NaN);
  }
  return Number.isFinite(sumMs) ? Math.round(sumMs) : null;
}

const SHOWN_UNITS = ["d", "h", "m", "s", "ms"];

/** Writes milliseconds the same way: 90000 is "1m30s". */
export function formatGoDuration(totalMs: number): string {
  let leftMs = Math.round(totalMs);
  let text = "";
  for (const unit of SHOWN_UNITS) {
    const unitMs = UNIT_MS[unit] ?? 1;
    const count = Math.floor(leftMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    leftMs -= count * unitMs;
  }
  return text === "" ? "0s" : text;
}

/** One of a few words; letter case does not matter. */
export function choice<const Word extends string>(words: readonly Word[]): ValueType<Word> {
  return {
    name: words.map((word) => `\`"${word}"\``).join(" or "),
    secret: false,
    fromText: (given) => given,
    read: (raw) => {
      const word = words.find((word) => typeof raw === "string" && word === raw.toLowerCase());
      if (word !== undefined) return { value: word };
      return unexpected(raw, false, words.map((word) => `"${word}"`).join(" or "));
    },
  };
}

/** A list of text. */
export function textList(
  options: { secret?: boolean; check?: TextCheck } = {},
): ValueType<readonly string[]> {
  const item = text({ secret: options.secret ?? false, check: options.check ?? (() => null) });
  return list({ name: "list of text", item, example: '["one", "two"]' });
}

/** A list whose items are all of one type. A single item of text is taken as a list of one. */
export function list<T>(
  options: { name: string; item: ValueType<T>; example: string },
): ValueType<readonly T[]> {
  const { name, item, example } = options;
  return {
    name,
    secret: item.secret,
    fromText: jsonFromText,
    read: (raw) => {
      if (raw === "") return { value: Object.freeze([]) };
      const single = typeof raw === "string" ? item.read(raw) : null;
      if (single !== null && "value" in single) {
        return {
          value: Object.freeze([single.value]),
          warning: "is taken as a list of one: put it in [ and ]",
        };
      }
      if (!Array.isArray(raw)) return unexpected(raw, item.secret, `a list such as ${example}`);
      const readings = raw.map((one) => item.read(one));
      const bad = readings.findIndex((reading) => "fault" in reading);
      const fault = readings[bad];
      if (fault !== undefined && "fault" in fault) {
        return { fault: `item ${bad + 1}: ${fault.fault}` };
      }
      const values = readings.flatMap((reading) => "value" in reading ? [reading.value] : []);
      const odd = readings.findIndex((one) => "warning" in one && one.warning !== undefined);
      const oddReading = readings[odd];
      return {
        value: Object.freeze(values),
        ...(oddReading !== undefined && "warning" in oddReading
          ? { warning: `item ${odd + 1}: ${oddReading.warning}` }
          : {}),
      };
    },
  };
}

/** A table that another part checks: kept as it stands. */
export const rawTable: ValueType<Readonly<Record<string, unknown>>> = {
  name: "table",
  secret: false,
  fromText: jsonFromText,
  read: (raw) => isTable(raw) ? { value: plainCopy(raw) } : unexpected(raw, false, "a table"),
};

export function isTable(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) && !(raw instanceof Date);
}

function plainCopy(table: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(table)) copy[key] = copied(value);
  return Object.freeze(copy);
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(copied));
  return isTable(value) ? plainCopy(value) : value;
}

export function unexpected(raw: unknown, secret: boolean, expected: string): { fault: string } {
  return { fault: `found ${describeValue(raw, secret)}, expected ${expected}` };
}

/** The same reading with its value turned. */
function mapped<T, U>(reading: Reading<T>, turn: (value: T) => U): Reading<U> {
  return "fault" in reading ? reading : { ...reading, value: turn(reading.value) };
}

/** A type that reads as another does, with its value turned. */
export function turned<T, U>(inner: ValueType<T>, turn: (value: T) => U): ValueType<U> {
  return { ...inner, read: (raw) => mapped(inner.read(raw), turn) };
}

function numberFromText(given: string): unknown {
  return /^[+-]?\d+(?:\.\d+)?$/.test(given) ? Number(given) : given;
}

function jsonFromText(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    // Read as the text it is: the reader then says what it expected.
    return given;
  }
}
