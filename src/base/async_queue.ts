/**
 * A queue between one or many producers and one consumer that takes what has gathered as one batch. `push` never
 * waits; the bound belongs to the producer's protocol (a socket that is read), not here.
 */
export class AsyncQueue<T> {
  #items: T[] = [];
  #waiting: (() => void) | null = null;
  #closed = false;

  get size(): number {
    return this.#items.length;
  }

  /** Adds an item; after `close` it answers false and keeps nothing. */
  push(item: T): boolean {
    if (this.#closed) return false;
    this.#items.push(item);
    this.#wake();
    return true;
  }

  /** No more items: the consumer gets what is left, then null. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Everything that has gathered, at least one item; null once closed and empty. One consumer at a time. */
  async takeAll(): Promise<T[] | null> {
    while (this.#items.length === 0) {
      if (this.#closed) return null;
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    const batch = this.#items;
    this.#items = [];
    return batch;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }
}
