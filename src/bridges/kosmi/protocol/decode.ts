import { property } from "../../../base/json.ts";
import { boundedText } from "../../../base/text.ts";
import type { MessageId, UserId } from "../../../relay/port/ids.ts";
import type { Field, Found, Path, Places } from "./roles.ts";

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
  const text = joinedText(property(raw, "text"));
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
    text: boundedText(joinedText(property(held, "text")) ?? "") || null,
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

/** What holds the pieces of a text, and what holds one of them, in the documents of editors and in lists of parts. */
const PIECES = ["content", "children", "ops", "blocks", "parts", "segments", "nodes", "spans"];
const PIECE = ["text", "insert", "value", "raw", "plain", "body", "content"];
/** A piece that stands on lines of its own. */
const BLOCK = /paragraph|block|heading|line|item|quote|code/i;

/** A text as it is, or joined from its pieces; null where there is none. */
function joinedText(raw: unknown, depth = 0): string | null {
  if (depth > 12 || raw === null || typeof raw !== "object") return textOf(raw);
  if (Array.isArray(raw)) {
    const pieces = raw.slice(0, 10_000).map((piece) => joinedText(piece, depth + 1))
      .filter((piece) => piece !== null);
    if (pieces.length === 0) return raw.length === 0 ? "" : null;
    return pieces.join(raw.every(isBlock) ? "\n" : "");
  }
  const piece = PIECE.map((key) => property(raw, key)).find((value) => typeof value === "string");
  if (piece !== undefined) return textOf(piece);
  const held = PIECES.map((key) => property(raw, key)).find(Array.isArray);
  return joinedText(held ?? null, depth + 1);
}

function isBlock(piece: unknown): boolean {
  const type = property(piece, "type");
  return typeof type === "string" && BLOCK.test(type) && !/inline/i.test(type);
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

const DEEPEST = 6;

/**
 * An answer's value with our own names: each role that has a value, under its key. Lists stay lists. What is no object (a server that
 * answers with an id or with true) comes as it is.
 */
export function readShape(found: Found | null, value: unknown): unknown {
  if (typeof value !== "object" || value === null || found === null) return value;
  const at = found.path.length === 0 ? value : dig(value, found.path);
  if (at === undefined || at === null) return null;
  const read = readPlaces(found.places, at);
  return found.list === undefined ? read : { [found.list]: Array.isArray(read) ? read : [read] };
}

function readPlaces(places: Places, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => readPlaces(places, each));
  if (typeof value !== "object" || value === null) return value;
  const read: Record<string, unknown> = {};
  for (const [role, candidates] of Object.entries(places)) {
    const values = candidates.flatMap((place) => {
      const raw = dig(value, place.path);
      if (raw === undefined || raw === null) return [];
      return [place.places === undefined ? raw : readPlaces(place.places, raw)];
    });
    const chosen = role === "text" ? values.find(looksLikeText) ?? values[0] : values[0];
    if (chosen !== undefined) read[role] = chosen;
  }
  return read;
}

/** What a path leads to; through a list it leads to all that is there. */
function dig(value: unknown, path: Path): unknown {
  let here: unknown = value;
  for (const key of path) {
    if (Array.isArray(here)) {
      here = here.slice(0, 10_000).map((each: unknown) => property(each, key)).flat();
    } else here = property(here, key);
    if (here === undefined || here === null) return here;
  }
  return here;
}

function looksLikeText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && typeOfText(value) === "String" &&
    !/^[A-Z][A-Z_]+$/.test(value);
}

const MOST_KEYS = 200;

/** The fields of an answer by its own keys, with types by its values. */
export function fieldsOf(value: unknown, deepest = DEEPEST): readonly Field[] {
  if (Array.isArray(value)) {
    const all = value.slice(0, 20).flatMap((each) => fieldsOf(each, deepest));
    return all.filter((field, at) =>
      at === all.findIndex(({ key, fields }) => key === field.key && fields.length > 0) ||
      !all.some(({ key, fields }) => key === field.key && fields.length > 0) &&
        at === all.findIndex(({ key }) => key === field.key)
    );
  }
  if (typeof value !== "object" || value === null || deepest <= 0) return [];
  return Object.entries(value).slice(0, MOST_KEYS).map(([key, inner]) => {
    const type = typeOfValue(inner);
    return { key, ...(type === null ? {} : { type }), fields: fieldsOf(inner, deepest - 1) };
  });
}

function typeOfValue(value: unknown): string | null {
  if (typeof value === "boolean") return "Boolean";
  if (typeof value === "number") return "Number";
  return typeof value === "string" ? typeOfText(value) : null;
}

function typeOfText(text: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$|^[0-9a-f]{24,64}$/i.test(text)) return "ID";
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? "DateTime" : "String";
}
