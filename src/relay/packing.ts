import type { Outgoing, OutgoingMessage } from "./bridge.ts";
import { PLAIN, type RichText, textOf } from "./rich_text.ts";
import type { Delivery } from "./relay_store.ts";

/** How consecutive messages of one speaker become one. */
export interface PackingPolicy {
  readonly separator: string;
  /** Longest packed text, in UTF-16 code units, prefix not counted. */
  readonly maxLength: number;
}

/** Deliveries that leave together, and the message that says what they say. */
export interface Pack {
  readonly deliveries: readonly Delivery[];
  readonly outgoing: Outgoing;
}

/**
 * Takes the first delivery and those directly behind it that may share its message: same speaker, same prefix, plain
 * one-line texts that answer nothing. The order of what is said never changes.
 */
export function takePack(waiting: readonly Delivery[], policy: PackingPolicy | null): Pack | null {
  const first = waiting[0];
  if (first === undefined) return null;
  const alone = { deliveries: [first], outgoing: first.outgoing };
  if (policy === null) return alone;
  const head = packable(first);
  if (head === null) return alone;
  const deliveries = [first];
  const text = [...head.text];
  let length = textOf(text).length;
  for (const next of waiting.slice(1)) {
    const message = packable(next);
    if (message === null || !together(first, head, next, message)) break;
    length += policy.separator.length + textOf(message.text).length;
    if (length > policy.maxLength) break;
    text.push({ text: policy.separator, style: PLAIN }, ...message.text);
    deliveries.push(next);
  }
  return { deliveries, outgoing: { ...head, text } };
}

function packable(delivery: Delivery): OutgoingMessage | null {
  const outgoing = delivery.outgoing;
  if (outgoing.kind !== "message" || outgoing.action || outgoing.replyTo !== null) return null;
  if (delivery.speaker === null || textOf(outgoing.text).includes("\n")) return null;
  return outgoing;
}

function together(
  first: Delivery,
  head: OutgoingMessage,
  next: Delivery,
  message: OutgoingMessage,
): boolean {
  return next.speaker === first.speaker && samePrefix(head.prefix, message.prefix);
}

function samePrefix(one: RichText, other: RichText): boolean {
  return textOf(one) === textOf(other);
}
