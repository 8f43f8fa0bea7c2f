/** One seeded source of chance. Two of the same seed and name give the same numbers. */
export class Random {
  #state: number;

  constructor(seed: number, name = "") {
    this.#state = hashOf(seed, name);
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    return scrambled(this.#state) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.whole(0, choices.length - 1)];
    if (choice === undefined) throw new Error("Cannot pick from nothing");
    return choice;
  }
}

/**
 * Chance that belongs to its keys and not to how often chance was asked before: what is dropped from a schedule changes
 * nothing of what is left. In [0, 1).
 */
export function chanceOf(seed: number, ...keys: readonly (string | number)[]): number {
  return scrambled(hashOf(seed, keys.join(" "))) / 2 ** 32;
}

/** FNV-1a, 32 bits. */
export function hashOf(seed: number, text: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  hash = Math.imul(hash ^ (seed >>> 16), 0x01000193) >>> 0;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash;
}

/** Mulberry32. */
function scrambled(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
