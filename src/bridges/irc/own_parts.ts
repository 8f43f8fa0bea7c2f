/** Remembers which PARTs are of our own wish, so that their echo is not taken for being thrown out. */
export class OwnParts {
  readonly #pending = new Map<string, number>();
  readonly #fold: (name: string) => string;

  constructor(fold: (name: string) => string) {
    this.#fold = fold;
  }

  sent(name: string): void {
    const key = this.#fold(name);
    this.#pending.set(key, (this.#pending.get(key) ?? 0) + 1);
  }

  /** True when a PART of ours that came back was wished for. */
  returned(name: string): boolean {
    const key = this.#fold(name);
    const count = this.#pending.get(key) ?? 0;
    if (count > 1) this.#pending.set(key, count - 1);
    else this.#pending.delete(key);
    return count > 0;
  }

  /** We were out before our PART arrived: none will come back. */
  forget(name: string): void {
    this.#pending.delete(this.#fold(name));
  }
}
