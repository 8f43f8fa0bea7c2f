import { boundedText, isBlank, withLineBreaks } from "../../../base/text.ts";
import type { MessageEvent, ReplyRef } from "../../../relay/port/event.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";
import { textOf } from "../../../relay/port/rich_text.ts";
import { readMirc } from "../text/formatting.ts";
import { type IrcMessage, param, serverTimeMs } from "../wire/message.ts";
import type { People } from "./people.ts";

interface ReadContext {
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
  const said = withLineBreaks(boundedText(ctcp === null ? written : ctcp.argument), "\n");
  const text = said.split("\n").flatMap((line, index) => [
    ...(index === 0 ? [] : [{ text: "\n", style: {} }]),
    ...readMirc(line),
  ]);
  if (isBlank(textOf(text))) return null;
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

/** A CTCP request: a message between \x01. */
interface CtcpRequest {
  readonly command: string;
  readonly argument: string;
}

/** The request in a message's text; null for an ordinary text. The closing \x01 may be missing. */
export function readCtcp(text: string): CtcpRequest | null {
  // deno-lint-ignore no-control-regex
  const match = /^\x01([^ \x01]+)(?: ([^\x01]*))?\x01?/.exec(text);
  if (match === null) return null;
  return { command: (match[1] ?? "").toUpperCase(), argument: match[2] ?? "" };
}

/** What we answer, without the \x01; null for what we do not answer (DCC and all we do not know). */
export function ctcpAnswer(
  request: CtcpRequest,
  own: { readonly version: string; readonly userInfo: string | null; readonly nowMs: number },
): string | null {
  switch (request.command) {
    case "VERSION":
      return `VERSION ${own.version}`;
    case "PING":
      return `PING ${request.argument.slice(0, 100)}`.trimEnd();
    case "TIME":
      return `TIME ${new Date(own.nowMs).toUTCString()}`;
    case "USERINFO":
      return own.userInfo === null ? null : `USERINFO ${own.userInfo}`;
    case "CLIENTINFO":
      return `CLIENTINFO ACTION CLIENTINFO PING TIME ${
        own.userInfo === null ? "" : "USERINFO "
      }VERSION`;
    default:
      return null;
  }
}

/** Lets through one answer in `gapMs`, whoever asks: requests are a way to make a program flood itself out. */
export class CtcpLimit {
  readonly #gapMs: number;
  #lastMs = -Infinity;

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  allows(nowMs: number): boolean {
    if (nowMs - this.#lastMs < this.#gapMs) return false;
    this.#lastMs = nowMs;
    return true;
  }
}
