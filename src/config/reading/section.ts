import type { Findings, KeyPath, Place } from "../file/fault.ts";
import type { ForeignKey, Option, OptionTable, Values } from "../options/option.ts";
import { didYouMean } from "../values/did_you_mean.ts";
import { describeValue, shownKey } from "../values/show.ts";
import { isTable } from "../values/values.ts";
import { type Environment, variableName } from "./environment.ts";

/** One key of a section. */
export interface Entry {
  readonly written: string;
  readonly value: unknown;
  readonly path: KeyPath;
  readonly place: Place;
}

/** A table of the file in which letter case makes no difference. */
export interface Section {
  readonly path: KeyPath;
  readonly place: Place;
  /** By key in lower case, in the order of the file. */
  readonly entries: ReadonlyMap<string, Entry>;
}

/**
 * Opens a table. `title` is how messages name it: "irc.libera". Of two keys that differ only in letter case the first
 * is taken and a fault is told.
 */
export function openSection(
  file: string,
  table: Readonly<Record<string, unknown>>,
  at: { readonly path: KeyPath; readonly title: string },
  findings: Findings,
): Section {
  const entries = new Map<string, Entry>();
  for (const [written, value] of Object.entries(table)) {
    const path = [...at.path, written];
    const entry = { written, value, path, place: { file, path, key: titled(at.title, written) } };
    const first = entries.get(written.toLowerCase());
    if (first === undefined) entries.set(written.toLowerCase(), entry);
    else tellTwice(first, entry, findings);
  }
  return { path: at.path, place: { file, path: at.path, key: at.title }, entries };
}

function tellTwice(first: Entry, second: Entry, findings: Findings): void {
  const advice = isTable(first.value) && isTable(second.value)
    ? "spell both alike"
    : "remove one of them";
  findings.fault(second.place, (lineOf) => {
    const line = lineOf(first.path);
    const where = line === null ? "" : ` on line ${line}`;
    return `is set twice, also as ${
      shownKey(first.written)
    }${where}: letter case makes no difference, so ${advice}`;
  });
}

/** The table of a section such as [general], or an empty one. */
export function openTable(
  file: string,
  entry: Entry | undefined,
  name: string,
  findings: Findings,
): Section {
  if (entry !== undefined && !isTable(entry.value)) {
    findings.fault(
      entry.place,
      `found ${describeValue(entry.value, true)}, expected a section [${name}]`,
    );
  }
  const table = isTable(entry?.value) ? entry.value : {};
  return openSection(file, table, { path: entry?.path ?? [name], title: name }, findings);
}

/** "irc.libera" and "Nick": `irc.libera.Nick`. */
export function titled(title: string, key: string): string {
  return title === "" ? shownKey(key) : `${title}.${shownKey(key)}`;
}

/** A value before it is read, and where it stands. */
interface Found {
  readonly raw: unknown;
  readonly place: Place;
}

/** Where values come from, the first that has one: the account's variable, its section, general's variable, [general]. */
export interface Lookup {
  /** Of the section itself, for what is missing. */
  readonly place: Place;
  find(option: Pick<Option<unknown>, "key" | "type">): Found | null;
  /** The environment variable that may hold a key; null where none can. */
  variable(key: string): string | null;
}

/** A section alone, with its environment variables where `names` are given. */
export function sectionLookup(
  section: Section,
  env?: { readonly environment: Environment; readonly names: readonly string[] },
): Lookup {
  return {
    place: section.place,
    find({ key, type }) {
      const variable = env?.environment.find([...env.names, key]);
      if (variable) return { raw: type.fromText(variable.text), place: variable.place };
      const entry = section.entries.get(key.toLowerCase());
      if (entry === undefined) return null;
      return { raw: entry.value, place: { ...entry.place, key: titled(section.place.key, key) } };
    },
    variable: (key) => env === undefined ? null : variableName([...env.names, key]),
  };
}

/** What the first does not have is looked up in the second. */
export function orElse(first: Lookup, second: Lookup): Lookup {
  return { ...first, find: (option) => first.find(option) ?? second.find(option) };
}

/** Where a key stands, else its section. */
export function placeOf(option: Option<unknown>, lookup: Lookup): Place {
  return lookup.find(option)?.place ?? lookup.place;
}

/** Reads every option of a table; what has a fault gets its default, and the fault is told. */
export function readOptions<Table extends OptionTable>(
  table: Table,
  lookup: Lookup,
  findings: Findings,
): Values<Table> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    values[name] = readOption(option, lookup, findings);
  }
  // Each property was read by the type that its row in the table has.
  return values as Values<Table>;
}

function readOption(option: Option<unknown>, lookup: Lookup, findings: Findings): unknown {
  const found = lookup.find(option);
  if (found === null) {
    if (option.required) {
      findings.fault(placeOfMissing(option, lookup), `is missing: ${needed(option, lookup)}`);
    }
    return option.fallback;
  }
  const reading = option.type.read(found.raw);
  if ("fault" in reading) {
    // Matterbridge takes an empty text for "not set", whatever the key is.
    if (found.raw === "" && !option.required) return option.fallback;
    findings.fault(found.place, reading.fault);
    return option.fallback;
  }
  if (option.required && reading.value === null) {
    findings.fault(found.place, `is empty: ${needed(option, lookup)}`);
  }
  if (reading.warning !== undefined) findings.warn(found.place, reading.warning);
  return reading.value;
}

/** The key's sentence of the documentation, to go on after a colon, and where else the value may come from. */
function needed({ doc, key }: Option<unknown>, lookup: Lookup): string {
  const text = doc.replace(/\.$/, "");
  const said = /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
  const variable = lookup.variable(key);
  return variable === null ? said : `${said} (or set ${variable} in the environment)`;
}

function placeOfMissing(option: Option<unknown>, lookup: Lookup): Place {
  return { ...lookup.place, key: titled(lookup.place.key, option.key) };
}

/** What a section can hold. */
export interface KnownKeys {
  readonly keys: readonly string[];
  readonly foreign: readonly ForeignKey[];
  /** Keys that belong into another section, which is named. */
  readonly elsewhere?: readonly (readonly [section: string, keys: readonly string[]])[];
}

/** Warns of each key of a section that has no effect there. */
export function warnOfUnknownKeys(section: Section, known: KnownKeys, findings: Findings): void {
  const keys = new Set(known.keys.map((key) => key.toLowerCase()));
  const foreign = new Map(known.foreign.map((row) => [row.key.toLowerCase(), row.instead]));
  for (const [lower, entry] of section.entries) {
    if (keys.has(lower)) continue;
    const instead = foreign.get(lower);
    const why = instead === undefined
      ? whyUnknown(entry.written, known)
      : `has no effect: ${instead}`;
    findings.warn(entry.place, why);
  }
}

function whyUnknown(written: string, known: KnownKeys): string {
  const home = known.elsewhere?.find(([, keys]) =>
    keys.some((key) => key.toLowerCase() === written.toLowerCase())
  );
  if (home !== undefined) return `has no effect here: this key belongs in [${home[0]}]`;
  return `there is no such key, so it has no effect${didYouMean(written, known.keys)}`;
}

export function keysOf(...tables: readonly OptionTable[]): string[] {
  return tables.flatMap((table) => Object.values(table).map((option) => option.key));
}
