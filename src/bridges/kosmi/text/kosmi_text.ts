import { boundedText, graphemes, isBlank, withLineBreaks } from "../../../base/text.ts";
import type { Outgoing, OutgoingMessage, Part, WireText } from "../../../relay/port/bridge.ts";
import {
  barred,
  barredText,
  byVisibility,
  restyled,
  type RichText,
  textOf,
  withoutBars,
} from "../../../relay/port/rich_text.ts";
import { readMarkdown, readPlainText, writeMarkdown } from "./markdown.ts";

/** How Kosmi shows texts: as they are written, or as Markdown. */
export type Markup = "plain" | "markdown";

interface RenderOptions {
  readonly markup: Markup;
  readonly maxGraphemes: number;
}

/** The messages in which `outgoing` is sent to Kosmi. Nothing for what Kosmi can't do. */
export function renderParts(outgoing: Outgoing, options: RenderOptions): readonly Part[] {
  switch (outgoing.kind) {
    case "message":
      return renderMessage(outgoing, options);
    case "deletion":
      return [{ kind: "deletion", wire: wire(""), target: outgoing.target, speaker: null }];
    case "topic":
    case "reaction":
      return [];
  }
}

function renderMessage(outgoing: OutgoingMessage, options: RenderOptions): readonly Part[] {
  if (isBlank(textOf(outgoing.text))) return [];
  const prefix = writeKosmiText(outgoing.prefix, options.markup);
  // A prefix longer than half a message would leave no room for what was said.
  const prefixLength = prefix.length < 100 ? prefix.length : graphemes(prefix).length;
  const room = options.maxGraphemes - prefixLength;
  const pieces = room < options.maxGraphemes / 2
    ? piecesOf({ ...outgoing, text: [...outgoing.prefix, ...outgoing.text] }, options)
    : piecesOf(outgoing, { ...options, maxGraphemes: room }).map((piece) => prefix + piece);
  return pieces.map((piece, index) => ({
    kind: "message",
    wire: wire(piece),
    target: index === 0 ? outgoing.replyTo : null,
    speaker: null,
  }));
}

/** The text as written, in pieces that each stand alone: hidden text is hidden in every one. */
function piecesOf({ text, action }: OutgoingMessage, options: RenderOptions): readonly string[] {
  const { markup, maxGraphemes } = options;
  const said = trimLines(writeKosmiText(text, markup));
  const whole = action ? asAction(said) : said;
  const runs = byVisibility(text);
  if (whole.length <= maxGraphemes || runs.every(({ hidden }) => !hidden)) {
    return splitText(whole, maxGraphemes);
  }
  const isFew = runs.length * 4 <= maxGraphemes / 2;
  const rich = isFew
    ? runs.flatMap(({ spans }) => restyled(spans, textOf(spans)))
    : restyled(text, textOf(text));
  const room = maxGraphemes - rich.length * 4;
  // A backslash may come before every sign.
  return splitRich(rich, markup === "plain" ? room : Math.floor(room / 2))
    .map((piece) => writeKosmiText(piece, markup).trim());
}

/** As splitText() cuts it, with the styles. */
function splitRich(rich: RichText, limit: number): readonly RichText[] {
  const clean = rich.map(({ text, style }) => ({ text: withoutBars(cleanText(text)), style }));
  const whole = textOf(clean);
  let at = 0;
  return splitText(whole, limit).map((piece) => {
    const from = whole.indexOf(piece, at);
    at = from + piece.length;
    return sliceRich(clean, from, at);
  });
}

function sliceRich(rich: RichText, from: number, to: number): RichText {
  let at = 0;
  return rich.flatMap(({ text, style }) => {
    const kept = text.slice(Math.max(0, from - at), Math.max(0, to - at));
    at += text.length;
    return kept === "" ? [] : [{ text: kept, style }];
  });
}

/** Kosmi has no /me: what somebody does is written between asterisks, which is also Markdown for italics. */
function asAction(text: string): string {
  return text.trim() === "" ? text : `*${text.trim()}*`;
}

function trimLines(text: string): string {
  return text.replace(/^\n+/, "").trimEnd();
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
  const all = graphemes(text);
  let from = 0;
  while (all.length - from > room) {
    const to = cutAt(all, from, room);
    pieces.push(all.slice(from, to).join(""));
    from = isGap(all[to]) ? to + 1 : to;
  }
  pieces.push(all.slice(from).join(""));
  return pieces.filter((piece) => piece.trim() !== "");
}

/** Where the piece that begins at `from` ends: no earlier than its last third, so that pieces stay few. */
function cutAt(all: readonly string[], from: number, room: number): number {
  const most = from + room;
  const least = from + Math.max(1, Math.floor(room * 2 / 3));
  for (let at = most; at >= least; at--) {
    if (all[at] === "\n") return at;
  }
  for (let at = most; at > from; at--) {
    if (isGap(all[at])) return at;
  }
  return most;
}

function isGap(grapheme: string | undefined): boolean {
  return grapheme === " " || grapheme === "\n";
}

/** Kosmi's text as spans: for plain as written, but for spoilers and the fences of code; for markdown with its marks read. */
export function readKosmiText(text: string, markup: Markup): RichText {
  const clean = cleanText(boundedText(text));
  return markup === "plain" ? readPlainText(clean) : readMarkdown(clean);
}

/** Spans as Kosmi's text. Plain drops every style, Markdown keeps what it can show; what is hidden stays so in both. */
export function writeKosmiText(rich: RichText, markup: Markup): string {
  const clean = rich.map(({ text, style }) => ({ text: cleanText(text), style }));
  if (markup === "plain") return barredText(clean);
  return byVisibility(clean).map(({ hidden, spans }) => {
    const written = writeMarkdown(spans);
    return hidden ? barred(withoutBars(written)) : written;
  }).join("");
}

/** Line breaks as "\n", tabs as spaces, no other control character, no half of a surrogate pair. */
export function cleanText(text: string): string {
  return withLineBreaks(text.toWellFormed(), "\n")
    .replace(/\t/g, " ")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "");
}
