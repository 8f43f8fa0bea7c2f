import { PLAIN, type RichText, type Style } from "../../src/relay/port/rich_text.ts";

/**
 * The hidden number by which the simulation knows each message. It travels as a colour that no service shows, so that
 * nothing, the judge included, can tell two messages of one text apart by reading them.
 */
export function numbered(text: string, number: number): RichText {
  const style: Style = { colour: { rgb: number.toString(16).padStart(6, "0") } };
  return text === "" ? [] : [{ text, style }];
}

/** The numbers a text bears, in order. */
export function numbersIn(rich: RichText): number[] {
  const numbers: number[] = [];
  for (const span of rich) {
    const number = numberOf(span.style);
    if (number !== null && numbers.at(-1) !== number) numbers.push(number);
  }
  return numbers;
}

export function numberOf(style: Style): number | null {
  return style.colour === undefined ? null : parseInt(style.colour.rgb, 16);
}

/** What may reach the wire. */
export function withoutNumbers(rich: RichText): RichText {
  return rich.map((span) => ({ text: span.text, style: PLAIN }));
}

/** A piece of a numbered message: the `at`th of `of` parts that it was cut into. */
export interface Piece {
  readonly number: number;
  readonly at: number;
  readonly of: number;
}

/** The pieces a part carries, as the part bears them through the store. */
export function writePieces(pieces: readonly Piece[]): string | null {
  if (pieces.length === 0) return null;
  return pieces.map(({ number, at, of }) => `${number}.${at}.${of}`).join(" ");
}

export function readPieces(written: string | null): Piece[] {
  if (written === null) return [];
  return written.split(" ").map((piece) => {
    const [number = 0, at = 0, of = 0] = piece.split(".").map(Number);
    return { number, at, of };
  });
}

/** Cuts a text into parts of at most `length`, also at its line breaks, and says what each carries. */
export function cutInParts(
  prefix: RichText,
  text: RichText,
  length: number,
): { readonly text: string; readonly pieces: readonly Piece[] }[] {
  const shown = prefix.map((span) => span.text).join("");
  const lines: { text: string; numbers: number[] }[] = [{ text: shown, numbers: [] }];
  const place = (letters: string, number: number | null) => {
    let rest = letters;
    while (rest !== "") {
      let line = lines.at(-1);
      if (line === undefined || line.text.length >= length) {
        line = { text: shown, numbers: [] };
        lines.push(line);
      }
      const piece = rest.slice(0, Math.max(1, length - line.text.length));
      line.text += piece;
      if (number !== null && line.numbers.at(-1) !== number) line.numbers.push(number);
      rest = rest.slice(piece.length);
    }
  };
  for (const span of text) {
    span.text.split("\n").forEach((line, at) => {
      if (at > 0) lines.push({ text: shown, numbers: [] });
      place(line, numberOf(span.style));
    });
  }
  const totals = new Map<number, number>();
  for (const line of lines) {
    for (const number of line.numbers) totals.set(number, (totals.get(number) ?? 0) + 1);
  }
  const met = new Map<number, number>();
  return lines.filter((line) => line.text !== shown).map((line) => ({
    text: line.text,
    pieces: line.numbers.map((number) => {
      const at = met.get(number) ?? 0;
      met.set(number, at + 1);
      return { number, at, of: totals.get(number) ?? 1 };
    }),
  }));
}
