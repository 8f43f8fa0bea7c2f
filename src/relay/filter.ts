import type { MessageEvent } from "./event.ts";
import { PLAIN, plainText, type RichText, textOf } from "./rich_text.ts";
import type { Replacement, SenderSettings } from "./settings.ts";

/** Why a message is not relayed; null when it is. */
export type IgnoreReason = "ignored nick" | "ignored text" | "empty" | null;

/** Whether the configuration wants this message not to be relayed. */
export function ignoreReason(settings: SenderSettings, event: MessageEvent): IgnoreReason {
  const text = textOf(event.text);
  if (settings.ignoreNicks.some((pattern) => pattern.test(event.sender.nick))) {
    return "ignored nick";
  }
  if (settings.ignoreMessages.some((pattern) => pattern.test(text))) return "ignored text";
  return text.trim() === "" ? "empty" : null;
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
    const [nick, text] = [match?.[1], match?.[2]];
    if (nick !== undefined && text !== undefined) return { nick, text: plainText(text) };
  }
  return { nick: event.sender.nick, text: event.text };
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
  return textOf(bySpan) === after ? bySpan : [{ text: after, style: PLAIN }];
}
