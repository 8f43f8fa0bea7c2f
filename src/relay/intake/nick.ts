import { graphemes, visibleLine } from "../../base/text.ts";
import { type Colour, PLAIN, type Style } from "../port/rich_text.ts";

/** A nick on one line, of signs that can be seen and act on nothing around them; "?" when nothing is left. */
export function visibleNick(nick: string): string {
  const visible = visibleLine(nick).toWellFormed();
  return visible === "" ? "?" : visible;
}

/** The nick's letters and digits, as StripNick wants it; the nick itself when it has none. */
export function stripNick(nick: string): string {
  const stripped = graphemes(nick).filter((letter) => /^[\p{L}\p{Nd}]/u.test(letter)).join("");
  return stripped === "" ? nick : stripped;
}

/** The nick of somebody of whose name `before` others take part already: "Zoë", "Zoë²", "Zoë³" … */
export function numberedNick(nick: string, before: number): string {
  if (before === 0) return nick;
  return nick +
    Array.from(String(before + 1), (digit) => SUPERSCRIPT.charAt(Number(digit))).join("");
}

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Colours that can be read on black and on white, with their numbers where a service numbers its colours. */
const NICK_COLOURS: readonly Colour[] = [
  { rgb: "009300", palette: 3 },
  { rgb: "ff0000", palette: 4 },
  { rgb: "9c009c", palette: 6 },
  { rgb: "fc7f00", palette: 7 },
  { rgb: "009393", palette: 10 },
  { rgb: "0000fc", palette: 12 },
  { rgb: "ff00ff", palette: 13 },
  { rgb: "7f7f7f", palette: 14 },
];

/** The same nick has the same colour, today and after a restart. */
export function nickStyle(nick: string, colorNicks: boolean): Style {
  if (!colorNicks) return PLAIN;
  let hash = 0;
  for (const letter of nick) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  const colour = NICK_COLOURS[hash % NICK_COLOURS.length];
  return colour === undefined ? PLAIN : { colour };
}
