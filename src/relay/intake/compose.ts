import { graphemes } from "../../base/text.ts";
import { assertNever } from "../../base/types.ts";
import { lateMark } from "../delivery/loader.ts";
import { type Capabilities, type OutgoingMessage, ownLine } from "../port/bridge.ts";
import type { ChatEvent, EditEvent, MessageEvent, Person, ReplyRef } from "../port/event.ts";
import type { AccountId, MessageId } from "../port/ids.ts";
import {
  PLAIN,
  plainText,
  type RichText,
  type Span,
  type Style,
  textOf,
} from "../port/rich_text.ts";
import type { ReceiverSettings, Route } from "../port/settings.ts";
import { nickStyle, stripNick, visibleNick } from "./nick.ts";
import { excerptOf, type RecentMessage } from "./recent.ts";

/** Everything that decides how an event looks at one destination. */
export interface Composition {
  readonly route: Route;
  readonly receiver: ReceiverSettings;
  readonly capabilities: Capabilities;
  /** {PROTOCOL} and {LABEL} of the account the event came from. */
  readonly protocol: string;
  readonly label: string;
  readonly nowMs: number;
}

/** The other message that an event refers to, as far as it is known at the destination. */
export interface Reference {
  /** Its id at the destination. */
  readonly id: MessageId | null;
  readonly message: RecentMessage | null;
}

/** A message on its way; `reference` is the answered one. */
export function composeMessage(
  composition: Composition,
  event: MessageEvent,
  reference: Reference,
): OutgoingMessage {
  const { receiver, capabilities } = composition;
  const shown = capabilities.replies && reference.id !== null;
  const context = receiver.showReplies && !shown ? replyContext(event.replyTo, reference) : "";
  const name = nickPrefix(composition, event.sender);
  return {
    kind: "message",
    nameLength: textOf(name).length,
    prefix: [
      ...name,
      ...plainText(context + (event.late ? lateMark(event.atMs, composition.nowMs) : "")),
    ],
    text: event.text,
    action: event.action,
    ...(event.late ? { isMarked: true } : {}),
    replyTo: reference.id,
    sender: { person: event.sender, account: composition.route.from.account },
    atMs: event.atMs,
  };
}

/** A changed text: in place of the old one where the service can, else as a new line; null where edits are not wanted. */
export function composeEdit(
  composition: Composition,
  event: EditEvent,
  reference: Reference,
): OutgoingMessage | null {
  const { receiver, capabilities } = composition;
  if (receiver.editDisable) return null;
  return {
    ...(capabilities.edits === true && reference.id !== null ? { edits: reference.id } : {}),
    kind: "message",
    prefix: nickPrefix(composition, event.sender),
    text: [...event.text, ...plainText(receiver.editSuffix)],
    action: false,
    replyTo: reference.id,
    sender: { person: event.sender, account: composition.route.from.account },
    atMs: event.atMs,
  };
}

/** A line of the relay's own, about somebody: `before` stands before their name. */
function composeNotice(composition: Composition, who: Person, text: string): OutgoingMessage {
  return {
    kind: "message",
    prefix: nickPrefix(composition, who),
    text: plainText(text),
    action: false,
    replyTo: null,
    sender: { person: who, account: composition.route.from.account },
  };
}

/** The line for an event that is no message; null when this destination does not want it. */
export function composeLine(
  composition: Composition,
  event: Exclude<ChatEvent, MessageEvent | EditEvent>,
  reference: Reference,
): OutgoingMessage | null {
  const { receiver } = composition;
  switch (event.kind) {
    case "deletion":
      return receiver.showDeletes
        ? composeNotice(
          composition,
          event.by ?? nobody(reference),
          deletionText(event.by, reference),
        )
        : null;
    case "reaction":
      return receiver.showReactions
        ? composeNotice(composition, event.sender, reactionText(event, reference))
        : null;
    case "join":
      return receiver.showJoinPart
        ? composeSystem(composition, event, `${identity(composition, event.who)} joins`)
        : null;
    case "leave": {
      const wanted = event.how === "quit"
        ? receiver.showJoinPart || receiver.showQuit
        : receiver.showJoinPart;
      return wanted ? composeSystem(composition, event, leaveText(composition, event)) : null;
    }
    case "rename":
      return receiver.showNickChange
        ? composeSystem(
          composition,
          event,
          `${visibleNick(event.from)} is now known as ${visibleNick(event.who.nick)}`,
        )
        : null;
    case "topic":
      return receiver.showTopicChange
        ? composeSystem(
          composition,
          event,
          `${visibleNick(event.by?.nick ?? "?")} changes topic to: ${event.topic}`,
        )
        : null;
    default:
      return assertNever(event);
  }
}

/** What no person said: shown as from "system", as Matterbridge does. */
function composeSystem(
  composition: Composition,
  event: ChatEvent & { readonly kind: NonNullable<OutgoingMessage["about"]> },
  text: string,
): OutgoingMessage {
  const system = { id: "" as Person["id"], nick: "system", userId: "" };
  return {
    ...ownLine(text),
    prefix: nickPrefix(composition, system),
    about: event.kind,
    atMs: event.atMs,
  };
}

function nickPrefix(composition: Composition, person: Person): RichText {
  const { receiver, route } = composition;
  const visible = visibleNick(person.nick);
  const nick = receiver.stripNick ? stripNick(visible) : visible;
  return renderNickFormat(
    receiver.remoteNickFormat,
    {
      nick,
      protocol: composition.protocol,
      bridge: accountName(route.from.account),
      gateway: route.gateway,
      label: composition.label,
      userId: person.userId,
      channel: route.from.written,
    },
    nickStyle(nick, receiver.colorNicks),
  );
}

/** The name part of `protocol.name`. */
function accountName(account: AccountId): string {
  return account.slice(account.indexOf(".") + 1);
}

function replyContext(reply: ReplyRef | null, reference: Reference): string {
  if (reply === null) return "";
  const nick = reference.message?.nick ?? reply.nick;
  const excerpt = reference.message?.excerpt ??
    (reply.excerpt === null ? null : excerptOf(reply.excerpt));
  if (nick === null && excerpt === null) return "";
  const parts = [nick === null ? null : visibleNick(nick), excerpt].filter((part) => part !== null);
  return `(re ${parts.join(": ")}) `;
}

function reactionText(
  event: { readonly key: string; readonly removed: boolean },
  reference: Reference,
): string {
  const doing = event.removed ? `takes back ${event.key} from` : `reacts with ${event.key} to`;
  const message = reference.message;
  return message === null
    ? `${doing} a message`
    : `${doing} ${visibleNick(message.nick)}: ${message.excerpt}`;
}

/** The text is gone for a reason: the notice says which one by its author only. */
function deletionText(by: Person | null, reference: Reference): string {
  return reference.message === null || by === null || by.nick === reference.message.nick
    ? "deleted a message"
    : `deleted a message of ${visibleNick(reference.message.nick)}`;
}

function nobody(reference: Reference): Person {
  return {
    id: "" as Person["id"],
    nick: reference.message?.nick ?? "system",
    userId: "",
  };
}

function leaveText(
  composition: Composition,
  event: Extract<ChatEvent, { kind: "leave" }>,
): string {
  const who = identity(composition, event.who);
  const reason = event.reason === null || event.reason === "" ? "" : ` (${event.reason})`;
  switch (event.how) {
    case "part":
      return `${who} parts${reason}`;
    case "quit":
      return `${who} quits${reason}`;
    case "kick":
      return `${who} was kicked by ${visibleNick(event.by ?? "?")}${reason}`;
  }
}

function identity(composition: Composition, who: Person): string {
  const nick = visibleNick(who.nick);
  return composition.receiver.verboseJoinPart && who.userId !== ""
    ? `${nick} (${who.userId})`
    : nick;
}

/** What the placeholders of RemoteNickFormat stand for. */
interface NickFormatValues {
  readonly nick: string;
  readonly protocol: string;
  /** The account's name, without its protocol. */
  readonly bridge: string;
  readonly gateway: string;
  readonly label: string;
  readonly userId: string;
  readonly channel: string;
}

const PLACEHOLDER = /\{([A-Z]+)\}/g;

/**
 * Fills a RemoteNickFormat in one pass over the template: a person who calls themselves "{CHANNEL}" stays so. What is
 * no placeholder stays as written. `nickStyle` is the style of the nick alone.
 */
export function renderNickFormat(
  template: string,
  values: NickFormatValues,
  nickStyle: Style = PLAIN,
): RichText {
  const spans: Span[] = [];
  const add = (text: string, style: Style) => {
    if (text !== "") spans.push({ text, style });
  };
  let from = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    const value = placeholderValue(match[1] ?? "", values);
    if (value === null) continue;
    add(template.slice(from, match.index), PLAIN);
    add(value.text, value.isNick ? nickStyle : PLAIN);
    from = match.index + match[0].length;
  }
  add(template.slice(from), PLAIN);
  return spans;
}

function placeholderValue(
  name: string,
  values: NickFormatValues,
): { text: string; isNick: boolean } | null {
  const plain = (text: string) => ({ text, isNick: false });
  switch (name) {
    case "NICK":
      return { text: values.nick, isNick: true };
    case "NOPINGNICK":
      return { text: noPing(values.nick), isNick: true };
    case "PROTOCOL":
      return plain(values.protocol);
    case "BRIDGE":
      return plain(values.bridge);
    case "GATEWAY":
      return plain(values.gateway);
    case "LABEL":
      return plain(values.label);
    case "USERID":
      return plain(values.userId);
    case "CHANNEL":
      return plain(values.channel);
    default:
      return null;
  }
}

/** The nick with a zero-width space behind its first letter, so that no client takes it for a mention. */
export function noPing(nick: string): string {
  const [first, ...rest] = graphemes(nick);
  return first === undefined || rest.length === 0 ? nick : `${first}\u200b${rest.join("")}`;
}
