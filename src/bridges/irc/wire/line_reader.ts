/**
 * Bytes to lines with a bound: a line longer than `maxLineBytes` is thrown away while it comes in, so that it costs no
 * memory, and is told once when it ends.
 */
export class LineReader {
  readonly #maxLineBytes: number;
  readonly #onLine: (line: Uint8Array) => void;
  readonly #onTooLong: (bytes: number) => void;
  #rest: Uint8Array = new Uint8Array(0);
  #skippedBytes = 0;

  constructor(options: {
    readonly maxLineBytes: number;
    readonly onLine: (line: Uint8Array) => void;
    readonly onTooLong: (bytes: number) => void;
  }) {
    this.#maxLineBytes = options.maxLineBytes;
    this.#onLine = options.onLine;
    this.#onTooLong = options.onTooLong;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#end(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #end(tail: Uint8Array): void {
    const skipped = this.#skippedBytes;
    const line = joined(this.#rest, tail);
    this.#rest = new Uint8Array(0);
    this.#skippedBytes = 0;
    const bytes = skipped + line.length;
    if (bytes > this.#maxLineBytes) return this.#onTooLong(bytes);
    const trimmed = line.at(-1) === 13 ? line.subarray(0, -1) : line;
    if (trimmed.length > 0) this.#onLine(trimmed);
  }

  #keep(tail: Uint8Array): void {
    if (this.#skippedBytes > 0 || this.#rest.length + tail.length > this.#maxLineBytes) {
      this.#skippedBytes += this.#rest.length + tail.length;
      this.#rest = new Uint8Array(0);
    } else if (tail.length > 0) {
      this.#rest = joined(this.#rest, tail);
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second.slice();
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
