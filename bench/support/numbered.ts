/** A text that is told from all others by its number, about as long as most lines of chat are. */
export function numberedText(number: number): string {
  return `#${number}# a line of chat as people write it, of a usual length`;
}

/** Numbers of a text, in order: a packed line has several. */
export function numbersIn(text: string): number[] {
  return [...text.matchAll(/#(\d+)#/g)].map((match) => Number(match[1]));
}

/** Which of the messages numbered from 0 on arrived, how often, and in which order. */
export class Arrivals {
  readonly #seen: Uint8Array;
  readonly #firstAtMs: Float64Array;
  #highest = -1;
  #count = 0;
  #doubled = 0;
  #outOfOrder = 0;

  constructor(readonly expected: number) {
    this.#seen = new Uint8Array(expected);
    this.#firstAtMs = new Float64Array(expected);
  }

  take(text: string, atMs: number): void {
    for (const number of numbersIn(text)) this.#takeNumber(number, atMs);
  }

  /** How many different ones arrived. */
  get count(): number {
    return this.#count;
  }

  get lost(): number {
    return this.expected - this.#count;
  }

  get doubled(): number {
    return this.#doubled;
  }

  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  get complete(): boolean {
    return this.#count === this.expected;
  }

  /** When it was first seen, by `performance.now()`; null for one that is missing. */
  atMs(number: number): number | null {
    return this.#seen[number] === 1 ? this.#firstAtMs[number] ?? null : null;
  }

  #takeNumber(number: number, atMs: number): void {
    if (number >= this.expected) return;
    if (this.#seen[number] === 1) {
      this.#doubled++;
      return;
    }
    this.#seen[number] = 1;
    this.#firstAtMs[number] = atMs;
    this.#count++;
    if (number < this.#highest) this.#outOfOrder++;
    else this.#highest = number;
  }
}
