import type { Findings, Place } from "../file/fault.ts";
import type { KeyPath, Positions } from "../file/lines.ts";
import type { ForeignKey, Option, OptionTable, Values } from "../options/option.ts";
import { didYouMean } from "../values/did_you_mean.ts";
import { shownKey } from "../values/show.ts";
import { isTable } from "../values/values.ts";
import type { Environment } from "./environment.ts";

/** The file that is read, for places. */
export interface FileSource {
  readonly file: string;
  readonly positions: Positions;
}

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
 * is taken and a fault is told. `spelling` gives keys the spelling that messages show.
 */
export function openSection(
  source: FileSource,
  table: Readonly<Record<string, unknown>>,
  at: { readonly path: KeyPath; readonly title: string },
  findings: Findings,
): Section {
  const entries = new Map<string, Entry>();
  for (const [written, value] of Object.entries(table)) {
    const path = [...at.path, written];
    const entry = { written, value, path, place: placeOf(source, path, titled(at.title, written)) };
    const first = entries.get(written.toLowerCase());
    if (first === undefined) entries.set(written.toLowerCase(), entry);
    else findings.fault(entry.place, twice(first, entry));
  }
  return { path: at.path, place: placeOf(source, at.path, at.title), entries };
}

function twice(first: Entry, second: Entry): string {
  const where = first.place.line === null ? "" : ` on line ${first.place.line}`;
  const advice = isTable(first.value) && isTable(second.value)
    ? "spell both alike"
    : "remove one of them";
  return `stands twice, also as ${
    shownKey(first.written)
  }${where}: letter case makes no difference, so ${advice}`;
}

function placeOf(source: FileSource, path: KeyPath, key: string): Place {
  return { file: source.file, line: source.positions.lineOf(path), key };
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
  };
}

/** What the first does not have is looked up in the second. */
export function orElse(first: Lookup, second: Lookup): Lookup {
  return { place: first.place, find: (option) => first.find(option) ?? second.find(option) };
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
      findings.fault(placeOfMissing(option, lookup), `is missing: ${described(option)}`);
    }
    return option.fallback;
  }
  const reading = option.type.read(found.raw);
  if ("fault" in reading) {
    findings.fault(found.place, reading.fault);
    return option.fallback;
  }
  if (option.required && reading.value === null) {
    findings.fault(found.place, `is empty: ${described(option)}`);
  }
  if (reading.warning !== undefined) findings.warn(found.place, reading.warning);
  if (option.status === "supported") return reading.value;
  findings.warn(found.place, `has no effect: ${option.status.unsupported}`);
  return option.fallback;
}

/** The key's sentence of the documentation, to go on after a colon. */
function described({ doc }: Option<unknown>): string {
  const text = doc.replace(/\.$/, "");
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
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
