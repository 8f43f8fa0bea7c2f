import { withLineBreaks } from "../../../base/text.ts";
import {
  type Colour,
  openText,
  PLAIN,
  type RichText,
  type Span,
  type Style,
} from "../../../relay/port/rich_text.ts";

type Flag = "bold" | "italic" | "underline" | "strike" | "monospace" | "reverse";

const FLAGS: Readonly<Record<string, Flag>> = {
  "\x02": "bold",
  "\x1d": "italic",
  "\x1f": "underline",
  "\x1e": "strike",
  "\x11": "monospace",
  "\x16": "reverse",
};

const CODE =
  // deno-lint-ignore no-control-regex
  /[\x02\x1d\x1f\x1e\x11\x16\x0f]|\x03(?:(\d{1,2})(?:,(\d{1,2}))?)?|\x04(?:([0-9a-fA-F]{6})(?:,([0-9a-fA-F]{6}))?)?/g;
/** Other control characters. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
/**
 * The zero-width space that relays put into nicks to call nobody. In scripts that are written without spaces between
 * words it belongs to the text.
 */
const NO_CALL =
  /(?<![\p{sc=Khmr}\p{sc=Thai}\p{sc=Laoo}\p{sc=Mymr}\p{sc=Tibt}])\u200b(?![\p{sc=Khmr}\p{sc=Thai}\p{sc=Laoo}\p{sc=Mymr}\p{sc=Tibt}])/gu;

/**
 * Reads mIRC's formatting codes. Loses no visible character; a tab becomes a space. Text in the colour of its background
 * is hidden: that is how people on IRC write what not everybody wants to know yet.
 */
export function readMirc(written: string): RichText {
  const spans: Span[] = [];
  let style: Style = {};
  let shown: Style = style;
  let from = 0;
  for (const code of written.matchAll(CODE)) {
    append(spans, written.slice(from, code.index), shown);
    style = afterCode(style, code);
    shown = withSpoiler(style);
    from = code.index + code[0].length;
  }
  append(spans, written.slice(from), shown);
  return spans;
}

/** Visible text alone, on one line, for what carries no formatting (topics, reasons). */
export function readPlain(written: string): string {
  return openText(readMirc(withLineBreaks(written, " ")));
}

/** True where a channel that takes no formatting would refuse the line. */
export function hasFormatting(written: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\x02-\x04\x0f\x11\x16\x1d-\x1f]/.test(written);
}

function withSpoiler(style: Style): Style {
  const { colour, background, ...others } = style;
  if (colour === undefined || colour.rgb !== background?.rgb) return style;
  return { ...others, spoiler: true };
}

function append(spans: Span[], written: string, style: Style): void {
  const text = written.replaceAll("\t", " ").replace(CONTROLS, "").replace(NO_CALL, "");
  if (text === "") return;
  const last = spans.at(-1);
  if (last !== undefined && last.style === style) {
    spans[spans.length - 1] = { text: last.text + text, style };
  } else {
    spans.push({ text, style });
  }
}

function afterCode(style: Style, code: RegExpExecArray): Style {
  const sign = code[0].charAt(0);
  if (sign === "\x0f") return {};
  if (sign === "\x03") return coloured(style, numbered(code[1]), numbered(code[2]));
  if (sign === "\x04") return coloured(style, hex(code[3]), hex(code[4]));
  const flag = FLAGS[sign];
  if (flag === undefined) return style;
  const { [flag]: was, ...others } = style;
  return was === true ? others : { ...others, [flag]: true };
}

/** `undefined`: not given, stays; null: back to the default. No foreground at all resets both. */
function coloured(
  style: Style,
  front: Colour | null | undefined,
  back: Colour | null | undefined,
): Style {
  const { colour: _, background: oldBack, ...others } = style;
  if (front === undefined) return others;
  const newBack = back === undefined ? oldBack : back;
  return {
    ...others,
    ...(front === null ? {} : { colour: front }),
    ...(newBack === null || newBack === undefined ? {} : { background: newBack }),
  };
}

function numbered(digits: string | undefined): Colour | null | undefined {
  return digits === undefined ? undefined : paletteColour(Number(digits));
}

function hex(digits: string | undefined): Colour | undefined {
  return digits === undefined ? undefined : { rgb: digits.toLowerCase() };
}

const FLAG_CODES = [
  ["bold", "\x02"],
  ["italic", "\x1d"],
  ["underline", "\x1f"],
  ["strike", "\x1e"],
  ["monospace", "\x11"],
  ["reverse", "\x16"],
] as const;

/** Writes text with mIRC's codes, beginning in `from` (the style in force where the text is put). */
export function writeMirc(rich: RichText, from: Style = PLAIN): string {
  let written = "";
  let style = from;
  for (const span of rich) {
    if (span.text === "") continue;
    written += transition(style, span.style, span.text) + span.text;
    style = span.style;
  }
  return written;
}

/** The codes that lead from one style to another, before `next`. Empty when both look the same. */
export function transition(before: Style, after: Style, next: string): string {
  if (before === after) return "";
  const from = onOwnColour(before);
  const to = onOwnColour(after);
  if (isPlain(to)) return isPlain(from) ? "" : "\x0f";
  const colours = colourCode(to);
  if (colours === colourCode(from)) return toggles(from, to);
  const drops = (from.colour && !to.colour) || (from.background && !to.background);
  const lead = drops ? "\x0f" + toggles(PLAIN, to) : toggles(from, to);
  return lead + colours + separator(to, colours, next);
}

const BLACK: Colour = { rgb: "000000", palette: 1 };

/** Hidden text is written in the colour of its background. */
function onOwnColour(style: Style): Style {
  return style.spoiler === true ? { ...style, colour: BLACK, background: BLACK } : style;
}

function toggles(from: Style, to: Style): string {
  return FLAG_CODES.filter(([flag]) => (from[flag] ?? false) !== (to[flag] ?? false))
    .map(([, code]) => code).join("");
}

/** Always two digits: a single one would swallow a digit of the text. */
function colourCode(style: Style): string {
  if (style.colour === undefined && style.background === undefined) return "";
  const front = style.colour === undefined ? DEFAULT_COLOUR : paletteNumber(style.colour);
  const back = style.background === undefined ? "" : `,${two(paletteNumber(style.background))}`;
  return `\x03${two(front)}${back}`;
}

/** A comma right after a foreground colour would begin a background: bold on and off again keeps them apart. */
function separator(style: Style, colours: string, next: string): string {
  return colours !== "" && style.background === undefined && next.startsWith(",") ? "\x02\x02" : "";
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

function isPlain(style: Style): boolean {
  return colourCode(style) === "" && toggles(PLAIN, style) === "";
}

// mIRC's numbered colours 0 to 98 as https://modern.ircdocs.horse/formatting#colors lists them; 99 is "default".
const PALETTE = (
  "ffffff 000000 00007f 009300 ff0000 7f0000 9c009c fc7f00 ffff00 00fc00 009393 00ffff 0000fc ff00ff 7f7f7f d2d2d2 " +
  "470000 472100 474700 324700 004700 00472c 004747 002747 000047 2e0047 470047 47002a " +
  "740000 743a00 747400 517400 007400 007449 007474 004074 000074 4b0074 740074 740045 " +
  "b50000 b56300 b5b500 7db500 00b500 00b571 00b5b5 0063b5 0000b5 7500b5 b500b5 b5006b " +
  "ff0000 ff8c00 ffff00 b2ff00 00ff00 00ffa0 00ffff 008cff 0000ff a500ff ff00ff ff0098 " +
  "ff5959 ffb459 ffff71 cfff60 6fff6f 65ffc9 6dffff 59b4ff 5959ff c459ff ff66ff ff59bc " +
  "ff9c9c ffd39c ffff9c e2ff9c 9cff9c 9cffdb 9cffff 9cd3ff 9c9cff dc9cff ff9cff ff94d3 " +
  "000000 131313 282828 363636 4d4d4d 656565 818181 9f9f9f bcbcbc e2e2e2 ffffff"
).split(" ");

/** The number that means "no colour of its own". */
const DEFAULT_COLOUR = 99;

/** The colour of a number; null for 99 and what lies outside. */
export function paletteColour(number: number): Colour | null {
  const rgb = PALETTE[number];
  return rgb === undefined ? null : { rgb, palette: number };
}

/** The number to write for a colour: its own, else that of the nearest colour (clients know numbers, few know hex). */
export function paletteNumber(colour: Colour): number {
  if (colour.palette !== undefined && PALETTE[colour.palette] !== undefined) return colour.palette;
  const wanted = channels(colour.rgb);
  let nearest = 0;
  let smallest = Infinity;
  PALETTE.forEach((rgb, number) => {
    const distance = channels(rgb).reduce(
      (sum, value, i) => sum + (value - (wanted[i] ?? 0)) ** 2,
      0,
    );
    if (distance < smallest) [nearest, smallest] = [number, distance];
  });
  return nearest;
}

function channels(rgb: string): number[] {
  const value = Number.parseInt(rgb, 16);
  return Number.isNaN(value) ? [0, 0, 0] : [value >> 16 & 255, value >> 8 & 255, value & 255];
}
