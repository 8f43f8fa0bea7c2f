import type { Colour, RichText, Span, Style } from "../../../relay/rich_text.ts";
import { paletteColour } from "./palette.ts";

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
/** Other control characters, and the zero-width space that relays put into nicks to ping nobody. */
// deno-lint-ignore no-control-regex
const INVISIBLE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b]/g;

/** Reads mIRC's formatting codes. Loses no visible character; a tab becomes a space. */
export function readMirc(written: string): RichText {
  const spans: Span[] = [];
  let style: Style = {};
  let from = 0;
  for (const code of written.matchAll(CODE)) {
    append(spans, written.slice(from, code.index), style);
    style = afterCode(style, code);
    from = code.index + code[0].length;
  }
  append(spans, written.slice(from), style);
  return spans;
}

/** Visible text alone, for lines that carry no formatting (topics, reasons). */
export function readPlain(written: string): string {
  return readMirc(written).map((span) => span.text).join("");
}

function append(spans: Span[], written: string, style: Style): void {
  const text = written.replaceAll("\t", " ").replace(INVISIBLE, "");
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
  const { colour: oldFront, background: oldBack, ...others } = style;
  if (front === undefined) return others;
  const newBack = back === undefined ? oldBack : back;
  void oldFront;
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
