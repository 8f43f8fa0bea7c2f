/** Remembers the newest ids, up to a bound. */
export class SeenIds {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** False when it was there already. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#limit) {
      const oldest = this.#ids.values().next();
      if (oldest.done !== true) this.#ids.delete(oldest.value);
    }
    return true;
  }
}

/** How much a stranger may make one connection hold. */
interface HoldingLimits {
  readonly entries: number;
  readonly bytes: number;
}

/**
 * Adds up all that the other side of one connection makes us remember: people, features, parts of messages. Whoever
 * remembers something takes room for it here and gives it back. `over` is told once, when a bound is passed, of what
 * grew last; the connection then has to end.
 */
export class Holdings {
  readonly #limits: HoldingLimits;
  readonly #over: (what: string) => void;
  #entries = 0;
  #bytes = 0;
  #isOver = false;

  constructor(limits: HoldingLimits, over: (what: string) => void) {
    this.#limits = limits;
    this.#over = over;
  }

  take(what: string, bytes: number): void {
    this.#entries++;
    this.grow(what, bytes);
  }

  /** Of what has been taken: it is larger now, or (below 0) smaller. */
  grow(what: string, bytes: number): void {
    this.#bytes += bytes;
    const { entries, bytes: most } = this.#limits;
    if (this.#isOver || (this.#entries <= entries && this.#bytes <= most)) return;
    this.#isOver = true;
    this.#over(what);
  }

  giveBack(bytes: number): void {
    this.#entries--;
    this.#bytes -= bytes;
  }
}

/** A map whose texts are counted. */
export class HeldTexts {
  readonly #texts = new Map<string, string>();
  readonly #what: string;
  readonly #held: Holdings | null;

  constructor(what: string, held: Holdings | null) {
    this.#what = what;
    this.#held = held;
  }

  get(name: string): string | undefined {
    return this.#texts.get(name);
  }

  has(name: string): boolean {
    return this.#texts.has(name);
  }

  names(): Iterable<string> {
    return this.#texts.keys();
  }

  set(name: string, text: string): void {
    this.delete(name);
    this.#texts.set(name, text);
    this.#held?.take(this.#what, name.length + text.length);
  }

  delete(name: string): void {
    const text = this.#texts.get(name);
    if (text === undefined) return;
    this.#texts.delete(name);
    this.#held?.giveBack(name.length + text.length);
  }
}
