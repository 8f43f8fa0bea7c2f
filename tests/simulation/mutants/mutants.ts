/** A defect that was mended, and how it is put back. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly {
    readonly file: string;
    /** Stands exactly once in the file. */
    readonly find: string;
    readonly replace: string;
  }[];
}

/** The defects of delivery that a review found, each one as small a change of today's source as brings it back. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "h-echo-by-guess",
    edits: [{
      file: "src/bridges/irc/sending/confirmation.ts",
      find:
        'if (shown === null && this.#echoes && flight.part.kind === "message") this.#notShown(flight);\n    else this.#confirm(flight, shown);',
      replace: "this.#confirm(flight, shown);",
    }],
  },
];
