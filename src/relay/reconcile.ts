import type { HistoryMessage } from "./bridge.ts";
import type { MessageId } from "./ids.ts";
import type { Shipment } from "./relay_store.ts";

/** One of our own messages, as the service's history shows it. */
type OwnMessage = Extract<HistoryMessage, { own: true }>;

/** The parts of one shipment that turned out to have arrived: index of the part -> its id at the service. */
export type Arrived = ReadonlyMap<number, MessageId | null>;

/**
 * Finds out which unconfirmed parts arrived, by what the service's history shows of us. Parts leave in order, so each
 * part is looked for behind the one before it; of two equal texts the first stands for the first. `isKnown` tells own
 * messages that were confirmed earlier: they stand for nothing any more.
 *
 * Answers one map for each shipment, in order.
 */
export function reconcile(
  shipments: readonly Shipment[],
  own: readonly OwnMessage[],
  isKnown: (id: MessageId) => boolean,
): Arrived[] {
  const candidates = own.filter((message) => message.id === null || !isKnown(message.id));
  let from = 0;
  return shipments.map((shipment) => {
    const arrived = new Map<number, MessageId | null>();
    for (let index = shipment.confirmed; index < shipment.parts.length; index++) {
      const wire = shipment.parts[index]?.wire;
      const found = candidates.findIndex((message, at) => at >= from && message.wire === wire);
      if (found === -1) continue;
      arrived.set(index, candidates[found]?.id ?? null);
      from = found + 1;
    }
    return arrived;
  });
}
