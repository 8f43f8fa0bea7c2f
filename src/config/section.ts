import type { Findings, Place } from "./fault.ts";
import type { KeyPath, Positions } from "./positions.ts";
import { shownKey } from "./show.ts";
import { isTable } from "./value_types.ts";

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

export function placeOf(source: FileSource, path: KeyPath, key: string): Place {
  return { file: source.file, line: source.positions.lineOf(path), key };
}

/** "irc.libera" and "Nick": `irc.libera.Nick`. */
export function titled(title: string, key: string): string {
  return title === "" ? shownKey(key) : `${title}.${shownKey(key)}`;
}
