/** "skipped": it could not be looked at, because of what another row says, or because nobody asked for it. */
export type RowState = "ok" | "warning" | "broken" | "skipped";

/** One thing that was looked at. */
export interface Row {
  /** "relay", or an account of the configuration ("irc.libera"). */
  readonly about: string;
  /** What was looked at: "TLS", "#cinema", "schema" … */
  readonly check: string;
  readonly state: RowState;
  /** What was seen, in plain words, without secrets. */
  readonly seen: string;
  /** What to do; null where nothing need be done. */
  readonly remedy: string | null;
}

/** Takes rows as they are found. */
export type Report = (row: Row) => void;

/** Rows of one account. */
export class RowWriter {
  readonly #report: Report;
  readonly #about: string;

  constructor(report: Report, about: string) {
    this.#report = report;
    this.#about = about;
  }

  ok(check: string, seen: string): void {
    this.#report({ about: this.#about, check, state: "ok", seen, remedy: null });
  }

  warn(check: string, seen: string, remedy: string): void {
    this.#report({ about: this.#about, check, state: "warning", seen, remedy });
  }

  broken(check: string, seen: string, remedy: string): void {
    this.#report({ about: this.#about, check, state: "broken", seen, remedy });
  }

  skipped(check: string, seen: string): void {
    this.#report({ about: this.#about, check, state: "skipped", seen, remedy: null });
  }
}

/** 0 all is well, 1 warnings, 2 something is broken. */
export function exitCodeOf(rows: readonly Row[]): 0 | 1 | 2 {
  if (rows.some(({ state }) => state === "broken")) return 2;
  return rows.some(({ state }) => state === "warning") ? 1 : 0;
}
