import type { MessageEvent, ReplyRef } from "../../relay/event.ts";
import type { ChannelId, MessageId } from "../../relay/ids.ts";
import { readCtcp } from "./ctcp.ts";
import type { People } from "./people.ts";
import { readMirc } from "./text/mirc_read.ts";
import { type IrcMessage, param, serverTimeMs } from "./wire/message.ts";

export interface ReadContext {
  readonly channel: ChannelId;
  readonly people: People;
  /** Our clock, for servers that send no time. */
  readonly nowMs: number;
  readonly late: boolean;
}

/** A PRIVMSG or NOTICE as an event; null for a CTCP request that is no ACTION, and for one without visible text. */
export function readMessage(message: IrcMessage, context: ReadContext): MessageEvent | null {
  const written = param(message, 1);
  const ctcp = readCtcp(written);
  if (ctcp !== null && ctcp.command !== "ACTION") return null;
  const text = written.split("\n").flatMap((line, index) => [
    ...(index === 0 ? [] : [{ text: "\n", style: {} }]),
    ...readMirc(ctcp === null ? line : ctcp.argument),
  ]);
  if (text.every((span) => span.text.trim() === "")) return null;
  return {
    kind: "message",
    channel: context.channel,
    id: messageId(message),
    atMs: serverTimeMs(message) ?? context.nowMs,
    late: context.late,
    sender: context.people.personOf(message),
    text,
    action: ctcp !== null,
    replyTo: replyOf(message),
  };
}

/** The id that the server gave a message; null where it gives none. */
export function messageId(message: IrcMessage): MessageId | null {
  const id = message.tags.get("msgid");
  return id === undefined || id === "" ? null : id as MessageId;
}

/** The message that this one refers to, for replies and reactions. */
export function replyTarget(message: IrcMessage): MessageId | null {
  const id = message.tags.get("+draft/reply") ?? message.tags.get("+reply") ?? "";
  return id === "" ? null : id as MessageId;
}

function replyOf(message: IrcMessage): ReplyRef | null {
  const id = replyTarget(message);
  return id === null ? null : { id, nick: null, excerpt: null };
}
