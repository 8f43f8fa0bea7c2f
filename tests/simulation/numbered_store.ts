import type { Part } from "../../src/relay/port/bridge.ts";
import type { RelayStore, Shipment } from "../../src/relay/port/store.ts";
import { numbersIn, type Piece } from "./hidden.ts";

/** The store, and for each part it gives out the pieces that the part carries. `calls` hears which call begins, null when it ends. */
export function numberedStore(
  store: RelayStore,
  note: (part: Part, pieces: readonly Piece[]) => void,
  calls: (name: string | null) => void,
): RelayStore {
  const noted = (shipments: readonly Shipment[]) => {
    for (const shipment of shipments) noteShipment(shipment, note);
    return shipments;
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const call = (...args: unknown[]) => {
        calls(String(name));
        try {
          return Reflect.apply(value, target, args);
        } finally {
          calls(null);
        }
      };
      return name === "ship" || name === "underWay"
        ? (...args: unknown[]) => noted(call(...args) as readonly Shipment[])
        : call;
    },
  });
}

/** All messages of a shipment share its parts. */
function noteShipment(
  shipment: Shipment,
  note: (part: Part, pieces: readonly Piece[]) => void,
): void {
  const numbers = shipment.deliveries.flatMap(({ outgoing }) =>
    outgoing.kind === "message" ? numbersIn(outgoing.text) : []
  );
  const of = shipment.parts.length;
  shipment.parts.forEach((part, at) => note(part, numbers.map((number) => ({ number, at, of }))));
}
