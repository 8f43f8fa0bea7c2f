import { type RichText, type Span, type Style, textOf } from "../../../relay/port/rich_text.ts";

/** What of Markdown is read. */
interface Dialect {
  /** Inline marks, longest first so that `**` is not read as two `*`. */
  readonly marks: readonly (readonly [mark: string, style: Style])[];
  readonly code: boolean;
  readonly escapes: boolean;
}

const SPOILER = ["||", { spoiler: true }] as const;
const MARKDOWN: Dialect = {
  marks: [
    SPOILER,
    ["***", { bold: true, italic: true }],
    ["**", { bold: true }],
    ["__", { bold: true }],
    ["~~", { strike: true }],
    ["*", { italic: true }],
    ["_", { italic: true }],
  ],
  code: true,
  escapes: true,
};
/** Whether it is shown as Markdown or not: hidden text must not be told on, and fences tell nobody anything. */
const PLAIN_TEXT: Dialect = { marks: [SPOILER], code: false, escapes: false };

/** A link, at the start of a word. Within one nothing is a mark. */
const LINK = "(?<![\\p{L}\\p{N}_/])https?:\\/\\/[^\\s<>]+";
const ESCAPABLE = /[\\`*_~|]/;
/** At the start of a line only: within a line, ticks are inline code or part of a link. */
const FENCE = /^```(?:[\w+#.-]*\n)?([^]+?)```/gm;
/** Ticks at the start and the end of several lines. */
const PLAIN_FENCE = /^```(?:[\w+#.-]*\n|(?=[^`\n]+\n))((?:(?!```)[^])+?)\n?```$/gm;
/** Deeper marks are text: nobody reads them, and each level reads its whole text again. */
const DEEPEST = 6;

/** Reads inline marks and code blocks; what opens and never closes is text. */
export function readMarkdown(text: string): RichText {
  return read(text, FENCE, MARKDOWN);
}

/** Reads what must be understood even where text is shown as it is written: spoilers, and code blocks without fences. */
export function readPlainText(text: string): RichText {
  return read(text, PLAIN_FENCE, PLAIN_TEXT);
}

function read(text: string, fence: RegExp, dialect: Dialect): RichText {
  const spans: Span[] = [];
  let from = 0;
  for (const block of text.matchAll(fence)) {
    new InlineReader(text.slice(from, block.index), dialect).read({}, spans);
    add(spans, (block[1] ?? "").replace(/\n$/, ""), { monospace: true });
    from = block.index + block[0].length;
  }
  new InlineReader(text.slice(from), dialect).read({}, spans);
  return spans;
}

interface Marked {
  readonly text: string;
  readonly style: Style;
  readonly length: number;
}

/** Reads one text in time that grows with its length: what was looked for in vain is not looked for again. */
class InlineReader {
  readonly #text: string;
  readonly #dialect: Dialect;
  readonly #depth: number;
  readonly #linkAt = new RegExp(LINK, "iuy");
  /** Where a mark was sought in vain: behind that it never closes. */
  readonly #unclosed = new Map<string, number>();
  readonly #codeEnds: ReadonlyMap<number, number>;

  constructor(text: string, dialect: Dialect, depth = 0) {
    this.#text = text;
    this.#dialect = dialect;
    this.#depth = depth;
    this.#codeEnds = dialect.code ? codeEnds(text) : new Map();
  }

  read(style: Style, spans: Span[]): void {
    const text = this.#text;
    let at = 0;
    let plain = "";
    while (at < text.length) {
      const asIs = this.#unmarkedAt(at);
      const marked = asIs === null ? this.#codeAt(at) ?? this.#markedAt(at) : null;
      if (marked === null) {
        const { shown, length } = asIs ?? { shown: text.charAt(at), length: 1 };
        plain += shown;
        at += length;
        continue;
      }
      add(spans, plain, style);
      plain = "";
      const inner = { ...style, ...marked.style };
      if (marked.style.monospace === true) add(spans, marked.text, inner);
      else new InlineReader(marked.text, this.#dialect, this.#depth + 1).read(inner, spans);
      at += marked.length;
    }
    add(spans, plain, style);
  }

  /** A link, or a mark with a backslash before it. */
  #unmarkedAt(at: number): { readonly shown: string; readonly length: number } | null {
    const text = this.#text;
    this.#linkAt.lastIndex = at;
    const link = /h/i.test(text.charAt(at)) ? this.#linkAt.exec(text)?.[0] : undefined;
    if (link !== undefined) return { shown: link, length: link.length };
    const next = text.charAt(at + 1);
    const escaped = this.#dialect.escapes && text[at] === "\\" && ESCAPABLE.test(next);
    return escaped ? { shown: next, length: 2 } : null;
  }

  #codeAt(at: number): Marked | null {
    const end = this.#codeEnds.get(at);
    if (end === undefined) return null;
    const ticks = tickCount(this.#text, at);
    const inner = this.#text.slice(at + ticks, end);
    const trimmed = ticks > 1 ? inner.replace(/^ (.*) $/s, "$1") : inner;
    return { text: trimmed, style: { monospace: true }, length: end + ticks - at };
  }

  /** Marked text starts and ends with something visible, and `_` marks whole words only: snake_case stays. */
  #markedAt(at: number): Marked | null {
    if (this.#depth >= DEEPEST) return null;
    const text = this.#text;
    for (const [mark, style] of this.#dialect.marks) {
      if (!text.startsWith(mark, at)) continue;
      const start = at + mark.length;
      const end = /\S/.test(text.charAt(start)) ? this.#closing(mark, start) : null;
      if (end === null && mark === SPOILER[0]) return spacedSpoiler(text, at);
      if (start >= text.length || /\s/.test(text.charAt(start))) return null;
      if (mark.startsWith("_") && !isWordStart(text, at)) return null;
      if (end === null) continue;
      return { text: text.slice(start, end), style, length: end + mark.length - at };
    }
    return null;
  }

  #closing(mark: string, start: number): number | null {
    if (start >= (this.#unclosed.get(mark) ?? Infinity)) return null;
    const end = closingMark(this.#text, mark, start);
    if (end === null) this.#unclosed.set(mark, start);
    return end;
  }
}

/** Where inline code that begins at a position ends: at the next run of as many ticks. */
function codeEnds(text: string): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const next = new Map<number, number>();
  for (const run of Array.from(text.matchAll(/`+/g)).reverse()) {
    const end = next.get(run[0].length);
    if (end !== undefined) ends.set(run.index, end);
    next.set(run[0].length, run.index);
  }
  return ends;
}

function tickCount(text: string, at: number): number {
  let end = at;
  while (text[end] === "`") end++;
  return end - at;
}

/** A line of `|| something ||`: elsewhere, bars between spaces are an operator of somebody's program. */
function spacedSpoiler(text: string, at: number): Marked | null {
  if (at > 0 && text[at - 1] !== "\n") return null;
  const lineEnd = text.indexOf("\n", at);
  const line = text.slice(at, lineEnd === -1 ? text.length : lineEnd);
  const inner = line.slice(2, -2);
  const isOne = line.length > 4 && line.endsWith("||") && inner.trim() !== "" &&
    !inner.includes("||");
  return isOne ? { text: inner, style: SPOILER[1], length: line.length } : null;
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
  const visible = span.text.trim();
  const from = span.text.length - span.text.trimStart().length;
  const before = span.text.slice(0, from);
  const after = span.text.slice(from + visible.length);
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
    .map((part, index) => index % 2 === 1 ? part : part.replace(/[\\`*_~|]/g, escapeMark))
    .join("");
}

function escapeMark(mark: string, at: number, whole: string): string {
  const inWord = /[\p{L}\p{N}]/u.test(whole[at - 1] ?? "") &&
    /[\p{L}\p{N}]/u.test(whole[at + 1] ?? "");
  if (mark === "_" && inWord) return mark;
  if (mark === "|" && whole[at - 1] !== "|" && whole[at + 1] !== "|") return mark;
  if (mark === "\\" && !ESCAPABLE.test(whole[at + 1] ?? "")) return mark;
  return `\\${mark}`;
}
