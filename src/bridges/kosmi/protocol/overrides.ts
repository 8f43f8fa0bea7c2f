/** One thing in the overrides that can't be used. `path` is the key path below the overrides table. */
interface OverrideFault {
  readonly path: readonly string[];
  readonly problem: string;
}

export interface MergeResult<T> {
  readonly protocol: T;
  readonly faults: readonly OverrideFault[];
}

const LONGEST_TEXT = 100_000;

/**
 * Lays `raw` over `base`: same keys (letter case ignored), same kinds of values; one text may stand for a list of one.
 * Never throws; a value that doesn't fit is reported and the one of `base` stays.
 */
export function mergeOverrides<T extends object>(base: T, raw: unknown): MergeResult<T> {
  const faults: OverrideFault[] = [];
  if (raw === undefined || raw === null) return { protocol: base, faults };
  const merged = mergeValue(base, raw, [], faults);
  return { protocol: merged, faults };
}

function mergeValue<T>(base: T, raw: unknown, path: readonly string[], faults: OverrideFault[]): T {
  const merged = Array.isArray(base)
    ? textList(raw, path, faults)
    : isTable(base)
    ? mergeTable(base, raw, path, faults)
    : scalar(base, raw, path, faults);
  // The three readers answer undefined or a value of the kind that stood there before.
  return merged === undefined ? base : merged as T;
}

function mergeTable(
  base: Readonly<Record<string, unknown>>,
  raw: unknown,
  path: readonly string[],
  faults: OverrideFault[],
): Record<string, unknown> | undefined {
  if (!isTable(raw)) {
    faults.push({ path, problem: `expected a table, got ${kindOf(raw)}` });
    return undefined;
  }
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(raw)) {
    const known = Object.keys(base).find((name) => name.toLowerCase() === key.toLowerCase());
    if (known === undefined) {
      const expected = Object.keys(base).join(", ");
      faults.push({ path: [...path, key], problem: `unknown key, expected one of ${expected}` });
      continue;
    }
    merged[known] = mergeValue(base[known], value, [...path, known], faults);
  }
  return merged;
}

function textList(
  raw: unknown,
  path: readonly string[],
  faults: OverrideFault[],
): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  const texts = list.filter((item) => typeof item === "string" && fits(item));
  if (texts.length === list.length && texts.length > 0) return texts.map(String);
  faults.push({ path, problem: `expected a text or a list of texts, got ${kindOf(raw)}` });
  return undefined;
}

function scalar(
  base: unknown,
  raw: unknown,
  path: readonly string[],
  faults: OverrideFault[],
): unknown {
  if (typeof raw === typeof base) {
    if (typeof raw === "string" && fits(raw)) return raw;
    if (typeof raw === "boolean") return raw;
    if (typeof raw === "number" && Number.isFinite(raw) && raw >= 0) return raw;
  }
  faults.push({ path, problem: `expected a ${typeof base}, got ${kindOf(raw)}` });
  return undefined;
}

/** GraphQL reads no control character but tab and line breaks, and a header none at all. */
function fits(text: string): boolean {
  return text.length <= LONGEST_TEXT && !/\p{Cc}/u.test(text.replace(/[\t\r\n]/g, ""));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list of other things";
  if (typeof value === "number") {
    return Number.isFinite(value) ? `the number ${value}` : "no number";
  }
  if (typeof value === "string") return "an unusable text";
  return `a ${value instanceof Date ? "date" : typeof value}`;
}
