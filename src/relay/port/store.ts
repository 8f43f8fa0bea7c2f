import type { Brand } from "../../base/types.ts";
import type { Cursor, Outgoing, Part } from "./bridge.ts";
import type { EndpointId, MessageId } from "./ids.ts";

export type DeliveryId = Brand<number, "DeliveryId">;
export type ShipmentId = Brand<number, "ShipmentId">;

/** A message at the endpoint where it was written. */
export interface SourceRef {
  readonly endpoint: EndpointId;
  readonly id: MessageId;
}

/** One event bound for one endpoint, not stored yet. */
export interface NewDelivery {
  readonly endpoint: EndpointId;
  readonly outgoing: Outgoing;
  /** The message it relays: null where that has no id. Follow-ups (edit, reaction …) have null: they make no link. */
  readonly source: SourceRef | null;
  /** Name of the gateway, for counts. */
  readonly gateway: string;
  /**
   * Who speaks, at which endpoint: consecutive deliveries of one speaker may be packed, and the speakers take turns. With
   * `~` before it: never packed. Null: nobody in particular, never packed.
   */
  readonly speaker: string | null;
}

/** Whose turn it is with this delivery; what is said by nobody in particular waits in a line of its own. */
export function turnOf({ speaker }: NewDelivery): string {
  return speaker?.startsWith("~") ? speaker.slice(1) : speaker ?? "";
}

/** A stored delivery. Ids ascend in the order of acceptance. */
export interface Delivery extends NewDelivery {
  readonly id: DeliveryId;
  /** When it was taken over, milliseconds since the UNIX epoch. */
  readonly acceptedAtMs: number;
}

/** An event that was taken over from an endpoint, with all that follows from it. */
export interface Acceptance {
  readonly origin: EndpointId;
  /** Null where the service gives no ids: then it can't be recognised when it comes again. */
  readonly messageId: MessageId | null;
  /** By the service's clock: moves the cursor of `origin`. Null: the cursor stays (a join, a reaction …). */
  readonly cursorAtMs: number | null;
  /** The message's time as the service tells it, where the cursor is kept from following it. */
  readonly saidAtMs?: number;
  /** Said just now: when its time is long before the cursor's, the service's clock was set back, and so is the cursor. */
  readonly live?: boolean;
  readonly deliveries: readonly NewDelivery[];
  /** Where something should have followed, but for a fault of the program: counted there as dropped and unannounced. */
  readonly lostFor?: readonly EndpointId[];
}

/**
 * Deliveries (one, or several packed into one) that have been rendered and may have left. Whoever finds a shipment
 * after a crash does not know how many of its parts arrived: only those before `confirmed` did for certain.
 */
export interface Shipment {
  readonly id: ShipmentId;
  readonly endpoint: EndpointId;
  readonly deliveries: readonly Delivery[];
  readonly parts: readonly Part[];
  /** What it says of the relay's own: how many messages were dropped. It has no deliveries then. */
  readonly announces: Announcement | null;
  /** How many parts are seen through, from the first. */
  readonly confirmed: number;
  /** How many of these were refused: it ends as rejected. */
  readonly refused: number;
  /** True when it was read back after a restart or a lost link: its unconfirmed parts may have arrived. */
  readonly doubtful: boolean;
}

export interface Announcement {
  readonly dropped: number;
  readonly atMs: number;
}

/** What has become known of a shipment. */
export type Settlement =
  /** The next part was shown by the service, under this id where it has ids. */
  | { readonly kind: "part"; readonly shipment: ShipmentId; readonly messageId: MessageId | null }
  /** The next part was refused. What else there is of the shipment is seen through before it ends as rejected. */
  | { readonly kind: "refused"; readonly shipment: ShipmentId }
  /** All parts are confirmed: its deliveries leave the outbox, and what it announces is announced. */
  | { readonly kind: "done"; readonly shipment: ShipmentId }
  /** Given up: its deliveries leave the outbox, counted as dropped; links remain of the parts that were confirmed. */
  | { readonly kind: "rejected"; readonly shipment: ShipmentId }
  /** No part left: its deliveries are waiting again, as if never rendered. Only with no part confirmed. */
  | { readonly kind: "released"; readonly shipment: ShipmentId };

/** A cursor that also tells messages without ids apart. */
export interface CountedCursor extends Cursor {
  /** Time of the message that was taken over last, as the service tells it. */
  readonly saidAtMs: number;
  /** How many messages that bear this very time were taken over. */
  readonly count: number;
  /** How many of this very second: some histories tell no more of the time. */
  readonly inSecond: number;
}

/** How far an endpoint's history was looked through for our own lines, where it shows them without ids. */
export interface OwnPosition {
  /** Time of the last of them, by the service's clock, and how many bear it. */
  readonly atMs: number;
  readonly count: number;
  /** How many parts were confirmed since, most likely the first lines behind; and how many of them without an id. */
  readonly since: number;
  readonly nameless: number;
  /** Shipments with ids up to this one had left before; set by the store. */
  readonly lastShipment?: ShipmentId;
}

/** Where copies of a message are. */
export interface Trace {
  readonly endpoint: EndpointId;
  /** Ids of the copy's parts in order; empty while it waits in the outbox or where the service has no ids. */
  readonly ids: readonly MessageId[];
}

export interface OutboxLimits {
  readonly maxAgeMs: number;
  /** Per endpoint. */
  readonly maxMessages: number;
}

/** How an endpoint's outbox stands. */
export interface OutboxLevel {
  readonly waiting: number;
  readonly oldestAcceptedAtMs: number | null;
}

/**
 * What must survive a `kill -9`: outbox, shipments under way, message links, cursors, what was dropped and not yet
 * announced. Every call is one transaction and has happened when it returns. Calls do not throw for a full or broken
 * disk: the store then goes on in memory and says so itself.
 */
export interface RelayStore {
  /**
   * Takes events over. An acceptance whose message was taken over before (same origin and id) changes nothing and
   * answers null; else it answers the stored deliveries, in order.
   */
  accept(batch: readonly Acceptance[], nowMs: number): readonly (readonly Delivery[] | null)[];

  /** Deliveries of an endpoint that are in no shipment, oldest first, with ids above `after`. */
  waiting(endpoint: EndpointId, after: DeliveryId | null, limit: number): readonly Delivery[];
  /** The first that wait of every speaker, then the second ones …: so many that nobody who waits is missing. */
  waitingInTurns(endpoint: EndpointId, limit: number): readonly Delivery[];

  /** Shipments of an endpoint that are not settled, oldest first. At start and after a lost link: all doubtful. */
  underWay(endpoint: EndpointId): readonly Shipment[];

  /** Writes down that these deliveries are about to leave as these parts. Answers the new shipments, in order. */
  ship(
    batch: readonly {
      readonly endpoint: EndpointId;
      readonly deliveries: readonly Delivery[];
      readonly parts: readonly Part[];
      readonly announces?: Announcement;
    }[],
  ): readonly Shipment[];

  settle(batch: readonly Settlement[], nowMs: number): void;

  /** Copies of a message of `origin` at other endpoints; null when it was never taken over or is forgotten. */
  traces(source: SourceRef): readonly Trace[] | null;

  /** The message whose copy has this id at this endpoint; null where nobody's message stands behind it. */
  sourceOf(copy: SourceRef): SourceRef | null;

  /** Whether we wrote this: the copy of a message, or a line of the relay's own. */
  isOwn(shown: SourceRef): boolean;

  /** Whether this copy stands for more than one message. */
  isPacked(copy: SourceRef): boolean;

  /** Null as long as `setOwnPosition` was never called. */
  ownPosition(endpoint: EndpointId): OwnPosition | null;

  /** What the service's history shows of us was looked through up to here; lines of ours with these ids are known now. */
  setOwnPosition(endpoint: EndpointId, position: OwnPosition, ids?: readonly MessageId[]): void;

  /**
   * The message was taken back: what of it still waits never leaves. Answers that. What is under way is sent as `instead`,
   * should it wait again.
   */
  withdraw(source: SourceRef, instead: Outgoing): readonly Delivery[];

  cursor(origin: EndpointId): CountedCursor | null;

  /** Moves a cursor without an event: at the first start, where nothing is caught up. Never backwards. */
  setCursor(origin: EndpointId, cursor: CountedCursor): void;

  /**
   * Drops what is over the limits, oldest first, never what is under way; counts it as unannounced. Answers what was
   * dropped.
   */
  trim(limits: OutboxLimits, nowMs: number): readonly Delivery[];

  /** How many were dropped and are in no announcement yet that was shown or is under way. */
  unannounced(endpoint: EndpointId): number;

  /** Forgets links and ids from before this instant (milliseconds since the UNIX epoch), and gives disk space back. */
  forget(olderThanMs: number): void;

  level(endpoint: EndpointId): OutboxLevel;

  /** Idempotent. */
  close(): void;
}
