import { byteLength, clipBytes, visibleLine, withLineBreaks } from "../../../base/text.ts";
import type { Outgoing, OutgoingMessage, Part, WireText } from "../../../relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";
import {
  barredText,
  plainText,
  type RichText,
  type Span,
  textOf,
} from "../../../relay/port/rich_text.ts";
import type { IrcSettings } from "../link/options.ts";
import type { LineBudget } from "../link/self.ts";
import { puppetUser } from "../puppets/puppet_name.ts";
import { readMirc, writeMirc } from "../text/formatting.ts";
import { cleanText, composeLines, splitLine, writtenPrefix } from "../text/lines.ts";
import type { OutLine } from "../wire/message.ts";

/** What rendering needs to know of the connection. */
interface RenderLink {
  readonly budget: LineBudget;
  has(capability: string): boolean;
  /** The channel's name as the server writes it. */
  nameOf(channel: ChannelId): string;
}

/** Between two connections: the longest prefix that servers put before a line, and a long channel name. */
const SAFE_TEXT_BYTES = 350;
const TOPIC_BYTES = 300;
/** No emoji is longer; tags have a bound of their own. */
const REACTION_BYTES = 200;
const RELAYED_NICK_BYTES = 30;

/** The parts that show something in a channel: lines of text, a topic, a redaction, or a reaction. */
export function renderOutgoing(
  outgoing: Outgoing,
  settings: IrcSettings,
  link: RenderLink | null,
  channel: ChannelId,
): readonly Part[] {
  switch (outgoing.kind) {
    case "message":
      return renderMessage(outgoing, settings, link, channel);
    case "topic": {
      const topic = clipBytes(
        cleanText(withLineBreaks(outgoing.topic, " ")),
        link?.budget.topicBytes ?? TOPIC_BYTES,
      );
      return [{ kind: "topic", wire: topic as WireText, target: null, speaker: null }];
    }
    case "deletion":
      if (!(link?.has("draft/message-redaction") ?? false)) return [];
      return [{ kind: "deletion", wire: "" as WireText, target: outgoing.target, speaker: null }];
    case "reaction": {
      const { key, removed, target } = outgoing;
      if (byteLength(key) > REACTION_BYTES || !(link?.has("message-tags") ?? false)) return [];
      const wire = `${removed ? "-" : "+"}${key}` as WireText;
      return [{ kind: "reaction", wire, target, speaker: null }];
    }
  }
}

function renderMessage(
  message: OutgoingMessage,
  settings: IrcSettings,
  link: RenderLink | null,
  channel: ChannelId,
): readonly Part[] {
  const [name, rest] = splitPrefix(message);
  const relayed = settings.puppets === null && settings.useRelayMsg &&
      (link?.has("draft/relaymsg") ?? false)
    ? relayedNick(message, textOf(name))
    : null;
  const serverBytes = link?.budget.textBytes(link.nameOf(channel)) ?? SAFE_TEXT_BYTES;
  const lineBytes = Math.min(serverBytes, Math.max(settings.messageLength ?? serverBytes, 64));
  const lines = composeLines({
    prefix: relayed === null ? message.prefix : rest,
    text: message.text,
    action: message.action,
  }, {
    lineBytes: relayed === null ? lineBytes : Math.min(lineBytes, SAFE_TEXT_BYTES),
    maxLines: Math.max(settings.maxLines, 1),
    split: settings.messageSplit,
    clipped: settings.messageClipped,
    stripMarkup: settings.stripMarkup,
  });
  const speaker = relayed ?? puppetSpeaker(message, name, settings);
  return lines.map((line, index) => ({
    kind: "message",
    wire: line as WireText,
    // One answer is enough: the lines after the first belong to it.
    target: index === 0 ? message.replyTo : null,
    speaker,
  }));
}

/** What names the person in a prefix, and what of it belongs to the text (who is answered, a time). */
function splitPrefix(message: OutgoingMessage): readonly [name: RichText, rest: RichText] {
  let left = message.nameLength ?? Infinity;
  const name: Span[] = [];
  const rest: Span[] = [];
  for (const { text, style } of message.prefix) {
    if (left > 0) name.push({ text: text.slice(0, left), style });
    if (text.length > left) rest.push({ text: text.slice(left), style });
    left = Math.max(0, left - text.length);
  }
  return [name, rest];
}

/** For whom a puppet would say it; null where there are none, and for what the relay itself says. */
function puppetSpeaker(
  message: OutgoingMessage,
  name: RichText,
  settings: IrcSettings,
): string | null {
  if (settings.puppets === null || message.sender === null) return null;
  const { person, account } = message.sender;
  return writeSpeaker({
    key: `${account} ${person.id}`,
    nick: person.nick,
    name: writtenPrefix(name, settings.stripMarkup),
  });
}

/**
 * The name for RELAYMSG, which the server wants with a separator that no nick has: from the prefix where the template
 * makes such a name, else `nick/protocol`. Null for notices of the relay itself.
 */
function relayedNick(message: OutgoingMessage, prefix: string): string | null {
  if (message.sender === null) return null;
  const written = visibleLine(prefix.replace(/[<>:]/g, ""));
  const protocol = message.sender.account.split(".")[0] ?? "relay";
  const nick = visibleLine(message.sender.person.nick) || "_";
  const name = written.includes("/") ? written : `${nick}/${protocol}`;
  return clipBytes(cleanText(name).replace(/[ !@,*?$#&%+~:.]/g, "_"), RELAYED_NICK_BYTES);
}

interface PartContext {
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
    case "reaction":
      return reactionLines(part, context);
  }
}

function reactionLines(part: Part, context: PartContext) {
  if (part.target === null || !context.has("message-tags")) return [];
  const name = part.wire.startsWith("-") ? "+draft/unreact" : "+draft/react";
  const tags = new Map([...replyTags(part.target), [name, part.wire.slice(1)]]);
  return [{ line: { command: "TAGMSG", params: [context.channel], tags }, text: part.wire }];
}

/** The tag under both its names: servers and clients know one or the other. */
function replyTags(target: MessageId): ReadonlyMap<string, string> {
  return new Map([["+draft/reply", target], ["+reply", target]]);
}

function messageLines(part: Part, context: PartContext) {
  const isAnswer = part.target !== null && context.has("message-tags");
  const tags = isAnswer ? replyTags(part.target) : undefined;
  const asOther = part.speaker !== null && context.has("draft/relaymsg");
  // Stored for a server that shows others' names, sent on one that does not: the name goes before the text.
  const lead = part.speaker !== null && !asOther ? `<${part.speaker.replace(/\/.*$/, "")}> ` : "";
  const command = asOther ? "RELAYMSG" : "PRIVMSG";
  const start = asOther ? [context.channel, part.speaker ?? ""] : [context.channel];
  return texts(lead + part.wire, context).map((text) => ({
    line: { command, params: [...start, text], ...(tags && { tags }) },
    text,
  }));
}

function texts(wire: string, context: PartContext): string[] {
  if (!context.plain && byteLength(wire) <= context.textBytes) return [wire];
  // deno-lint-ignore no-control-regex
  const action = /^\x01ACTION (.*?)\x01?$/s.exec(wire)?.[1];
  const rich = readMirc(action ?? wire);
  const text = context.plain ? plainText(barredText(rich)) : rich;
  const room = context.textBytes - (action === undefined ? 0 : 9);
  return splitLine(text, room).map((line) =>
    action === undefined ? writeMirc(line) : `\x01ACTION ${writeMirc(line)}\x01`
  );
}

/** For whom a part is sent. Stored with the part, as text. */
export interface Speaker {
  /** Account and id of the person: different for each. */
  readonly key: string;
  /** The name that the person shows. */
  readonly nick: string;
  /** How the part's text begins where the relay itself sends it: a puppet leaves that out. */
  readonly name: string;
}

const MARK = "puppet ";
const ACTION = "\x01ACTION ";

export function writeSpeaker(speaker: Speaker): string {
  return MARK + JSON.stringify([speaker.key, speaker.nick, speaker.name]);
}

/** Null for a part without a speaker, and for the nick of a RELAYMSG. */
export function readSpeaker(part: Part): Speaker | null {
  if (part.speaker === null || !part.speaker.startsWith(MARK)) return null;
  const [key, nick, name] = fieldsOf(part.speaker.slice(MARK.length));
  if (key === undefined || nick === undefined || name === undefined) return null;
  return { key, nick, name };
}

function fieldsOf(written: string): readonly string[] {
  try {
    const fields: unknown = JSON.parse(written);
    return Array.isArray(fields) ? fields.filter((field) => typeof field === "string") : [];
  } catch {
    return [];
  }
}

/** The part as the relay itself sends it, under its own nick. */
export function asRelay(part: Part): Part {
  return readSpeaker(part) === null ? part : { ...part, speaker: null };
}

/** The part as the person's puppet sends it: the nick tells who speaks, so that the name goes. */
export function asPuppet(part: Part, speaker: Speaker): Part {
  const lead = part.wire.startsWith(ACTION) ? ACTION : "";
  const text = part.wire.slice(lead.length);
  if (!text.startsWith(speaker.name) || text === speaker.name) return { ...part, speaker: null };
  const said = (lead + text.slice(speaker.name.length)) as WireText;
  return { ...part, wire: said, speaker: null };
}

/** A puppet's line as the history is compared with what was under way: of two who said the same, each has their own. */
export function puppetWire(user: string, text: string): WireText {
  return `\0${user}\0${text}` as WireText;
}

/** Both texts under which a history may show a part: the relay's own line, and the puppet's. */
export function shownTexts(part: Part): readonly WireText[] {
  const speaker = readSpeaker(part);
  if (speaker === null) return [part.wire];
  return [part.wire, puppetWire(puppetUser(speaker.key), asPuppet(part, speaker).wire)];
}
