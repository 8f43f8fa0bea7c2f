/** What the scanner reports, in the order of the text. Lines are 1-based. */
export interface ScanEvents {
  /** `[a.b]`, or `[[a.b]]` when `isList`. */
  section(keys: readonly string[], line: number, isList: boolean): void;
  /** A key of the current section, a key of an inline table, or an item of a list. */
  value(path: readonly (string | number)[], line: number): void;
}

/** Walks over valid TOML and reports where keys stand. It ends quietly where a text is not TOML. */
export function scanToml(text: string, events: ScanEvents): void {
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
