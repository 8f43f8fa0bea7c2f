/** Reads a text from its start to its end, by code points. */
export class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  /** Moves behind `text` if it comes next. */
  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** The next character; empty at the end. */
  next(): string {
    const codePoint = this.#text.codePointAt(this.#at);
    if (codePoint === undefined) return "";
    const char = String.fromCodePoint(codePoint);
    this.#at += char.length;
    return char;
  }

  rest(): string {
    return this.#text.slice(this.#at);
  }

  skip(units: number): void {
    this.#at += units;
  }

  /** What stands before `end`, which is skipped; null, with nothing moved, when it does not come. */
  until(end: string): string | null {
    const found = this.#text.indexOf(end, this.#at);
    if (found === -1) return null;
    const text = this.#text.slice(this.#at, found);
    this.#at = found + end.length;
    return text;
  }

  /** Everything that is left, and moves to the end. */
  all(): string {
    const text = this.rest();
    this.#at = this.#text.length;
    return text;
  }
}
