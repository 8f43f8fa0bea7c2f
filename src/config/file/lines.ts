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

/** What the scanner reports, in the order of the text. Lines are 1-based. */
interface ScanEvents {
  /** `[a.b]`, or `[[a.b]]` when `isList`. */
  section(keys: readonly string[], line: number, isList: boolean): void;
  /** A key of the current section, a key of an inline table, or an item of a list. */
  value(path: readonly (string | number)[], line: number): void;
}

/** Walks over valid TOML and reports where keys stand. It ends quietly where a text is not TOML. */
function scanToml(text: string, events: ScanEvents): void {
  new Scanner(text, events).run();
}

/** Deeper than the parser goes, so that no text can exhaust the stack. */
const DEEPEST = 1_100;

class Scanner {
  readonly #text: string;
  readonly #events: ScanEvents;
  #at = 0;
  #line = 1;

  constructor(text: string, events: ScanEvents) {
    this.#text = text;
    this.#events = events;
  }

  run(): void {
    if (this.#text.startsWith("\ufeff")) this.#at = 1;
    while (this.#skipBlank()) {
      const before = this.#at;
      if (this.#peek() === "[") this.#section();
      else this.#pair([], 0);
      // What is not TOML must not hold us here.
      if (this.#at === before) this.#at++;
    }
  }

  #section(): void {
    const line = this.#line;
    this.#at++;
    const isList = this.#take("[");
    const keys = this.#keys();
    this.#skipSpace();
    if (this.#take("]") && isList) this.#take("]");
    if (keys.length > 0) this.#events.section(keys, line, isList);
  }

  #pair(base: readonly (string | number)[], depth: number): void {
    const line = this.#line;
    const path = [...base, ...this.#keys()];
    if (path.length > base.length) this.#events.value(path, line);
    this.#skipSpace();
    this.#take("=");
    this.#skipSpace();
    this.#value(path, depth);
  }

  #keys(): string[] {
    const keys: string[] = [];
    do {
      this.#skipSpace();
      const key = this.#key();
      if (key === null) return keys;
      keys.push(key);
      this.#skipSpace();
    } while (this.#take("."));
    return keys;
  }

  #key(): string | null {
    const quote = this.#peek();
    if (quote === '"' || quote === "'") {
      const raw = this.#string();
      return quote === "'" ? raw : unescaped(raw);
    }
    const from = this.#at;
    this.#at = this.#endOf(/[A-Za-z0-9_-]*/y);
    return this.#at === from ? null : this.#text.slice(from, this.#at);
  }

  #value(path: readonly (string | number)[], depth: number): void {
    const first = this.#peek();
    if (depth > DEEPEST) this.#at = this.#text.length;
    else if (first === "[") this.#list(path, depth + 1);
    else if (first === "{") this.#inlineTable(path, depth + 1);
    else if (first === '"' || first === "'") this.#string();
    else this.#bareValue();
  }

  #list(path: readonly (string | number)[], depth: number): void {
    this.#at++;
    for (let index = 0; this.#skipBlank() && !this.#take("]"); index++) {
      const before = this.#at;
      const item = [...path, index];
      this.#events.value(item, this.#line);
      this.#value(item, depth);
      this.#skipBlank();
      if (!this.#take(",") && this.#peek() !== "]" && this.#at === before) this.#at++;
    }
  }

  #inlineTable(path: readonly (string | number)[], depth: number): void {
    this.#at++;
    while (this.#skipBlank() && !this.#take("}")) {
      const before = this.#at;
      this.#pair(path, depth);
      this.#skipBlank();
      if (!this.#take(",") && this.#peek() !== "}" && this.#at === before) this.#at++;
    }
  }

  /** Moves behind a string and answers what stands between its quotes, as written. */
  #string(): string {
    const quote = this.#peek();
    const triple = quote.repeat(3);
    const end = this.#text.startsWith(triple, this.#at) ? triple : quote;
    const start = this.#at + end.length;
    let at = start;
    while (at < this.#text.length && !this.#text.startsWith(end, at)) {
      at += quote === '"' && this.#text[at] === "\\" ? 2 : 1;
    }
    // Up to two quotes can stand right before the closing three.
    while (end === triple && this.#text[at + 3] === quote) at++;
    const inside = this.#text.slice(start, at);
    this.#moveTo(Math.min(at + end.length, this.#text.length));
    return inside;
  }

  #bareValue(): void {
    this.#at = this.#endOf(/[^,\]}\r\n#]*/y);
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (this.#peek() === " " || this.#peek() === "\t") this.#at++;
  }

  /** Moves over blanks, line ends and comments; false at the end of the text. */
  #skipBlank(): boolean {
    for (let moved = true; moved;) {
      const from = this.#at;
      this.#moveTo(this.#endOf(/[ \t\r\n]*/y));
      if (this.#peek() === "#") this.#moveTo(this.#endOf(/[^\n]*/y));
      moved = this.#at > from;
    }
    return this.#at < this.#text.length;
  }

  /** Where the match of a sticky pattern that starts here ends. */
  #endOf(pattern: RegExp): number {
    pattern.lastIndex = this.#at;
    return this.#at + (pattern.exec(this.#text)?.[0].length ?? 0);
  }

  #moveTo(end: number): void {
    for (let at = this.#text.indexOf("\n", this.#at); at !== -1 && at < end;) {
      this.#line++;
      at = this.#text.indexOf("\n", at + 1);
    }
    this.#at = end;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\u001b",
  '"': '"',
  "\\": "\\",
};

function unescaped(raw: string): string {
  return raw.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/gs,
    (whole, x?: string, u?: string, long?: string, simple?: string) => {
      const hex = x ?? u ?? long;
      if (hex === undefined) return ESCAPES[simple ?? ""] ?? whole;
      const codePoint = parseInt(hex, 16);
      return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : whole;
    },
  );
}
