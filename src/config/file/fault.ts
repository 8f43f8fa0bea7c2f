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

/** Where a value stands. */
export type Place = Omit<Fault, "message">;

/** Gathers what was found, so that all of it is said together. The same finding is kept once. */
export class Report {
  readonly #faults = new Map<string, Fault>();
  readonly #warnings = new Map<string, Fault>();

  fault(place: Place, message: string): void {
    add(this.#faults, place, message);
  }

  warn(place: Place, message: string): void {
    add(this.#warnings, place, message);
  }

  /** A report whose faults count as warnings here: for what is not used anyway. */
  lenient(): Pick<Report, "fault" | "warn"> {
    return {
      fault: (place, message) => this.warn(place, message),
      warn: (place, message) => this.warn(place, message),
    };
  }

  faults(): readonly Fault[] {
    return inOrder(this.#faults);
  }

  warnings(): readonly Fault[] {
    return inOrder(this.#warnings);
  }
}

/** What a reader may do with a Report. */
export type Findings = Pick<Report, "fault" | "warn">;

function add(into: Map<string, Fault>, place: Place, message: string): void {
  const { file, line, key } = place;
  const fault = Object.freeze({ file, line, key, message });
  into.set(JSON.stringify(fault), fault);
}

/** As they stand in the file; what has no line comes last. */
function inOrder(found: ReadonlyMap<string, Fault>): readonly Fault[] {
  const lineOf = (fault: Fault) => fault.line ?? Number.MAX_SAFE_INTEGER;
  return Object.freeze([...found.values()].sort((one, other) => lineOf(one) - lineOf(other)));
}
