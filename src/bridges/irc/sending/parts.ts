import { byteLength, clipBytes, visibleLine, withLineBreaks } from "../../../base/text.ts";
import type { Outgoing, OutgoingMessage, Part, WireText } from "../../../relay/port/bridge.ts";
import type { MessageId } from "../../../relay/port/ids.ts";
import {
  barredText,
  plainText,
  type RichText,
  type Span,
  textOf,
} from "../../../relay/port/rich_text.ts";
import type { Link } from "../link/link.ts";
import type { IrcSettings } from "../link/options.ts";
import { readMirc, writeMirc } from "../text/formatting.ts";
import { cleanText, composeLines, splitLine, writtenPrefix } from "../text/lines.ts";
import { growthIn, type OutLine } from "../wire/message.ts";
import {
  readRelayed,
  type RelayedName,
  underOurNick,
  writeRelayed,
  writeSpeaker,
} from "./speaker.ts";

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
  link: Link | null,
  /** The channel's name as the server writes it. */
  channel: string,
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
      if (byteLength(key) > REACTION_BYTES || !(link?.has("+draft/react") ?? false)) return [];
      const wire = `${removed ? "-" : "+"}${key}` as WireText;
      return [{ kind: "reaction", wire, target, speaker: null }];
    }
  }
}

function renderMessage(
  message: OutgoingMessage,
  settings: IrcSettings,
  link: Link | null,
  channel: string,
): readonly Part[] {
  const [name, rest] = splitPrefix(message);
  const relayed = settings.puppets === null && settings.useRelayMsg &&
      (link?.has("draft/relaymsg") ?? false)
    ? relayedSpeaker(message, name, settings)
    : null;
  const serverBytes = Math.floor(
    (link?.budget.textBytes(channel) ?? SAFE_TEXT_BYTES) / growthIn(settings.charset),
  );
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
  // A puppet says one line after the other, and the history shows them so.
  const isWhole = relayed === null && !message.action && settings.puppets === null;
  const whole = isWhole ? multilineLimits(link) : null;
  const texts = whole === null ? lines : inMultilines(lines, whole);
  return texts.map((text, index) => ({
    kind: "message",
    wire: text as WireText,
    // One answer is enough: what follows belongs to it.
    target: index === 0 ? message.replyTo : null,
    speaker,
  }));
}

interface MultilineLimits {
  readonly lines: number;
  readonly bytes: number;
}

/** How long a message of several lines may be; null where the server has no such. */
function multilineLimits(link: Link | null): MultilineLimits | null {
  if (link === null || !takesMultiline(link)) return null;
  const limit = (name: string) => {
    const told = new RegExp(`\\b${name}=(\\d{1,9})`).exec(link.offered("draft/multiline") ?? "")
      ?.[1];
    return told === undefined ? Infinity : Number(told);
  };
  return { lines: limit("max-lines"), bytes: limit("max-bytes") };
}

export function takesMultiline(link: Pick<Link, "has">): boolean {
  return link.has("draft/multiline") && link.has("batch") && link.has("message-tags");
}

/** As few messages as the limits allow: each has one id, so that an answer, a deletion or a reaction means all of it. */
function inMultilines(lines: readonly string[], limits: MultilineLimits): string[] {
  const texts: string[] = [];
  let count = 0;
  for (const line of lines) {
    const last = texts.at(-1);
    const joined = `${last}\n${line}`;
    if (last === undefined || count >= limits.lines || byteLength(joined) > limits.bytes) {
      texts.push(line);
      count = 1;
    } else {
      texts[texts.length - 1] = joined;
      count++;
    }
  }
  return texts;
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
  const halves: readonly [string, string] = nick && rest.length > 0
    ? [nick, rest.join("_")]
    : [visibleLine(message.sender.person.nick) || "_", protocol];
  return writeRelayed([...halves, writtenPrefix(prefix, settings.stripMarkup)]);
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
  /** Name of a batch for a message of several lines; null: each line goes by itself. */
  readonly batch: string | null;
  readonly has: (capability: string) => boolean;
}

/** One line of a part, or one message of several lines. `speaker`: the name that RELAYMSG shows. */
export interface PartLine {
  readonly line: OutLine;
  /** What belongs to it: follows at once. */
  readonly more?: readonly OutLine[];
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
  if (part.target === null || !context.has("+draft/react")) return [];
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
  const said = wire.split("\n").flatMap((line) => texts(line, context));
  if (said.length > 1 && wire.includes("\n") && context.batch !== null && speaker === null) {
    return [multiline(said, { channel, reference: context.batch, tags })];
  }
  return said.map((text) => ({
    line: { command, params: [...start, text], ...(tags && { tags }) },
    text,
    speaker,
  }));
}

function multiline(
  said: readonly string[],
  { channel, reference, tags }: {
    readonly channel: string;
    readonly reference: string;
    readonly tags: ReadonlyMap<string, string> | undefined;
  },
): PartLine {
  const batch = new Map([["batch", reference]]);
  return {
    line: {
      command: "BATCH",
      params: [`+${reference}`, "draft/multiline", channel],
      ...(tags && { tags }),
    },
    more: [
      ...said.map((text) => ({ command: "PRIVMSG", params: [channel, text], tags: batch })),
      { command: "BATCH", params: [`-${reference}`] },
    ],
    text: said.join("\n"),
    speaker: null,
  };
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
