import type { LoginPage } from "../../../auth/browser/login_page.ts";

/**
 * The form of what is known of Kosmi's API: plain data, so that a change at Kosmi is a change of data. The data is in
 * operations.ts; the configuration can override any of it.
 */

/**
 * How much a field or argument matters. `required`: without it the operation is of no use. `wanted`: asked for, and
 * dropped where the server doesn't know it. `offered`: asked for only where the server's schema shows it.
 */
export type Need = "required" | "wanted" | "offered";

export interface FieldSpec {
  /** The names it may have, likeliest first. */
  readonly names: readonly string[];
  readonly need: Need;
  /** What to select below it; none for a plain value. */
  readonly shape?: ShapeName;
  /** Names that resemble it, as a regular expression, letter case ignored: for what a document or a schema shows. */
  readonly like?: string;
}

export interface ArgumentSpec {
  readonly names: readonly string[];
  readonly need: Need;
  /** GraphQL types of its variable, likeliest first. */
  readonly types: readonly string[];
  /** Names that resemble it, as a regular expression. */
  readonly like: string;
}

export type Shape = Readonly<Record<string, FieldSpec>>;

export const SHAPE_NAMES = [
  "acknowledgement",
  "archive",
  "currentUser",
  "deletion",
  "login",
  "member",
  "message",
  "messageRef",
  "reaction",
  "reply",
  "room",
  "sent",
  "user",
] as const;
export type ShapeName = typeof SHAPE_NAMES[number];

export interface OperationSpec {
  readonly kind: "query" | "mutation" | "subscription";
  /** The operation's name as the browser writes it. */
  readonly title: string;
  /** The root field's names, likeliest first. */
  readonly names: readonly string[];
  readonly arguments: Readonly<Record<string, ArgumentSpec>>;
  readonly shape: ShapeName;
  /** Titles and root fields of the web app's operations that may be it, and those that are not, as regular expressions. */
  readonly like: string;
  readonly unlike: string;
  /** A whole document to send as it stands, in place of one that is put together; variables keep our names. */
  readonly document: string;
}

export const OPERATION_NAMES = [
  "currentUser",
  "joinRoom",
  "roomRoot",
  "members",
  "chatArchive",
  "roomDisconnect",
  "memberJoins",
  "memberLeaves",
  "messageEdited",
  "messageDeleted",
  "reactionAdded",
  "reactionRemoved",
  "userTyping",
  "startTyping",
  "newMessage",
  "sendMessage",
  "sendReply",
  "deleteMessage",
] as const;
export type OperationName = typeof OPERATION_NAMES[number];

/** Times and sizes that belong to Kosmi rather than to the operator. */
export interface ProtocolLimits {
  /** Longest message in graphemes; longer ones are split at words. */
  readonly messageGraphemes: number;
  /** Largest frame that is read; a larger one ends the connection. */
  readonly frameBytes: number;
  readonly handshakeTimeoutMs: number;
  readonly ackTimeoutMs: number;
  readonly operationTimeoutMs: number;
  /** How long the rooms wait for the schema; a later answer is still of use. */
  readonly introspectionTimeoutMs: number;
  /** How long a sent message may take to show in the room. */
  readonly seenTimeoutMs: number;
  readonly probeEveryMs: number;
  readonly silenceMs: number;
  /** How long a message is tried that the server answers with an error of which nobody knows what it means. */
  readonly refusedForMs: number;
}

export interface KosmiProtocol {
  /** Version of the web app, sent in connection_init. */
  readonly v: string;
  /** Meaning unknown, sent in connection_init. */
  readonly r: string;
  readonly userAgent: string;
  readonly origin: string;
  readonly channelId: string;
  /** True: entering a room ends other connections of the same account. */
  readonly disconnectOtherConnections: boolean;
  /** False: never ask the server for its schema. */
  readonly introspection: boolean;
  readonly anonLogin: {
    readonly document: string;
    readonly fallbackDocument: string;
    /** Titles and root fields of the web app's own, as a regular expression. */
    readonly like: string;
  };
  readonly image: {
    readonly field: string;
    readonly nameKeys: readonly string[];
    readonly timeoutMs: number;
  };
  /** Regular expressions, letter case ignored, on the texts and codes of GraphQL errors. */
  readonly errors: {
    readonly roomMissing: readonly string[];
    readonly roomForbidden: readonly string[];
    readonly rateLimited: readonly string[];
    readonly messageRefused: readonly string[];
    /** The server is in trouble: that says nothing of the message. */
    readonly serverTrouble: readonly string[];
    readonly notInRoom: readonly string[];
  };
  readonly limits: ProtocolLimits;
  readonly shapes: Readonly<Record<ShapeName, Shape>>;
  readonly operations: Readonly<Record<OperationName, OperationSpec>>;
  readonly loginPage: LoginPage;
}
