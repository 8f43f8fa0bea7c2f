import { boundedText } from "../../../base/text.ts";
import type { MessageId, UserId } from "../../../relay/port/ids.ts";
import { property } from "./graphql_error.ts";

/** A user as Kosmi shows them. */
export interface KosmiUser {
  readonly id: UserId;
  /** The name that people see; "" where Kosmi tells none. */
  readonly name: string;
  readonly username: string;
  /** Null where Kosmi does not say. */
  readonly anonymous: boolean | null;
  readonly bot: boolean;
  /** URL of their picture. */
  readonly avatar?: string;
}

export interface KosmiMessage {
  readonly id: MessageId;
  readonly text: string;
  /** Milliseconds since the UNIX epoch; null where Kosmi tells no time that can be read. */
  readonly atMs: number | null;
  /** Null where the author is gone. */
  readonly sender: KosmiUser | null;
  readonly reply: {
    readonly id: MessageId | null;
    readonly text: string | null;
    readonly nick: string | null;
  } | null;
}

export interface KosmiDeletion {
  readonly id: MessageId;
  readonly by: KosmiUser | null;
}

export interface KosmiReaction {
  readonly messageId: MessageId;
  readonly key: string;
  readonly user: KosmiUser;
}

export interface ArchivePage {
  readonly messages: readonly KosmiMessage[];
  readonly back: string | null;
  readonly forward: string | null;
}

/** Reads what an operation yielded, under our own names (see roles.ts). Nothing here throws: what can't be read is null. */

export function userIn(raw: unknown): KosmiUser | null {
  const id = idOf(property(raw, "id"));
  return id === null ? null : person(raw, id);
}

/** The answer to currentUser: the user itself, or an object that holds it. */
export function currentUserIn(raw: unknown): KosmiUser | null {
  return userIn(property(raw, "user")) ?? userIn(raw);
}

export function memberIn(raw: unknown): KosmiUser | null {
  return userIn(property(raw, "user")) ?? userIn(raw);
}

export function membersIn(raw: unknown): readonly KosmiUser[] {
  return Array.isArray(raw) ? raw.flatMap((each: unknown) => memberIn(each) ?? []) : [];
}

export function messageIn(raw: unknown): KosmiMessage | null {
  const id = idOf(property(raw, "id"));
  const text = textOf(property(raw, "text"));
  const image = textOf(property(raw, "imageUrl"));
  if (id === null || (text === null && image === null)) return null;
  return {
    id: id as MessageId,
    text: boundedText([text, image].filter((part) => part !== null && part !== "").join("\n")),
    atMs: timeOf(property(raw, "time")),
    sender: userIn(property(raw, "sender")) ?? memberIn(property(raw, "member")),
    reply: replyIn(raw),
  };
}

export function deletionIn(raw: unknown): KosmiDeletion | null {
  const held = property(raw, "message");
  const id = idOf(raw) ?? idOf(held) ?? idOf(property(held, "id")) ?? idOf(property(raw, "id"));
  if (id === null) return null;
  return { id: id as MessageId, by: userIn(property(raw, "by")) };
}

export function reactionIn(raw: unknown): KosmiReaction | null {
  const id = idOf(property(property(raw, "message"), "id")) ?? idOf(property(raw, "messageId"));
  const key = textOf(property(raw, "key"));
  const user = userIn(property(raw, "user")) ?? bareUser(property(raw, "userId"));
  if (id === null || key === null || key === "" || user === null) return null;
  return { messageId: id as MessageId, key, user };
}

/** A page of the archive, in the order of the server; null when the answer holds none. */
export function archiveIn(raw: unknown): ArchivePage | null {
  const results = property(raw, "results");
  if (!Array.isArray(results)) return null;
  return {
    messages: results.flatMap((each: unknown) => messageIn(each) ?? []),
    // Each entry of a list may have a cursor of its own.
    back: cursorOf(ends(property(raw, "back"))[0]),
    forward: cursorOf(ends(property(raw, "forward")).at(-1)),
  };
}

/** What a mutation says of itself: null when it says neither yes nor no. */
export function acknowledgedIn(raw: unknown): boolean | null {
  const said = typeof raw === "boolean" ? raw : property(raw, "ok");
  if (typeof said === "boolean") return said;
  if (typeof said === "string") return !/^(error|fail|false|no)/i.test(said);
  return null;
}

/** The id of the message that a mutation made, where it tells. */
export function sentIdIn(raw: unknown): MessageId | null {
  const held = property(raw, "message");
  const id = idOf(held) ?? idOf(property(held, "id")) ?? idOf(property(raw, "id"));
  return id as MessageId | null;
}

function person(raw: unknown, id: string): KosmiUser {
  const username = nameOf(property(raw, "username"));
  const displayName = nameOf(property(raw, "displayName"));
  const anonymous = property(raw, "isAnonymous");
  const avatar = property(raw, "avatarUrl");
  return {
    id: id as UserId,
    name: displayName.trim() === "" ? username : displayName,
    username,
    anonymous: typeof anonymous === "boolean" ? anonymous : null,
    bot: property(raw, "isBot") === true,
    ...(typeof avatar === "string" && /^https?:\/\/\S{1,500}$/.test(avatar) ? { avatar } : {}),
  };
}

function bareUser(raw: unknown): KosmiUser | null {
  const id = idOf(raw);
  if (id === null) return null;
  return { id: id as UserId, name: "", username: "", anonymous: null, bot: false };
}

function replyIn(raw: unknown): KosmiMessage["reply"] {
  const held = property(raw, "reply");
  const id = idOf(held) ?? idOf(property(held, "id")) ?? idOf(property(raw, "replyId"));
  if (id === null) return null;
  return {
    id: id as MessageId,
    text: boundedText(textOf(property(held, "text")) ?? "") || null,
    nick: userIn(property(held, "sender"))?.name ?? null,
  };
}

function ends(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [raw];
}

/** Ids and names are kept for long: what is longer is none. */
const LONGEST_ID = 200;
const LONGEST_NAME = 200;

function nameOf(raw: unknown): string {
  return (textOf(raw) ?? "").slice(0, LONGEST_NAME).toWellFormed();
}

function idOf(raw: unknown): string | null {
  if (typeof raw === "string" && raw !== "") return raw.length <= LONGEST_ID ? raw : null;
  return typeof raw === "number" && Number.isFinite(raw) ? String(raw) : null;
}

function textOf(raw: unknown): string | null {
  if (typeof raw === "string") return raw;
  return typeof raw === "number" || typeof raw === "boolean" ? String(raw) : null;
}

function cursorOf(raw: unknown): string | null {
  const cursor = textOf(raw);
  return cursor === "" ? null : cursor;
}

/** Below this a number can only be seconds: as milliseconds it would be before 1974. */
const SECONDS_BELOW = 100_000_000_000;
/** Above this it can only be micro- or nanoseconds. */
const MILLISECONDS_BELOW = 100_000_000_000_000;

/** Milliseconds since the epoch from seconds, milliseconds, finer units, or a written date. */
export function timeOf(raw: unknown): number | null {
  if (typeof raw === "string" && !/^\d+(\.\d+)?$/.test(raw.trim())) return writtenTime(raw.trim());
  const value = typeof raw === "number" ? raw : typeof raw === "string" ? Number(raw) : NaN;
  if (!Number.isFinite(value) || value <= 0) return null;
  let atMs = value < SECONDS_BELOW ? value * 1_000 : value;
  while (atMs >= MILLISECONDS_BELOW) atMs /= 1_000;
  return Math.round(atMs);
}

/** A date without a zone is UTC: so Elixir's NaiveDateTime writes it. */
function writtenTime(text: string): number | null {
  const zoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)
    ? `${text.replace(" ", "T")}Z`
    : text;
  const atMs = Date.parse(zoned);
  return Number.isFinite(atMs) && atMs > 0 ? atMs : null;
}
