import { type RichText, type Span, type Style, textOf } from "../../relay/rich_text.ts";
import { ESCAPABLE, LINK, readMarkdown } from "./markdown_read.ts";

/** So many styled runs are tried one by one where they don't go together. */
const MOST_TRIED = 40;

/**
 * Writes styles as Markdown. The text comes before its looks: marks that would not be read as marks where they stand (in
 * the middle of a word, right behind a link …) are left out, so that nothing is shown that was not written.
 */
export function writeMarkdown(rich: RichText): string {
  const spans = merged(rich);
  const text = textOf(spans);
  const isFaithful = (written: string) => textOf(readMarkdown(written)) === text;
  const whole = written(spans);
  if (isFaithful(whole)) return whole;
  let kept: RichText = spans.map((span) => ({ ...span, style: {} }));
  if (spans.length <= MOST_TRIED) {
    for (const [at, span] of spans.entries()) {
      const tried = kept.with(at, span);
      if (isFaithful(written(tried))) kept = tried;
    }
  }
  return written(kept);
}

function written(spans: RichText): string {
  return merged(spans).map(writeSpan).join("");
}

/** Runs that look the same in Markdown as one: `**a****b**` would not be read as bold. */
function merged(rich: RichText): RichText {
  const spans: Span[] = [];
  for (const { text, style } of rich) {
    const shown = markdownStyle(style);
    const last = spans.at(-1);
    if (last !== undefined && sameStyle(last.style, shown)) {
      spans[spans.length - 1] = { text: last.text + text, style: last.style };
    } else if (text !== "") {
      spans.push({ text, style: shown });
    }
  }
  return spans;
}

/** What Markdown can show of a style; nothing is marked within code. */
function markdownStyle({ bold, italic, strike, monospace }: Style): Style {
  if (monospace === true) return { monospace };
  return { ...(bold && { bold }), ...(italic && { italic }), ...(strike && { strike }) };
}

function sameStyle(one: Style, other: Style): boolean {
  return one.bold === other.bold && one.italic === other.italic &&
    one.strike === other.strike && one.monospace === other.monospace;
}

/** Marks stand around the visible part: `**bold **` would not be read as bold. */
function writeSpan(span: Span): string {
  if (span.style.monospace === true) return writeCode(span.text);
  const marks = (span.style.bold === true ? "**" : "") + (span.style.italic === true ? "*" : "") +
    (span.style.strike === true ? "~~" : "");
  const [, before = "", visible = "", after = ""] = /^(\s*)([\s\S]*?)(\s*)$/.exec(span.text) ?? [];
  const text = escapeMarkdown(visible);
  if (marks === "" || visible === "") return before + text + after;
  const closing = (span.style.strike === true ? "~~" : "") +
    (span.style.italic === true ? "*" : "") + (span.style.bold === true ? "**" : "");
  return before + marks + text + closing + after;
}

function writeCode(text: string): string {
  if (text.trim() === "") return text;
  if (text.includes("\n")) return text.includes("```") ? text : `\`\`\`\n${text}\n\`\`\``;
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  if (longest === 0) return `\`${text}\``;
  const ticks = "`".repeat(longest + 1);
  return `${ticks} ${text} ${ticks}`;
}

/** A mark that would be read as one gets a backslash; links stay whole. */
function escapeMarkdown(text: string): string {
  return text.split(new RegExp(`(${LINK})`, "iu"))
    .map((part, index) => index % 2 === 1 ? part : part.replace(/[\\`*_~]/g, escapeMark))
    .join("");
}

function escapeMark(mark: string, at: number, whole: string): string {
  const inWord = /[\p{L}\p{N}]/u.test(whole[at - 1] ?? "") &&
    /[\p{L}\p{N}]/u.test(whole[at + 1] ?? "");
  if (mark === "_" && inWord) return mark;
  if (mark === "\\" && !ESCAPABLE.test(whole[at + 1] ?? "")) return mark;
  return `\\${mark}`;
}
