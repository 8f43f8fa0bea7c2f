import { scanToml } from "./toml_scanner.ts";

/** Keys and list indexes from the root to a value, as the file spells them. */
export type KeyPath = readonly (string | number)[];

/** On which line of a TOML text each key, section and list item stands. */
export interface Positions {
  /** 1-based; the nearest enclosing one that is known; null where nothing is. */
  lineOf(path: KeyPath): number | null;
  /** Whether exactly this path stands in the text. */
  has(path: KeyPath): boolean;
}

interface Place {
  readonly line: number;
  readonly children: Map<string | number, Place>;
}

/** Finds the lines of a text that is valid TOML. For any other text the result is of no use, but it never throws. */
export function findPositions(text: string): Positions {
  const root: Place = { line: 1, children: new Map() };
  let section = root;
  scanToml(text, {
    section(keys, line, isList) {
      section = descend(root, isList ? keys.slice(0, -1) : keys, line);
      const last = keys.at(-1);
      if (isList && last !== undefined) section = newItem(section, last, line);
    },
    value(path, line) {
      descend(section, path, line);
    },
  });
  return { lineOf: (path) => lineOf(root, path), has: (path) => has(root, path) };
}

/** Goes down to a path, making what is missing; through a list of sections it goes to the newest one. */
function descend(from: Place, path: KeyPath, line: number): Place {
  let place = from;
  for (const [index, step] of path.entries()) {
    let next = place.children.get(step);
    if (next === undefined) {
      next = { line, children: new Map() };
      place.children.set(step, next);
    }
    // Only a path of section keys goes through a list; a value's own path names its items.
    place = typeof path[index + 1] === "number" ? next : newestItem(next);
  }
  return place;
}

const SECTIONS = Symbol("items");

function newestItem(place: Place & { [SECTIONS]?: number }): Place {
  const count = place[SECTIONS];
  return count === undefined ? place : place.children.get(count - 1) ?? place;
}

function newItem(parent: Place, key: string | number, line: number): Place {
  const list: Place & { [SECTIONS]?: number } = parent.children.get(key) ??
    { line, children: new Map() };
  parent.children.set(key, list);
  const index = list[SECTIONS] ?? 0;
  list[SECTIONS] = index + 1;
  const item: Place = { line, children: new Map() };
  list.children.set(index, item);
  return item;
}

function lineOf(root: Place, path: KeyPath): number | null {
  let place = root;
  let line: number | null = null;
  for (const step of path) {
    const next = place.children.get(step);
    if (next === undefined) return line;
    place = next;
    line = next.line;
  }
  return line;
}

function has(root: Place, path: KeyPath): boolean {
  let place: Place | undefined = root;
  for (const step of path) place = place?.children.get(step);
  return place !== undefined;
}
