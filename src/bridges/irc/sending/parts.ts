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
    ? relayedSpeaker(message, name, settings)
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
 * Whose name RELAYMSG shows: from the prefix where the template makes a name of two halves, else the nick and the
 * protocol. Null for notices of the relay itself.
 */
function relayedSpeaker(
  message: OutgoingMessage,
  prefix: RichText,
  settings: IrcSettings,
): string | null {
  if (message.sender === null) return null;
  const written = visibleLine(textOf(prefix).replace(/[<>:]/g, ""));
  const [nick, ...rest] = written.split("/");
  const protocol = message.sender.account.split(".")[0] ?? "relay";
  const halves = nick && rest.length > 0
    ? [nick, rest.join("_")]
    : [visibleLine(message.sender.person.nick) || "_", protocol];
  return RELAYED + JSON.stringify([...halves, writtenPrefix(prefix, settings.stripMarkup)]);
}

/** Two halves of a name as one that the server takes: `sign` tells it from every nick. */
function relayedNick([nick, network]: RelayedName, sign: string, repaired: boolean): string {
  const plain = (text: string) => cleanText(text).replace(/[ !@,*?$#&%+~:./]/g, "_");
  const ascii = (text: string) => text.normalize("NFKD").replace(/[^A-Za-z0-9_-]/g, "") || "user";
  const half = (text: string) => repaired ? ascii(text) : plain(text);
  const tail = `${sign}${half(network)}`;
  return clipBytes(half(nick), Math.max(RELAYED_NICK_BYTES - byteLength(tail), 1)) + tail;
}

interface PartContext {
  /** The channel's name as the server writes it. */
  readonly channel: string;
  readonly textBytes: number;
  /** True: without formatting, for a channel that refuses it. */
  readonly plain: boolean;
  /** The sign that parts the name of a RELAYMSG; null: the name goes before the text. */
  readonly relaySign: string | null;
  /** The server did not take the name as it was. */
  readonly repaired: boolean;
  readonly has: (capability: string) => boolean;
}

/** One line of a part. `speaker`: the name that RELAYMSG shows. */
export interface PartLine {
  readonly line: OutLine;
  readonly text: string;
  readonly speaker: string | null;
}

/**
 * The lines that send a part now. One, but for a stored part that was rendered when our own prefix was shorter. Empty
 * when the part's wish can't be expressed on this link.
 */
export function linesOf(part: Part, context: PartContext): readonly PartLine[] {
  const { channel } = context;
  const text = part.wire;
  switch (part.kind) {
    case "message":
      return messageLines(part, context);
    case "topic":
      return [{ line: { command: "TOPIC", params: [channel, text] }, text, speaker: null }];
    case "deletion":
      if (part.target === null || !context.has("draft/message-redaction")) return [];
      return [{ line: { command: "REDACT", params: [channel, part.target] }, text, speaker: null }];
    case "reaction":
      return reactionLines(part, context);
  }
}

function reactionLines(part: Part, context: PartContext): readonly PartLine[] {
  if (part.target === null || !context.has("message-tags")) return [];
  const name = part.wire.startsWith("-") ? "+draft/unreact" : "+draft/react";
  const tags = new Map([...replyTags(part.target), [name, part.wire.slice(1)]]);
  const line = { command: "TAGMSG", params: [context.channel], tags };
  return [{ line, text: part.wire, speaker: null }];
}

/** The tag under both its names: servers and clients know one or the other. */
function replyTags(target: MessageId): ReadonlyMap<string, string> {
  return new Map([["+draft/reply", target], ["+reply", target]]);
}

function messageLines(part: Part, context: PartContext): readonly PartLine[] {
  const isAnswer = part.target !== null && context.has("message-tags");
  const tags = isAnswer ? replyTags(part.target) : undefined;
  const name = readRelayed(part);
  const { channel, relaySign, repaired } = context;
  const speaker = name === null || relaySign === null
    ? null
    : relayedNick(name, relaySign, repaired);
  const wire = name === null || speaker !== null ? part.wire : underOurNick(part.wire, name);
  const [command, ...start] = speaker === null
    ? ["PRIVMSG", channel]
    : ["RELAYMSG", channel, speaker];
  return texts(wire, context).map((text) => ({
    line: { command, params: [...start, text], ...(tags && { tags }) },
    text,
    speaker,
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
const RELAYED = "relayed ";
const ACTION = "\x01ACTION ";

export function writeSpeaker(speaker: Speaker): string {
  return MARK + JSON.stringify([speaker.key, speaker.nick, speaker.name]);
}

type RelayedName = readonly [nick: string, network: string, lead: string];

/** The name for RELAYMSG, in two halves, and what stands before the text where the relay itself says it. */
function readRelayed({ speaker }: Part): RelayedName | null {
  if (speaker === null || speaker.startsWith(MARK)) return null;
  if (!speaker.startsWith(RELAYED)) {
    // Stored by an earlier version: the name as it was.
    const [nick = "", ...network] = speaker.split("/");
    return [nick, network.join("_") || "relay", `<${nick}> `];
  }
  const [nick = "", network = "", lead = ""] = fieldsOf(speaker.slice(RELAYED.length));
  return [nick, network, lead];
}

/** The text as the relay says it under its own nick. */
function underOurNick(text: string, [, , lead]: RelayedName): WireText {
  const start = text.startsWith(ACTION) ? ACTION : "";
  return `${start}${lead}${text.slice(start.length)}` as WireText;
}

/** Null for a part without a speaker, and for the name of a RELAYMSG. */
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

/** Both texts under which a history may show a part with the name for RELAYMSG: with the name before it, and without. */
export function relayedTexts(part: Part): readonly WireText[] {
  const name = readRelayed(part);
  return name === null ? [part.wire] : [part.wire, underOurNick(part.wire, name)];
}
