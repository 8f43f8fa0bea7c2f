import { byteLength, graphemes } from "../../../base/text.ts";
import { PLAIN, type RichText, type Span, type Style, textOf } from "../../../relay/rich_text.ts";
import { transition, writeMirc } from "./mirc_write.ts";

/** One thing that is never taken apart, with what it costs. */
interface Cell {
  readonly text: string;
  readonly style: Style;
  readonly bytes: number;
  readonly space: boolean;
}

/**
 * Cuts one line of text into pieces of at most `maxBytes` UTF-8 bytes, formatting codes included, each written from
 * the style `start`. Cuts after a space where a whole word moves to the next piece, else between graphemes; a grapheme
 * too long for a piece is cut between code points. The pieces joined are the text: a space at a cut ends its piece.
 */
export function splitLine(text: RichText, maxBytes: number, start: Style = PLAIN): RichText[] {
  // Nearly every line fits, and taking it apart letter by letter is the dearest thing that is done to a message.
  if (bytesOf(text, start) <= maxBytes) return textOf(text) === "" ? [] : [text];
  const cells = text.flatMap((span) => cellsOf(span, maxBytes));
  const pieces: RichText[] = [];
  for (let from = 0; from < cells.length;) {
    const to = pieceEnd(cells, from, maxBytes, start);
    pieces.push(spansOf(cells.slice(from, to)));
    from = to;
  }
  return pieces;
}

function bytesOf(text: RichText, start: Style): number {
  return byteLength(writeMirc(text, start));
}

function cellsOf(span: Span, maxBytes: number): Cell[] {
  return graphemes(span.text).flatMap((grapheme) => {
    // Room for the longest run of formatting codes must stay beside it.
    const parts = byteLength(grapheme) > maxBytes / 2 ? Array.from(grapheme) : [grapheme];
    return parts.map((text) => ({
      text,
      style: span.style,
      bytes: byteLength(text),
      space: text === " ",
    }));
  });
}

/** Index after the last cell of the piece that begins at `from`; at least one cell. */
function pieceEnd(cells: readonly Cell[], from: number, maxBytes: number, start: Style): number {
  const full = fill(cells, from, maxBytes, start);
  const next = cells[full];
  if (next === undefined || cells[full - 1]?.space) return full;
  // Spaces that do not fit any more stay with the word before them as far as possible.
  const word = wordStart(cells, from, full);
  return word > from && fitsAlone(cells, word, maxBytes, start) ? word : full;
}

function fill(cells: readonly Cell[], from: number, maxBytes: number, start: Style): number {
  let bytes = 0;
  let style = start;
  let at = from;
  for (; at < cells.length; at++) {
    const cell = cells[at];
    if (cell === undefined) break;
    bytes += byteLength(transition(style, cell.style, cell.text)) + cell.bytes;
    if (bytes > maxBytes && at > from) break;
    style = cell.style;
  }
  return at;
}

function wordStart(cells: readonly Cell[], from: number, at: number): number {
  let word = at;
  while (word > from && !cells[word - 1]?.space) word--;
  return word;
}

function fitsAlone(cells: readonly Cell[], from: number, maxBytes: number, start: Style): boolean {
  const end = fill(cells, from, maxBytes, start);
  if (end >= cells.length) return true;
  for (let at = from; at <= end; at++) if (cells[at]?.space) return true;
  return false;
}

function spansOf(cells: readonly Cell[]): RichText {
  const spans: Span[] = [];
  for (const { text, style } of cells) {
    const last = spans.at(-1);
    if (last !== undefined && last.style === style) {
      spans[spans.length - 1] = { text: last.text + text, style };
    } else {
      spans.push({ text, style });
    }
  }
  return spans;
}
