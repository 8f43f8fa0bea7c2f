import { graphemes } from "../../../base/text.ts";
import type { Outgoing, OutgoingMessage, Part, WireText } from "../../../relay/port/bridge.ts";
import { plainText, type RichText } from "../../../relay/port/rich_text.ts";
import type { Markup } from "../link/options.ts";
import { readMarkdown, writeMarkdown } from "./markdown.ts";

interface RenderOptions {
  readonly markup: Markup;
  readonly maxGraphemes: number;
}

/** The messages in which `outgoing` is sent to Kosmi. Nothing for what Kosmi can't do (a topic). */
export function renderParts(outgoing: Outgoing, options: RenderOptions): readonly Part[] {
  switch (outgoing.kind) {
    case "message":
      return renderMessage(outgoing, options);
    case "deletion":
      return [{ kind: "deletion", wire: wire(""), target: outgoing.target, speaker: null }];
    case "topic":
      return [];
  }
}

function renderMessage(outgoing: OutgoingMessage, options: RenderOptions): readonly Part[] {
  const said = trimLines(writeKosmiText(outgoing.text, options.markup));
  const text = outgoing.action ? asAction(said) : said;
  if (text.trim() === "") return [];
  const prefix = writeKosmiText(outgoing.prefix, options.markup);
  // A prefix longer than half a message would leave no room for what was said.
  const prefixLength = prefix.length < 100 ? prefix.length : graphemes(prefix).length;
  const room = options.maxGraphemes - prefixLength;
  const pieces = room < options.maxGraphemes / 2
    ? splitText(prefix + text, options.maxGraphemes)
    : splitText(text, room).map((piece) => prefix + piece);
  return pieces.map((piece, index) => ({
    kind: "message",
    wire: wire(piece),
    target: index === 0 ? outgoing.replyTo : null,
    speaker: null,
  }));
}

/** Kosmi has no /me: what somebody does is written between asterisks, which is also Markdown for italics. */
function asAction(text: string): string {
  return text.trim() === "" ? text : `*${text.trim()}*`;
}

function trimLines(text: string): string {
  return text.replace(/^\n+|[\s]+$/g, "");
}

function wire(text: string): WireText {
  return text as WireText;
}

/**
 * Cuts a text into pieces of at most `limit` graphemes: at a line break where one is near, else between words, else
 * between graphemes. The space or line break at a cut is dropped; nothing else is.
 */
export function splitText(text: string, limit: number): readonly string[] {
  // A grapheme is at least one UTF-16 unit: most messages need no counting.
  if (text.length <= limit) return [text];
  const room = Math.max(1, limit);
  const pieces: string[] = [];
  let rest = graphemes(text);
  while (rest.length > room) {
    const cut = cutAt(rest, room);
    pieces.push(rest.slice(0, cut).join(""));
    const gap = isGap(rest[cut]) ? 1 : 0;
    rest = rest.slice(cut + gap);
  }
  if (rest.length > 0) pieces.push(rest.join(""));
  return pieces.filter((piece) => piece.trim() !== "");
}

/** Where the first piece ends: no earlier than its last third, so that pieces stay few. */
function cutAt(rest: readonly string[], room: number): number {
  const least = Math.max(1, Math.floor(room * 2 / 3));
  for (let at = room; at >= least; at--) {
    if (rest[at] === "\n") return at;
  }
  for (let at = room; at >= 1; at--) {
    if (isGap(rest[at])) return at;
  }
  return room;
}

function isGap(grapheme: string | undefined): boolean {
  return grapheme === " " || grapheme === "\n";
}

/** Kosmi's text as spans: for plain as written, but for a code block's fences; for markdown with its marks read. */
export function readKosmiText(text: string, markup: Markup): RichText {
  const clean = cleanText(text);
  return markup === "plain" ? plainText(withoutFences(clean)) : readMarkdown(clean);
}

/** Spans as Kosmi's text. Plain drops every style; Markdown keeps what it can show. */
export function writeKosmiText(rich: RichText, markup: Markup): string {
  if (markup === "plain") return cleanText(rich.map((span) => span.text).join(""));
  return writeMarkdown(rich.map((span) => ({ ...span, text: cleanText(span.text) })));
}

/** Line breaks as "\n", tabs as spaces, no other control character, no half of a surrogate pair. */
export function cleanText(text: string): string {
  return text.toWellFormed()
    .replace(/\r\n?|\u2028|\u2029/g, "\n")
    .replace(/\t/g, " ")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "");
}

/** Ticks at the start and the end of several lines. */
const FENCES = /^```(?:[\w+#.-]*\n|(?=[^`\n]+\n))((?:(?!```)[^])+?)\n?```$/gm;

/** People paste code between fences whether they are shown or not; as lines of their own they tell nobody anything. */
function withoutFences(text: string): string {
  return text.includes("```") ? text.replace(FENCES, "$1") : text;
}
