/** Ids are reserved on the disk in blocks, so that taking one costs nothing. */
const BLOCK = 10_000;

/** One ascending sequence of ids: none is given out twice, also not by a later run. */
export class IdSequence {
  #next: number;
  #reserved: number;

  /** `next` is the first id that no run has reserved; up to `reserved` is reserved for this sequence. */
  constructor(next: number, reserved: number = next) {
    this.#next = next;
    this.#reserved = reserved;
  }

  /** The end of what is reserved: a database without this sequence's past must start here. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Makes sure that `count` ids can be taken; `store` writes down the new end of what is reserved. */
  reserve(count: number, store: (reserved: number) => void): void {
    if (this.#next + count <= this.#reserved) return;
    const reserved = this.#next + Math.max(count, BLOCK);
    store(reserved);
    this.#reserved = reserved;
  }

  take(): number {
    return this.#next++;
  }
}
