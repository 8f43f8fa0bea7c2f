/** A colour as people see it. `palette` keeps the number that a service with numbered colours used. */
export interface Colour {
  /** Six hexadecimal digits, lower case. */
  readonly rgb: string;
  readonly palette?: number;
}

export interface Style {
  readonly bold?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly monospace?: true;
  readonly reverse?: true;
  readonly colour?: Colour;
  readonly background?: Colour;
}

/** A run of text in one style. The text may hold line breaks ("\n" only) and no other control character. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/**
 * A message's text between two services: each bridge reads its own markup into spans and writes spans as its own
 * markup, so that no bridge knows another's.
 */
export type RichText = readonly Span[];

export const PLAIN: Style = Object.freeze({});

/** Text without any style. */
export function plainText(text: string): RichText {
  return text === "" ? [] : [{ text, style: PLAIN }];
}

/** The visible text alone. */
export function textOf(rich: RichText): string {
  return rich.map((span) => span.text).join("");
}
