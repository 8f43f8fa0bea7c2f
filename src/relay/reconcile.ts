import type { Bridge, HistoryMessage, Part, WireText } from "./bridge.ts";
import type { MessageId } from "./ids.ts";
import type { Shipment } from "./relay_store.ts";

/** One of our own messages, as the service's history shows it. */
type OwnMessage = Extract<HistoryMessage, { own: true }>;

/** The parts of one shipment that turned out to have arrived: index of the part -> its id at the service. */
export type Arrived = ReadonlyMap<number, MessageId | null>;

/** For each part the texts under which the service may show it. */
export function textsShownBy(bridge: Bridge): (part: Part) => readonly WireText[] {
  return (part) => bridge.shownAs?.(part) ?? [part.wire];
}

/**
 * Finds out which unconfirmed parts arrived, by what the service's history shows of us. Parts leave in order, so each
 * part is looked for behind the one before it; of two equal texts the first stands for the first. `isKnown` tells own
 * messages that were confirmed earlier: they stand for nothing any more.
 * `shownAs` tells the texts under which a part may be shown.
 *
 * Answers one map for each shipment, in order.
 */
export function reconcile(
  shipments: readonly Shipment[],
  own: readonly OwnMessage[],
  isKnown: (id: MessageId) => boolean,
  shownAs: (part: Part) => readonly WireText[] = (part) => [part.wire],
): Arrived[] {
  const candidates = own.filter((message) => message.id === null || !isKnown(message.id));
  let from = 0;
  return shipments.map((shipment) => {
    const arrived = new Map<number, MessageId | null>();
    for (let index = shipment.confirmed; index < shipment.parts.length; index++) {
      const part = shipment.parts[index];
      const wires = part === undefined ? [] : shownAs(part);
      const found = candidates.findIndex((message, at) =>
        at >= from && wires.includes(message.wire)
      );
      if (found === -1) continue;
      arrived.set(index, candidates[found]?.id ?? null);
      from = found + 1;
    }
    return arrived;
  });
}
