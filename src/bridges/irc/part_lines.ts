import { byteLength } from "../../base/text.ts";
import type { Part } from "../../relay/bridge.ts";
import { textOf } from "../../relay/rich_text.ts";
import { splitLine } from "./text/line_split.ts";
import { readMirc } from "./text/mirc_read.ts";
import { writeMirc } from "./text/mirc_write.ts";
import type { OutLine } from "./wire/message.ts";

export interface PartContext {
  /** The channel's name as the server writes it. */
  readonly channel: string;
  readonly textBytes: number;
  /** True: without formatting, for a channel that refuses it. */
  readonly plain: boolean;
  readonly has: (capability: string) => boolean;
}

/**
 * The lines that send a part now. One, but for a stored part that was rendered when our own prefix was shorter. Empty
 * when the part's wish can't be expressed on this link.
 */
export function linesOf(
  part: Part,
  context: PartContext,
): readonly { readonly line: OutLine; readonly text: string }[] {
  const { channel } = context;
  switch (part.kind) {
    case "message":
      return messageLines(part, context);
    case "topic":
      return [{ line: { command: "TOPIC", params: [channel, part.wire] }, text: part.wire }];
    case "deletion":
      if (part.target === null || !context.has("draft/message-redaction")) return [];
      return [{ line: { command: "REDACT", params: [channel, part.target] }, text: part.wire }];
  }
}

function messageLines(part: Part, context: PartContext) {
  const tags = new Map<string, string>();
  if (part.target !== null && context.has("message-tags")) tags.set("+draft/reply", part.target);
  const asOther = part.speaker !== null && context.has("draft/relaymsg");
  // Stored for a server that shows others' names, sent on one that does not: the name goes before the text.
  const lead = part.speaker !== null && !asOther ? `<${part.speaker.replace(/\/.*$/, "")}> ` : "";
  const command = asOther ? "RELAYMSG" : "PRIVMSG";
  const start = asOther ? [context.channel, part.speaker ?? ""] : [context.channel];
  return texts(lead + part.wire, context).map((text) => ({
    line: { command, params: [...start, text], tags },
    text,
  }));
}

function texts(wire: string, context: PartContext): string[] {
  if (!context.plain && byteLength(wire) <= context.textBytes) return [wire];
  // deno-lint-ignore no-control-regex
  const action = /^\x01ACTION (.*?)\x01?$/s.exec(wire)?.[1];
  const rich = readMirc(action ?? wire);
  const text = context.plain ? [{ text: textOf(rich), style: {} }] : rich;
  const room = context.textBytes - (action === undefined ? 0 : 9);
  return splitLine(text, room).map(writeMircLine).map((line) =>
    action === undefined ? line : `\x01ACTION ${line}\x01`
  );
}

function writeMircLine(line: Parameters<typeof writeMirc>[0]): string {
  return writeMirc(line);
}
