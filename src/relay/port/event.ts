import type { ChannelId, MessageId, UserId } from "./ids.ts";
import type { RichText } from "./rich_text.ts";

/** Who did something, as their service shows them. The nick may hold anything: making it safe is the receiver's work. */
export interface Person {
  readonly id: UserId;
  readonly nick: string;
  /** For the {USERID} placeholder: what tells this person from a namesake (`ident@host`, say). */
  readonly userId: string;
  /** URL of their picture, where the service has one. */
  readonly avatar?: string;
  /** The login by which the service itself knows this person; none where it does not tell. */
  readonly account?: string;
  /** True when the service says that this is a program. */
  readonly bot?: boolean;
}

/** The message that an answer refers to: by id where the service tells it, else as far as its text told. */
export interface ReplyRef {
  readonly id: MessageId | null;
  /** Author of the original message, where known. */
  readonly nick: string | null;
  /** Start of the original text, where known. */
  readonly excerpt: string | null;
}

interface EventBase {
  readonly channel: ChannelId;
  /** When it happened by the service's clock (else ours), milliseconds since the UNIX epoch. */
  readonly atMs: number;
  /** True for what was said while we were away and was read from the service's history. */
  readonly late: boolean;
  /** What is not a message, and may be reported again, is recognised by it; absent where reports have no ids. */
  readonly reportId?: MessageId;
}

/** Somebody said something. `id` is null where the service gives messages no id. */
export interface MessageEvent extends EventBase {
  readonly kind: "message";
  readonly id: MessageId | null;
  readonly sender: Person;
  readonly text: RichText;
  /** "/me waves": the text is what the sender does. */
  readonly action: boolean;
  readonly replyTo: ReplyRef | null;
}

/** A message got a new text. */
export interface EditEvent extends EventBase {
  readonly kind: "edit";
  readonly id: MessageId;
  readonly sender: Person;
  readonly text: RichText;
}

/** A message was taken back; `by` is null where the service does not say who did it. */
export interface DeletionEvent extends EventBase {
  readonly kind: "deletion";
  readonly id: MessageId;
  readonly by: Person | null;
}

/** A reaction was put on a message, or taken off. `key` is the emoji or its name. */
export interface ReactionEvent extends EventBase {
  readonly kind: "reaction";
  readonly id: MessageId;
  readonly sender: Person;
  readonly key: string;
  readonly removed: boolean;
}

interface JoinEvent extends EventBase {
  readonly kind: "join";
  readonly who: Person;
}

/** Somebody left: by themselves, by leaving the service (`quit`), or thrown out (`kick`, with who did it). */
interface LeaveEvent extends EventBase {
  readonly kind: "leave";
  readonly who: Person;
  readonly how: "part" | "quit" | "kick";
  readonly by: string | null;
  readonly reason: string | null;
}

interface RenameEvent extends EventBase {
  readonly kind: "rename";
  /** The person under the new nick. */
  readonly who: Person;
  readonly from: string;
}

interface TopicEvent extends EventBase {
  readonly kind: "topic";
  readonly by: Person | null;
  readonly topic: string;
}

/** What a bridge reports of a channel. The bridge's own doings never appear here: they are not events. */
export type ChatEvent =
  | MessageEvent
  | EditEvent
  | DeletionEvent
  | ReactionEvent
  | JoinEvent
  | LeaveEvent
  | RenameEvent
  | TopicEvent;
