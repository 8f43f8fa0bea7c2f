import { byteLength, clipBytes, graphemes, isBlank, withLineBreaks } from "../../../base/text.ts";
import {
  barredText,
  PLAIN,
  plainText,
  type RichText,
  type Span,
  type Style,
  textOf,
} from "../../../relay/port/rich_text.ts";
import { transition, writeMirc } from "./formatting.ts";

export interface ComposeLimits {
  /** UTF-8 bytes that the text of one line may have, prefix and formatting codes included. */
  readonly lineBytes: number;
  /** Most lines of one message; the rest is told as one line. */
  readonly maxLines: number;
  /** False: a line of text that is too long is cut, and `clipped` is put at its end. */
  readonly split: boolean;
  readonly clipped: string;
  readonly stripMarkup: boolean;
}

interface ComposeInput {
  /** Stands before every line. */
  readonly prefix: RichText;
  readonly text: RichText;
  readonly action: boolean;
}

const ACTION_BYTES = byteLength("\x01ACTION \x01");

/**
 * The texts of the lines that show a message: the parameters of PRIVMSG. Lines without anything visible are left out,
 * so that the answer may be empty.
 */
export function composeLines(input: ComposeInput, limits: ComposeLimits): string[] {
  const lineBytes = limits.lineBytes - (input.action ? ACTION_BYTES : 0);
  const prefix = clippedPrefix(cleanPrefix(input.prefix, limits), Math.floor(lineBytes / 2));
  const end = prefix.at(-1)?.style ?? PLAIN;
  const room = lineBytes - byteLength(writeMirc(prefix));
  const sources = sourceLines(cleaned(input.text, "\n")).map((line) => marked(line, limits));
  const bodies = bounded(sources, room, end, limits);
  return bodies.map((body) => {
    const line = writeMirc([...prefix, ...body]);
    return input.action ? `\x01ACTION ${line}\x01` : line;
  });
}

/** How a prefix is written at the start of every line, unless it is too long for one. */
export function writtenPrefix(prefix: RichText, stripMarkup: boolean): string {
  return writeMirc(cleanPrefix(prefix, { stripMarkup }));
}

/** The bodies of all lines; what would pass `maxLines` is not even cut, only estimated. */
function bounded(
  sources: readonly RichText[],
  room: number,
  start: Style,
  limits: ComposeLimits,
): RichText[] {
  const bodies: RichText[] = [];
  let beyond = 0;
  for (const source of sources) {
    if (bodies.length > limits.maxLines) {
      beyond += Math.ceil(byteLength(textOf(source)) / room);
      continue;
    }
    const [head, rest] = headOf(source, (limits.maxLines + 1) * room);
    bodies.push(
      ...limits.split ? splitLine(head, room, start) : [clippedLine(head, room, start, limits)],
    );
    if (limits.split) beyond += Math.ceil(byteLength(textOf(rest)) / room);
  }
  const total = bodies.length + beyond;
  if (total <= limits.maxLines) return bodies;
  const kept = bodies.slice(0, Math.max(1, limits.maxLines - 1));
  return [...kept, [{ text: `… ${total - kept.length} more lines`, style: PLAIN }]];
}

function clippedLine(
  source: RichText,
  room: number,
  start: Style,
  limits: ComposeLimits,
): RichText {
  const [whole, ...more] = splitLine(source, room, start);
  if (whole === undefined || more.length === 0) return source;
  const mark = ` ${limits.clipped}`;
  const first = splitLine(source, Math.max(room - byteLength(mark) - 1, 8), start)[0] ?? whole;
  return [...first, { text: mark, style: PLAIN }];
}

/** The first `units` UTF-16 units and the rest, cut between code points. */
function headOf(source: RichText, units: number): [RichText, RichText] {
  const head: Span[] = [];
  const rest: Span[] = [];
  let left = units;
  for (const span of source) {
    let cut = Math.min(left, span.text.length);
    if (cut < span.text.length && /[\ud800-\udbff]/.test(span.text.charAt(cut - 1))) cut--;
    if (cut > 0) head.push({ text: span.text.slice(0, cut), style: span.style });
    if (cut < span.text.length) rest.push({ text: span.text.slice(cut), style: span.style });
    left -= span.text.length;
    if (left < 0) left = 0;
  }
  return [head, rest];
}

function clippedPrefix(prefix: RichText, maxBytes: number): RichText {
  if (byteLength(writeMirc(prefix)) <= maxBytes) return prefix;
  return [{ text: `${clipBytes(textOf(prefix), maxBytes - 4)}… `, style: PLAIN }];
}

// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/**
 * No control character but line breaks is left: a stored prefix or text could otherwise carry a command. Half a
 * surrogate pair could not be written, and the service's text would differ from ours.
 */
function cleaned(rich: RichText, lineBreak: string): RichText {
  return rich.map(({ text, style }) => ({
    text: cleanText(withLineBreaks(text, lineBreak)),
    style,
  }))
    .filter((span) => span.text !== "");
}

function cleanPrefix(prefix: RichText, limits: Pick<ComposeLimits, "stripMarkup">): RichText {
  return marked(cleaned(prefix, " "), limits);
}

/** In the styles that may be sent. */
function marked(rich: RichText, { stripMarkup }: Pick<ComposeLimits, "stripMarkup">): RichText {
  return stripMarkup ? plainText(barredText(rich)) : rich;
}

/** One span's text, line breaks left as they are. */
export function cleanText(text: string): string {
  return text.replaceAll("\t", " ").replace(CONTROLS, "").toWellFormed();
}

/** The blank lines of code belong to it; a server may drop a text of spaces alone, and no line can be empty. */
const BLANK_CODE = "\u00a0";

function sourceLines(text: RichText): RichText[] {
  const lines: Span[][] = [[]];
  for (const { text: whole, style } of text) {
    const pieces = whole.split("\n");
    pieces.forEach((piece, index) => {
      if (index > 0) lines.push([]);
      const isInside = style.monospace === true && index > 0 && index < pieces.length - 1;
      const shown = isInside && isBlank(piece) ? BLANK_CODE : piece;
      if (shown !== "") lines.at(-1)?.push({ text: shown, style });
    });
  }
  return lines.filter((line) => line[0]?.text === BLANK_CODE || !isBlank(textOf(line)));
}

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
