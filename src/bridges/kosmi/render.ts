import { graphemes } from "../../base/text.ts";
import type { Outgoing, OutgoingMessage, Part, WireText } from "../../relay/bridge.ts";
import { writeKosmiText } from "./formatting.ts";
import type { Markup } from "./options.ts";
import { splitText } from "./split.ts";

export interface RenderOptions {
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
