import type { Clock } from "../../../base/clock.ts";
import type { Logger, OnceLog } from "../../../base/log.ts";
import { graphemes, isBlank } from "../../../base/text.ts";
import type { TokenBucket } from "../../../base/token_bucket.ts";
import type { BridgeHost, HistoryMessage, WireText } from "../../../relay/port/bridge.ts";
import type {
  ChatEvent,
  DeletionEvent,
  EditEvent,
  MessageEvent,
  Person,
  ReactionEvent,
} from "../../../relay/port/event.ts";
import type { ChannelId, UserId } from "../../../relay/port/ids.ts";
import { openText } from "../../../relay/port/rich_text.ts";
import type { KosmiLink } from "../link/link.ts";
import type { HistoryLimits } from "../link/options.ts";
import type { OperationRunner } from "../link/runner.ts";
import type { KosmiDeletion, KosmiMessage, KosmiReaction, KosmiUser } from "../protocol/decode.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { cleanText, type Markup, readKosmiText } from "../text/kosmi_text.ts";

const EXCERPT_GRAPHEMES = 200;

/** What one room on one link shares with its parts; passed whole. */
export interface RoomContext {
  readonly channel: ChannelId;
  readonly host: BridgeHost;
  readonly link: KosmiLink;
  readonly runner: OperationRunner;
  readonly protocol: KosmiProtocol;
  /** Ids under which our own account shows, or showed on an earlier connection. */
  readonly ownIds: ReadonlySet<UserId>;
  readonly pace: TokenBucket;
  /** How many messages may be on their way at once, while nothing goes wrong. */
  readonly window: number;
  readonly history: HistoryLimits;
  readonly markup: Markup;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly said: OnceLog;
}

/** What every event of a room needs. */
type EventContext = Pick<RoomContext, "channel" | "markup" | "clock">;

/** A Kosmi user as the core knows people. */
export function personOf(user: KosmiUser): Person {
  const nick = cleanText(user.name).replace(/\n/g, " ").trim();
  return {
    id: user.id,
    nick: isBlank(nick) ? "Anonymous" : nick,
    userId: user.username === "" ? user.id : user.username,
    ...(user.bot ? { bot: true } : {}),
    ...(user.avatar === undefined ? {} : { avatar: user.avatar }),
  };
}

const NOBODY: Person = { id: "" as UserId, nick: "Anonymous", userId: "" };

export function messageEvent(
  message: KosmiMessage,
  context: EventContext,
  late: boolean,
): MessageEvent {
  const action = /^\/me\s+(?=\S)/i.exec(message.text);
  const text = action === null ? message.text : message.text.slice(action[0].length);
  return {
    kind: "message",
    channel: context.channel,
    atMs: message.atMs ?? context.clock.now(),
    late,
    id: message.id,
    sender: message.sender === null ? NOBODY : personOf(message.sender),
    text: readKosmiText(text, context.markup),
    action: action !== null,
    replyTo: replyOf(message, context.markup),
  };
}

function replyOf(message: KosmiMessage, markup: Markup): MessageEvent["replyTo"] {
  if (message.reply === null) return null;
  const { id, nick, text } = message.reply;
  return {
    id,
    nick: nick === null || nick === "" ? null : cleanText(nick),
    excerpt: text === null ? null : excerptOf(openText(readKosmiText(text, markup))),
  };
}

function excerptOf(text: string): string {
  if (text.length <= EXCERPT_GRAPHEMES) return text;
  const all = graphemes(text.slice(0, EXCERPT_GRAPHEMES * 20));
  return all.length <= EXCERPT_GRAPHEMES ? text : all.slice(0, EXCERPT_GRAPHEMES).join("");
}

/** A message of the archive: others' as an event, our own as its text. */
export function historyMessage(
  message: KosmiMessage,
  context: EventContext,
  isOwn: boolean,
): HistoryMessage {
  if (!isOwn) return { own: false, event: messageEvent(message, context, true) };
  return {
    own: true,
    wire: message.text as WireText,
    id: message.id,
    atMs: message.atMs ?? context.clock.now(),
  };
}

export function editEvent(message: KosmiMessage, context: EventContext): EditEvent {
  return {
    kind: "edit",
    channel: context.channel,
    // The message's own time is when it was first said.
    atMs: context.clock.now(),
    late: false,
    id: message.id,
    sender: message.sender === null ? NOBODY : personOf(message.sender),
    text: readKosmiText(message.text, context.markup),
  };
}

export function deletionEvent(deletion: KosmiDeletion, context: EventContext): DeletionEvent {
  return {
    kind: "deletion",
    channel: context.channel,
    atMs: context.clock.now(),
    late: false,
    id: deletion.id,
    by: deletion.by === null ? null : personOf(deletion.by),
  };
}

export function reactionEvent(
  reaction: KosmiReaction,
  context: EventContext,
  removed: boolean,
): ReactionEvent {
  return {
    kind: "reaction",
    channel: context.channel,
    atMs: context.clock.now(),
    late: false,
    id: reaction.messageId,
    sender: personOf(reaction.user),
    key: cleanText(reaction.key),
    removed,
  };
}

export function memberEvent(
  user: KosmiUser,
  context: EventContext,
  kind: "join" | "leave",
): ChatEvent {
  const base = {
    channel: context.channel,
    atMs: context.clock.now(),
    late: false,
    who: personOf(user),
  };
  return kind === "join"
    ? { kind: "join", ...base }
    : { kind: "leave", ...base, how: "part", by: null, reason: null };
}
