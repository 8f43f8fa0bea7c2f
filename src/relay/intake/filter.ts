import { isBlank } from "../../base/text.ts";
import type { ChatEvent, DeletionEvent, EditEvent, MessageEvent } from "../port/event.ts";
import { restyled, type RichText, textOf } from "../port/rich_text.ts";
import type { AccountSettings, Replacement, SenderSettings } from "../port/settings.ts";

/** Whether nothing of this person is to be relayed. */
export function isIgnored(settings: SenderSettings, nick: string): boolean {
  return settings.ignoreNicks.some((pattern) => pattern.test(nick));
}

/** Why a message is not relayed; null when it is. */
type IgnoreReason = "ignored nick" | "ignored text" | "empty" | null;

/** Whether the configuration wants this message not to be relayed. */
export function ignoreReason(
  settings: SenderSettings,
  event: Pick<MessageEvent, "sender" | "text">,
): IgnoreReason {
  const text = textOf(event.text);
  if (isIgnored(settings, event.sender.nick)) return "ignored nick";
  if (settings.ignoreMessages.some((pattern) => pattern.test(text))) return "ignored text";
  return isBlank(text) ? "empty" : null;
}

/** The message with ExtractNicks, ReplaceNicks and ReplaceMessages carried out, in this order. */
export function rewrite<
  E extends { readonly sender: MessageEvent["sender"]; readonly text: RichText },
>(
  settings: SenderSettings,
  event: E,
): E {
  const extracted = extractNick(settings, event);
  const nick = replaceAll(extracted.nick, settings.replaceNicks);
  const text = replaceInRich(extracted.text, settings.replaceMessages);
  if (nick === event.sender.nick && text === event.text) return event;
  return { ...event, sender: { ...event.sender, nick }, text };
}

/** Another relay's bot says "<alice> hello": the person is alice, the text is "hello". */
function extractNick(
  settings: SenderSettings,
  event: { readonly sender: MessageEvent["sender"]; readonly text: RichText },
): { nick: string; text: RichText } {
  for (const [nickPattern, textPattern] of settings.extractNicks) {
    if (!nickPattern.test(event.sender.nick)) continue;
    const match = textPattern.exec(textOf(event.text));
    const nick = match?.[1];
    if (match === null || nick === undefined) continue;
    if (match.length === 2) {
      return { nick, text: without(event.text, match.index, match[0].length) };
    }
    if (match[2] !== undefined) return { nick, text: restyled(event.text, match[2]) };
  }
  return { nick: event.sender.nick, text: event.text };
}

/** The text without this range of it; the rest keeps its looks. */
function without(rich: RichText, from: number, length: number): RichText {
  let at = 0;
  return rich.flatMap((span) => {
    const start = at;
    at += span.text.length;
    const kept = span.text.slice(0, Math.max(0, from - start)) +
      span.text.slice(Math.max(0, from + length - start));
    return kept === "" ? [] : [{ ...span, text: kept }];
  });
}

function replaceAll(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((now, [pattern, by]) => now.replace(pattern, by), text);
}

/** Replaces in the visible text. Where a replacement reaches over several styles, the styles are given up. */
function replaceInRich(rich: RichText, replacements: readonly Replacement[]): RichText {
  if (replacements.length === 0) return rich;
  const before = textOf(rich);
  const after = replaceAll(before, replacements);
  if (after === before) return rich;
  const bySpan = rich.map((span) => ({ ...span, text: replaceAll(span.text, replacements) }));
  return textOf(bySpan) === after ? bySpan : restyled(rich, after);
}

/** Whether the account's settings let this out at all. */
export function isWanted(
  event: Exclude<ChatEvent, MessageEvent | EditEvent | DeletionEvent>,
  settings: AccountSettings,
): boolean {
  const who = event.kind === "reaction"
    ? event.sender
    : event.kind === "topic"
    ? event.by
    : event.who;
  if (who !== null && isIgnored(settings, who.nick)) return false;
  return !settings.noSendJoinPart || (event.kind !== "join" && event.kind !== "leave");
}
