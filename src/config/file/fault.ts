/** Something in the configuration that a person should mend, or at least know. Never holds a secret's value. */
export interface Fault {
  /** The file's name as the user gave it, or "environment". */
  readonly file: string;
  /** 1-based; null where the whole file or a variable is meant. */
  readonly line: number | null;
  /** Such as `irc.libera.Server`; empty where no key is meant. */
  readonly key: string;
  readonly message: string;
}

/** One line for people: `matterbridge.toml:12: irc.libera.Nick: found a number (5), expected text in quotes`. */
export function formatFault(fault: Fault): string {
  const place = fault.line === null ? fault.file : `${fault.file}:${fault.line}`;
  return [place, fault.key, fault.message].filter((part) => part !== "").join(": ");
}

/** Keys and list indexes from the root to a value, as the file spells them. */
export type KeyPath = readonly (string | number)[];

/** On which line a path stands: 1-based, of the nearest enclosing one that is known; null where none is. */
export type LineOf = (path: KeyPath) => number | null;

/** Where a value stands. Its line is looked up only when there is something to say. */
export interface Place {
  readonly file: string;
  /** Null where the whole file or a variable is meant. */
  readonly path: KeyPath | null;
  readonly key: string;
}

/** A message that names another line is a function. */
type Message = string | ((lineOf: LineOf) => string);

interface Finding {
  readonly place: Place;
  readonly message: Message;
}

/** Gathers what was found, so that all of it is told together. */
export class Report {
  readonly #faults: Finding[] = [];
  readonly #warnings: Finding[] = [];

  fault(place: Place, message: Message): void {
    this.#faults.push({ place, message });
  }

  warn(place: Place, message: Message): void {
    this.#warnings.push({ place, message });
  }

  /** A report whose faults count as warnings here: for what is not used anyway. */
  lenient(): Findings {
    return {
      fault: (place, message) => this.warn(place, message),
      warn: (place, message) => this.warn(place, message),
    };
  }

  get hasFaults(): boolean {
    return this.#faults.length > 0;
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0 && this.#warnings.length === 0;
  }

  faults(lineOf: LineOf): readonly Fault[] {
    return told(this.#faults, lineOf);
  }

  warnings(lineOf: LineOf): readonly Fault[] {
    return told(this.#warnings, lineOf);
  }
}

/** What a reader may do with a Report. */
export type Findings = Pick<Report, "fault" | "warn">;

/** Each finding once, as they stand in the file; what has no line comes last. */
function told(findings: readonly Finding[], lineOf: LineOf): readonly Fault[] {
  const unique = new Map<string, Fault>();
  for (const { place: { file, path, key }, message } of findings) {
    const text = typeof message === "string" ? message : message(lineOf);
    const line = path === null ? null : lineOf(path);
    const fault = Object.freeze({ file, line, key, message: text });
    unique.set(JSON.stringify(fault), fault);
  }
  const rank = (fault: Fault) => fault.line ?? Number.MAX_SAFE_INTEGER;
  return Object.freeze([...unique.values()].sort((one, other) => rank(one) - rank(other)));
}
