/** Reads lines and counted bytes from what comes in pieces. Every read rejects when the source breaks off. */
export class ByteReader {
  readonly #source: AsyncIterator<unknown>;
  #held: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next line without its end; rejects when it is longer than `most` bytes. */
  async line(most: number): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end > most || (end < 0 && this.#held.length > most)) throw new Error("its answer is odd");
      if (end >= 0) {
        const line = new TextDecoder("latin1").decode(this.#held.subarray(0, end));
        this.#held = this.#held.subarray(end + 1);
        return line.replace(/\r$/, "");
      }
      if (!await this.#more()) throw new Error("it broke off");
    }
  }

  /** The next `count` bytes, in pieces. */
  async *take(count: number): AsyncGenerator<Uint8Array, void> {
    let left = count;
    while (left > 0) {
      if (this.#held.length === 0 && !await this.#more()) throw new Error("it broke off");
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** All until the end, in pieces. */
  async *rest(): AsyncGenerator<Uint8Array, void> {
    do {
      const piece = this.#held;
      this.#held = new Uint8Array();
      if (piece.length > 0) yield piece;
    } while (await this.#more());
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    if (!(next.value instanceof Uint8Array)) throw new Error("Cannot read: no bytes came");
    const joined = new Uint8Array(this.#held.length + next.value.length);
    joined.set(this.#held);
    joined.set(next.value, this.#held.length);
    this.#held = joined;
    return true;
  }
}
