import { clipBytes } from "../../base/text.ts";
import type { Outgoing, OutgoingMessage, Part, WireText } from "../../relay/bridge.ts";
import type { ChannelId } from "../../relay/ids.ts";
import { type RichText, type Span, textOf } from "../../relay/rich_text.ts";
import type { LineBudget } from "./line_budget.ts";
import type { IrcSettings } from "./options.ts";
import { writeSpeaker } from "./puppets/speaker.ts";
import { cleanText, composeLines, writtenPrefix } from "./text/compose.ts";
import { singleLine } from "./wire/format_line.ts";

/** What rendering needs to know of the connection. */
export interface RenderLink {
  readonly budget: LineBudget;
  has(capability: string): boolean;
  /** The channel's name as the server writes it. */
  nameOf(channel: ChannelId): string;
}

/** Between two connections: the longest prefix that servers put before a line, and a long channel name. */
const SAFE_TEXT_BYTES = 350;
const TOPIC_BYTES = 300;
const RELAYED_NICK_BYTES = 30;

/** The parts that show something in a channel: lines of text, a topic, or a redaction. */
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
        cleanText(singleLine(outgoing.topic)),
        link?.budget.topicBytes ?? TOPIC_BYTES,
      );
      return [{ kind: "topic", wire: topic as WireText, target: null, speaker: null }];
    }
    case "deletion":
      if (!(link?.has("draft/message-redaction") ?? false)) return [];
      return [{ kind: "deletion", wire: "" as WireText, target: outgoing.target, speaker: null }];
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
  const written = prefix.replace(/[<>:]/g, "").trim();
  const protocol = message.sender.account.split(".")[0] ?? "relay";
  const name = written.includes("/") ? written : `${message.sender.person.nick}/${protocol}`;
  // deno-lint-ignore no-control-regex
  const safe = cleanText(name).replace(/[\x00-\x20!@,*?$#&%+~:.\x7f]/g, "_");
  return clipBytes(safe, RELAYED_NICK_BYTES);
}
