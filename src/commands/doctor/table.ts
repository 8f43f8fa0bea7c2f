import { type Paint, paint } from "../../observability/paint.ts";
import type { Row, RowState } from "./row.ts";

const WORDS: Readonly<Record<RowState, { readonly word: string; readonly how: Paint }>> = {
  ok: { word: "ok", how: "green" },
  warning: { word: "WARNING", how: "yellow" },
  broken: { word: "BROKEN", how: "red" },
  skipped: { word: "-", how: "dim" },
};
const STATE_WIDTH = 7;

export interface TableOptions {
  /** What the rows can be about: their column is as wide as the longest. */
  readonly subjects: readonly string[];
  readonly checks: readonly string[];
  readonly colour: boolean;
}

/** Rows as lines of one table, whose widths are known before the first row. */
export class Table {
  readonly #options: TableOptions;
  readonly #aboutWidth: number;
  readonly #checkWidth: number;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#aboutWidth = Math.max(...options.subjects.map((one) => one.length), 5);
    this.#checkWidth = Math.min(24, Math.max(...options.checks.map((one) => one.length), 14));
  }

  /** One line: a failing row ends with what to do. */
  line(row: Row): string {
    const { colour } = this.#options;
    const { word, how } = WORDS[row.state];
    const remedy = row.remedy === null ? "" : ` ${paint("->", "bold", colour)} ${row.remedy}`;
    return [
      paint(word.padEnd(STATE_WIDTH), how, colour),
      row.about.padEnd(this.#aboutWidth),
      row.check.padEnd(this.#checkWidth),
      row.seen + remedy,
    ].join("  ");
  }

  summary(rows: readonly Row[]): string {
    const count = (state: RowState) => rows.filter((row) => row.state === state).length;
    const [broken, warnings] = [count("broken"), count("warning")];
    if (broken > 0) return `${plural(broken, "row")} broken, ${plural(warnings, "warning")}.`;
    return warnings > 0 ? `${plural(warnings, "warning")}.` : "All is well.";
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
