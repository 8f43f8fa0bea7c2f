import type { Brand } from "../../base/types.ts";
import type { ChatEvent, MessageEvent, Person } from "./event.ts";
import type { AccountId, ChannelId, MessageId } from "./ids.ts";
import { plainText, type RichText } from "./rich_text.ts";

/**
 * The port between the core and one account at one service. The core knows nothing else of a service.
 *
 * Life: `runOnce` is called again and again, one connection each time, never twice at once. Between its calls of
 * `host.channelUp` and `host.channelDown` a channel takes `transmit`.
 */
export interface Bridge {
  readonly account: AccountId;
  /** For the {PROTOCOL} placeholder. */
  readonly protocol: string;
  readonly capabilities: Capabilities;

  /**
   * The one spelling of a channel as written in the configuration (letter case, a room's URL …). Must be pure.
   * Throws an Error with a sentence for the user when it can't be a channel of this service.
   */
  channelId(written: string): ChannelId;

  /** Who is in the channel now, ourselves left out; empty where we are not in it. Absent where a service can't tell. */
  members?(channel: ChannelId): readonly Person[];

  /**
   * Lives one connection: dials, logs in, enters the channels, reads until the end. Resolves with why it ended and
   * never rejects. When `signal` aborts it says goodbye as the service wants it and resolves within 2 s. Afterwards
   * no socket, timer or listener of this connection is left.
   */
  runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd>;

  /**
   * Work that must be done before this can be rendered (an upload, say), and what is to be rendered instead; null where
   * there is none. Absent where there never is any. The core waits for it a bounded time, holds up nothing but this
   * channel, and sends the message as it stands when the work rejects. Aborted: give up at once.
   */
  prepare?(
    channel: ChannelId,
    outgoing: Outgoing,
  ): ((signal: AbortSignal) => Promise<Outgoing>) | null;

  /**
   * `host.channels()` answers otherwise from now on: enters what is new and leaves what is gone, on the link that there
   * is. Nothing is reported of a channel that is left. No effect without a link.
   */
  replan?(): void;

  /**
   * The parts in which this would be sent now: one for each line or message the service takes. Never empty unless
   * nothing visible would be sent. Only called for a channel that is up.
   */
  render(channel: ChannelId, outgoing: Outgoing): readonly Part[];

  /**
   * Shows that somebody is typing elsewhere, or that nobody is any more: at once or not at all. Called every three seconds
   * at most. Absent where the service has no such thing.
   */
  typing?(channel: ChannelId, active: boolean): void;

  /**
   * Every text under which the service's history may show this part, where that is not its `wire` alone: a bridge may
   * have several ways to send one. Must be pure.
   */
  shownAs?(part: Part): readonly WireText[];

  /**
   * Sends one part. Parts leave in the order of the calls, also when calls overlap; waits for the service's pace
   * (flood budget) inside. Resolves with what became of it and never rejects; when the link ends every open call
   * resolves. Aborting gives up only what has not left yet.
   */
  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt>;
}

/** What an account can do, as data. */
export interface Capabilities {
  /** How many parts may be under way to one channel before the first is confirmed; 1 where order could suffer. */
  readonly window: number;
  /** The service can take a message back (Outgoing "deletion"); may change with each connection. */
  readonly deletions: boolean;
  /** The service can show which message is answered (OutgoingMessage.replyTo). */
  readonly replies: boolean;
  /** The service can replace the text of an own message (OutgoingMessage.edits). Omitted: an edit is a message of its own. */
  readonly edits?: boolean;
  /** The service shows reactions as such (Outgoing "reaction"); may change with each connection. Omitted: it does not. */
  readonly reactions?: boolean;
  /** How consecutive messages of one speaker are joined when many wait; absent where each goes alone. */
  readonly packing?: {
    readonly separator: string;
    /** Longest packed text, prefix not counted, in UTF-16 code units. */
    readonly maxLength: number;
  };
  /** No two people have one nick at a time. Absent: they may, and are told apart where it is relayed. */
  readonly uniqueNicks?: boolean;
  /** A short account of how much the service can show of the time we were away, for docs and logs. */
  readonly history: "full" | "bounded" | "none";
}

/** What the core offers to a bridge. All calls return at once; the core handles them in order. */
export interface BridgeHost {
  /** The channels of this account that a gateway uses now, with the options of the configuration (a channel's key …). */
  channels(): readonly ChannelPlan[];
  /** The last message of this channel that was taken over, from this or an earlier run; null at the very first. */
  cursor(channel: ChannelId): Cursor | null;
  /** What of ours was on its way when the last link ended, and may have arrived. */
  doubtful?(channel: ChannelId): readonly Part[];
  /** Logged in. `self` is how the service shows us. */
  linkUp(self: Person): void;
  /**
   * The channel is entered and takes `transmit`. `history` is what was said since the cursor, oldest first, including
   * our own messages; null where the service can't tell. Call it before any live `event` of that channel.
   */
  channelUp(channel: ChannelId, history: History | null): void;
  /** The channel can't be used for now. The bridge itself goes on trying to enter it while the link lasts. */
  channelDown(channel: ChannelId, why: ChannelRefusal): void;
  /** Something happened in a channel that is up. Never our own doing. */
  event(event: ChatEvent): void;
  /** Whether anybody wants to know who types in this channel. */
  wantsTyping?(channel: ChannelId): boolean;
  /** Somebody is typing, or has stopped. Never we. */
  typing?(channel: ChannelId, who: Person, active: boolean): void;
  /** One measured round trip to the service, in milliseconds. */
  latency(roundTripMs: number): void;
  /** Resolves when every event reported before this call is stored, and never if the core stops first. */
  stored(): Promise<void>;
}

export interface ChannelPlan {
  readonly channel: ChannelId;
  /** As written in the configuration, for people. */
  readonly written: string;
  readonly key: string | null;
  /** False where the gateway only reads here. */
  readonly sends: boolean;
}

/** A bridge reads back at least so much, however little is caught up: it may show which of our own messages arrived. */
export const LEAST_HISTORY = 500;

/** Where reading stopped: the newest message taken over. */
export interface Cursor {
  readonly id: MessageId | null;
  readonly atMs: number;
}

export interface History {
  readonly messages: readonly HistoryMessage[];
  /** False when there was more than the bridge may fetch: the core says so at the destination. */
  readonly complete: boolean;
  /** The service was asked for what stands behind the cursor's message, and knew it: the times need not tell. */
  readonly behindCursor?: boolean;
  /** Something else was said that nobody can read any more: the core says so at the destination. */
  readonly lost?: boolean;
  /**
   * When that was, by the service's clock: age is measured by it, and at a first visit where nothing is shown everything is ours
   * from there on.
   */
  readonly atMs?: number;
}

/** Others' messages as events; our own only as what the service shows of them, to find out which deliveries arrived. */
export type HistoryMessage =
  | { readonly own: false; readonly event: MessageEvent }
  | {
    readonly own: true;
    readonly wire: WireText;
    readonly id: MessageId | null;
    readonly atMs: number;
  };

/** `person`: only somebody at the service or in the configuration can mend it (ban, wrong key): tried slowly. */
export interface ChannelRefusal {
  readonly reason: string;
  readonly mend: "wait" | "person";
}

/** Why a connection ended. `reason` is one sentence in plain words, without secrets. */
export interface LinkEnd {
  readonly kind:
    /** The signal was aborted. */
    | "stopped"
    /** Network, server restart, silence: try again with back-off. */
    | "lost"
    /** The service said that we come too often: wait at least `retryAfterMs`. */
    | "throttled"
    /** Only a person can mend it (wrong password, banned, refused token): say it loudly, try slowly. */
    | "refused";
  readonly reason: string;
  /** Wait at least this long before the next try. */
  readonly retryAfterMs?: number;
}

/** A message for one endpoint, composed by the core. */
export interface OutgoingMessage {
  readonly kind: "message";
  /** What stands before the text, from RemoteNickFormat. */
  readonly prefix: RichText;
  /**
   * How much of the prefix names the person, in UTF-16 code units; what follows there (who is answered, when it was
   * written) belongs to what is said. For services that can show another's name. Absent: all of it.
   */
  readonly nameLength?: number;
  readonly text: RichText;
  readonly action: boolean;
  /** The prefix tells when it was written. */
  readonly isMarked?: boolean;
  /** The answered message as this endpoint knows it. */
  readonly replyTo: MessageId | null;
  /** Who said it, where; null for notices of the relay itself. For services that can show another's name. */
  readonly sender: { readonly person: Person; readonly account: AccountId } | null;
  /** The own message whose text this replaces, where the service can (`Capabilities.edits`). */
  readonly edits?: MessageId;
  /** When it happened at its origin, milliseconds since the UNIX epoch. Omitted for lines of the relay itself. */
  readonly atMs?: number;
  /** The event that the relay words in this line. Omitted for what a user wrote. For services that tell them apart. */
  readonly about?: "join" | "leave" | "rename" | "topic";
}

/** In place of a message that was taken back while it was on its way: were it to wait again, nothing would be sent. */
export const NOTHING_TO_SAY: OutgoingMessage = ownLine("");

/** Whether this is `NOTHING_TO_SAY`, as the store keeps it. */
export function isNothing(outgoing: Outgoing): boolean {
  return outgoing.kind === "message" && outgoing.sender === null &&
    outgoing.text.every(({ text }) => text === "") &&
    outgoing.prefix.length === 0;
}

/** Take back a message of ours. */
interface OutgoingDeletion {
  readonly kind: "deletion";
  readonly target: MessageId;
}

/** Set the channel's topic. */
interface OutgoingTopic {
  readonly kind: "topic";
  readonly topic: string;
}

/** Put a reaction of the relay's own on a message, or take it off. `key` is the emoji or its name. */
interface OutgoingReaction {
  readonly kind: "reaction";
  readonly target: MessageId;
  readonly key: string;
  readonly removed: boolean;
}

export type Outgoing = OutgoingMessage | OutgoingDeletion | OutgoingTopic | OutgoingReaction;

/** A part's text exactly as the service will show it in its history: two of the same text are told apart by order only. */
export type WireText = Brand<string, "WireText">;

/** One unit of sending. Plain data: it is stored, and sent after a restart as it was rendered. */
export interface Part {
  readonly kind: Outgoing["kind"];
  readonly wire: WireText;
  /** The message that is answered, taken back or reacted to. */
  readonly target: MessageId | null;
  /** Id of the person for whom it is sent, where the bridge can show that (puppets); else null. */
  readonly speaker: string | null;
}

/** What became of a part. */
export type Receipt =
  /** The service showed it. `id` is null where messages have none. */
  | { readonly outcome: "confirmed"; readonly id: MessageId | null }
  /** It never left: the link was down or the signal aborted. Send it again. */
  | { readonly outcome: "unsent"; readonly reason: string }
  /** It left, and nobody knows: the link ended or no answer came. History decides, else it is sent again. */
  | { readonly outcome: "unknown"; readonly reason: string }
  /** The service refused it for good; sending it again would be refused again. */
  | { readonly outcome: "rejected"; readonly reason: string };

/** A line of the relay itself: "3 older messages were not relayed". */
export function ownLine(text: string): OutgoingMessage {
  return {
    kind: "message",
    prefix: [],
    text: plainText(text),
    action: false,
    replyTo: null,
    sender: null,
  };
}
