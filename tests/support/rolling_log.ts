/** A list that keeps its last `most` items and counts all: memory stays flat however much is added. */
export class RollingLog<T> {
  readonly #most: number;
  #items: T[] = [];
  #total = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many were ever added. The next item's ordinal. */
  get total(): number {
    return this.#total;
  }

  add(item: T): void {
    this.#total++;
    this.#items.push(item);
    // Trimmed in lots, so that the cost of one more item stays small.
    if (this.#items.length >= this.#most * 2) this.#items = this.#items.slice(-this.#most);
  }

  /** What is kept, oldest first. */
  all(): readonly T[] {
    return this.#items.length > this.#most ? this.#items.slice(-this.#most) : this.#items;
  }

  /** What is kept of the items with this ordinal and later ones. */
  since(ordinal: number): readonly T[] {
    const first = this.#total - this.#items.length;
    return this.#items.slice(Math.max(0, ordinal - first));
  }

  /** Takes out the first kept item that `predicate` takes; later ordinals stay. */
  remove(predicate: (item: T) => boolean): T | null {
    const at = this.#items.findIndex(predicate);
    return at === -1 ? null : this.#items.splice(at, 1)[0] ?? null;
  }

  /**
   * A probe for `Changes.until`: each call looks at what came since the last call and answers the first item that
   * `predicate` takes, else null.
   */
  finder(predicate: (item: T) => boolean, since = 0): () => T | null {
    let next = since;
    return () => {
      const fresh = next >= this.#total ? [] : this.since(next);
      next = this.#total;
      return fresh.find(predicate) ?? null;
    };
  }
}
