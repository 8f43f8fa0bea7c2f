import { type Paint, paint } from "../../log/terminal.ts";

/** "skipped": it could not be looked at, because of what another row says, or because nobody asked for it. */
type RowState = "ok" | "warning" | "broken" | "skipped";

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

const WORDS: Readonly<Record<RowState, { readonly word: string; readonly how: Paint }>> = {
  ok: { word: "ok", how: "green" },
  warning: { word: "WARNING", how: "yellow" },
  broken: { word: "BROKEN", how: "red" },
  skipped: { word: "-", how: "dim" },
};
const STATE_WIDTH = 7;

interface TableOptions {
  /** What the rows can be about: their column is as wide as the longest. */
  readonly subjects: readonly string[];
  readonly checks: readonly string[];
  readonly colour: boolean;
  /** Columns of the terminal: what is seen is wrapped there at its words. Null: each row is one line, for programs. */
  readonly columns: number | null;
}

/** A terminal so narrow is left to wrap by itself. */
const LEAST_TEXT = 24;
/** Room for "own messages @cinema", where there is room. */
const MOST_CHECK = 24;
const WIDE = 100;

/** A word and the room that it takes, whatever its looks. */
interface Word {
  readonly width: number;
  readonly shown: string;
}

function wordsOf(text: string): Word[] {
  return text.split(" ").map((word) => ({ width: word.length, shown: word }));
}

/** Rows as lines of one table, whose widths are known before the first row. */
export class Table {
  readonly #options: TableOptions;
  readonly #aboutWidth: number;
  readonly #checkWidth: number;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#aboutWidth = Math.max(...options.subjects.map((one) => one.length), 5);
    const least = (options.columns ?? 0) < WIDE ? 14 : MOST_CHECK;
    this.#checkWidth = Math.min(
      MOST_CHECK,
      Math.max(...options.checks.map((one) => one.length), least),
    );
  }

  /** One line, on a terminal several: a failing row ends with what to do. */
  line(row: Row): string {
    const { colour } = this.#options;
    const { word, how } = WORDS[row.state];
    const head = [
      paint(word.padEnd(STATE_WIDTH), how, colour),
      row.about.padEnd(this.#aboutWidth),
      row.check.padEnd(this.#checkWidth),
    ].join("  ");
    const arrow = { width: 2, shown: paint("->", "bold", colour) };
    const words = [
      ...wordsOf(row.seen),
      ...(row.remedy === null ? [] : [arrow, ...wordsOf(row.remedy)]),
    ];
    const lines = this.#wrapped(words, row.check.length > this.#checkWidth);
    return `${head}  ${lines.join(`\n${" ".repeat(this.#indent)}`)}`;
  }

  get #indent(): number {
    return STATE_WIDTH + this.#aboutWidth + this.#checkWidth + 6;
  }

  /** The words as lines of at most the width that is left, the first one empty behind a name that is too long. */
  #wrapped(words: readonly Word[], isPushed: boolean): string[] {
    const width = (this.#options.columns ?? 0) - this.#indent;
    if (width < LEAST_TEXT) return [words.map(({ shown }) => shown).join(" ")];
    const lines: Word[][] = isPushed ? [[], []] : [[]];
    let left = width;
    for (const word of words) {
      const isFirst = lines.at(-1)?.length === 0;
      left -= word.width + (isFirst ? 0 : 1);
      if (isFirst || left >= 0) lines.at(-1)?.push(word);
      else {
        lines.push([word]);
        left = width - word.width;
      }
    }
    return lines.map((line) => line.map(({ shown }) => shown).join(" "));
  }

  summary(rows: readonly Row[]): string {
    const count = (state: RowState) => rows.filter((row) => row.state === state).length;
    const [broken, warnings] = [count("broken"), count("warning")];
    if (broken > 0) return `${plural(broken, "problem")}, ${plural(warnings, "warning")}.`;
    return warnings > 0 ? `${plural(warnings, "warning")}.` : "No problems found.";
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
