import {
  plainText,
  type RichText,
  type Span,
  type Style,
  textOf,
} from "../../../relay/port/rich_text.ts";

/** Inline marks, longest first so that `**` is not read as two `*`. */
const MARKS: readonly (readonly [mark: string, style: Style])[] = [
  ["***", { bold: true, italic: true }],
  ["**", { bold: true }],
  ["__", { bold: true }],
  ["~~", { strike: true }],
  ["*", { italic: true }],
  ["_", { italic: true }],
];
/** A link, at the start of a word. Within one nothing is a mark. */
const LINK = "(?<![\\p{L}\\p{N}_/])https?:\\/\\/[^\\s<>]+";
const ESCAPABLE = /[\\`*_~]/;

/** A character count of a text that is worth reading for marks; what is longer stays as written. */
const LONGEST_MARKDOWN = 20_000;

/** Reads inline marks and code blocks; what opens and never closes is text. */
export function readMarkdown(text: string): RichText {
  if (text.length > LONGEST_MARKDOWN) return plainText(text);
  const spans: Span[] = [];
  // At the start of a line only: within a line, ticks are inline code or part of a link.
  const fence = /^```(?:[\w+#.-]*\n)?([^]+?)```/gm;
  let from = 0;
  for (const block of text.matchAll(fence)) {
    readInline(text.slice(from, block.index), {}, spans);
    add(spans, (block[1] ?? "").replace(/\n$/, ""), { monospace: true });
    from = block.index + block[0].length;
  }
  readInline(text.slice(from), {}, spans);
  return spans;
}

function readInline(text: string, style: Style, spans: Span[]): void {
  const linkAt = new RegExp(LINK, "iuy");
  let at = 0;
  let plain = "";
  const flush = () => {
    add(spans, plain, style);
    plain = "";
  };
  while (at < text.length) {
    linkAt.lastIndex = at;
    const link = linkAt.exec(text);
    const marked = link !== null ? null : text[at] === "`" ? codeAt(text, at) : markedAt(text, at);
    if (link !== null) {
      plain += link[0];
      at += link[0].length;
    } else if (text[at] === "\\" && ESCAPABLE.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
    } else if (marked !== null) {
      flush();
      const inner = { ...style, ...marked.style };
      if (marked.style.monospace === true) add(spans, marked.text, inner);
      else readInline(marked.text, inner, spans);
      at += marked.length;
    } else {
      plain += text[at];
      at++;
    }
  }
  flush();
}

interface Marked {
  readonly text: string;
  readonly style: Style;
  readonly length: number;
}

function codeAt(text: string, at: number): Marked | null {
  const ticks = /^`+/.exec(text.slice(at))?.[0] ?? "";
  const end = text.indexOf(ticks, at + ticks.length);
  const inner = end < 0 ? "" : text.slice(at + ticks.length, end);
  if (inner === "" || inner.startsWith("`") || text[end + ticks.length] === "`") return null;
  const trimmed = ticks.length > 1 ? inner.replace(/^ (.*) $/s, "$1") : inner;
  return { text: trimmed, style: { monospace: true }, length: end + ticks.length - at };
}

/** Marked text starts and ends with something visible, and `_` marks whole words only: snake_case stays. */
function markedAt(text: string, at: number): Marked | null {
  for (const [mark, style] of MARKS) {
    if (!text.startsWith(mark, at)) continue;
    const start = at + mark.length;
    if (/^\s|^$/.test(text.slice(start, start + 1))) return null;
    if (mark.startsWith("_") && !isWordStart(text, at)) return null;
    const end = closingMark(text, mark, start);
    if (end === null) continue;
    return { text: text.slice(start, end), style, length: end + mark.length - at };
  }
  return null;
}

function closingMark(text: string, mark: string, start: number): number | null {
  for (let end = text.indexOf(mark, start + 1); end > 0; end = text.indexOf(mark, end + 1)) {
    const before = text[end - 1] ?? "";
    const after = text[end + mark.length] ?? "";
    if (/\s/.test(before) || before === "\\") continue;
    if (mark.length === 1 && (before === mark || after === mark)) continue;
    if (after === mark[0]) continue;
    if (mark.startsWith("_") && /[\p{L}\p{N}]/u.test(after)) continue;
    return end;
  }
  return null;
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}_/]/u.test(text[at - 1] ?? "");
}

function add(spans: Span[], text: string, style: Style): void {
  if (text !== "") spans.push({ text, style });
}

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
