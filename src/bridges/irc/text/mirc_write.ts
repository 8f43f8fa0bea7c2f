import { PLAIN, type RichText, type Style } from "../../../relay/rich_text.ts";
import { DEFAULT_COLOUR, paletteNumber } from "./palette.ts";

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
export function transition(from: Style, to: Style, next: string): string {
  if (from === to) return "";
  if (isPlain(to)) return isPlain(from) ? "" : "\x0f";
  const colours = colourCode(to);
  if (colours === colourCode(from)) return toggles(from, to);
  const drops = (from.colour && !to.colour) || (from.background && !to.background);
  const lead = drops ? "\x0f" + toggles(PLAIN, to) : toggles(from, to);
  return lead + colours + separator(to, colours, next);
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
