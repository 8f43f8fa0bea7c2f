import type { MessageId, UserId } from "../../../relay/port/ids.ts";
import { property } from "./graphql_error.ts";
import type { KosmiProtocol, Shape, ShapeName } from "./protocol.ts";

/** A user as Kosmi shows them. */
export interface KosmiUser {
  readonly id: UserId;
  /** The name that people see; "" where Kosmi tells none. */
  readonly name: string;
  readonly username: string;
  /** Null where Kosmi does not say. */
  readonly anonymous: boolean | null;
  readonly bot: boolean;
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

/** Reads Kosmi's payloads by the names of the protocol data. Nothing here throws: what can't be read is null. */
export class Decoder {
  readonly #shapes: KosmiProtocol["shapes"];

  constructor(protocol: KosmiProtocol) {
    this.#shapes = protocol.shapes;
  }

  user(raw: unknown): KosmiUser | null {
    const id = idOf(this.#get("user", raw, "id"));
    if (id === null) return null;
    return this.#person(raw, id);
  }

  /** The answer to currentUser: the user itself, or an object that holds it. */
  currentUser(raw: unknown): KosmiUser | null {
    const direct = idOf(this.#get("currentUser", raw, "id"));
    const inner = this.user(this.#get("currentUser", raw, "user"));
    if (inner !== null) return inner;
    return direct === null ? null : this.#person(raw, direct);
  }

  member(raw: unknown): KosmiUser | null {
    return this.user(this.#get("member", raw, "user")) ?? this.user(raw);
  }

  members(raw: unknown): readonly KosmiUser[] {
    return listOf(raw).flatMap((each) => this.member(each) ?? []);
  }

  message(raw: unknown): KosmiMessage | null {
    const id = idOf(this.#get("message", raw, "id"));
    const text = textOf(this.#get("message", raw, "text"));
    const image = textOf(this.#get("message", raw, "imageUrl"));
    if (id === null || (text === null && image === null)) return null;
    return {
      id: id as MessageId,
      text: [text, image].filter((part) => part !== null && part !== "").join("\n"),
      atMs: timeOf(this.#get("message", raw, "time")),
      sender: this.user(this.#get("message", raw, "sender")) ??
        this.member(this.#get("message", raw, "member")),
      reply: this.#reply(raw),
    };
  }

  deletion(raw: unknown): KosmiDeletion | null {
    const held = this.#get("deletion", raw, "message");
    const id = idOf(raw) ?? idOf(this.#get("messageRef", held, "id")) ??
      idOf(this.#get("deletion", raw, "id"));
    if (id === null) return null;
    return { id: id as MessageId, by: this.user(this.#get("deletion", raw, "by")) };
  }

  reaction(raw: unknown): KosmiReaction | null {
    const held = this.#get("reaction", raw, "message");
    const id = idOf(this.#get("messageRef", held, "id")) ??
      idOf(this.#get("reaction", raw, "messageId"));
    const key = textOf(this.#get("reaction", raw, "key"));
    const user = this.user(this.#get("reaction", raw, "user")) ??
      this.#bareUser(this.#get("reaction", raw, "userId"));
    if (id === null || key === null || key === "" || user === null) return null;
    return { messageId: id as MessageId, key, user };
  }

  /** A page of the archive, in the order of the server; null when the answer holds none. */
  archive(raw: unknown): ArchivePage | null {
    const results = Array.isArray(raw) ? raw : this.#get("archive", raw, "results");
    if (!Array.isArray(results)) return null;
    return {
      messages: results.flatMap((each: unknown) => this.message(each) ?? []),
      back: cursorOf(this.#get("archive", raw, "back")),
      forward: cursorOf(this.#get("archive", raw, "forward")),
    };
  }

  /** What a mutation says of itself: null when it says neither yes nor no. */
  acknowledged(raw: unknown): boolean | null {
    const said = typeof raw === "boolean" ? raw : this.#get("acknowledgement", raw, "ok");
    if (typeof said === "boolean") return said;
    if (typeof said === "string") return !/^(error|fail|false|no)/i.test(said);
    return null;
  }

  /** The id of the message that a mutation made, where it tells. */
  sentId(raw: unknown): MessageId | null {
    const held = this.#get("sent", raw, "message");
    const id = idOf(this.#get("messageRef", held, "id")) ?? idOf(this.#get("sent", raw, "id"));
    return id as MessageId | null;
  }

  #person(raw: unknown, id: string): KosmiUser {
    const username = textOf(this.#get("user", raw, "username")) ?? "";
    const displayName = textOf(this.#get("user", raw, "displayName")) ?? "";
    const anonymous = this.#get("user", raw, "isAnonymous");
    return {
      id: id as UserId,
      name: displayName.trim() === "" ? username : displayName,
      username,
      anonymous: typeof anonymous === "boolean" ? anonymous : null,
      bot: this.#get("user", raw, "isBot") === true,
    };
  }

  #bareUser(raw: unknown): KosmiUser | null {
    const id = idOf(raw);
    if (id === null) return null;
    return { id: id as UserId, name: "", username: "", anonymous: null, bot: false };
  }

  #reply(raw: unknown): KosmiMessage["reply"] {
    const held = this.#get("message", raw, "reply");
    const heldId = typeof held === "object" ? this.#get("reply", held, "id") : held;
    const id = idOf(heldId) ?? idOf(this.#get("message", raw, "replyId"));
    if (id === null) return null;
    return {
      id: id as MessageId,
      text: textOf(this.#get("reply", held, "text")),
      nick: this.user(this.#get("reply", held, "sender"))?.name ?? null,
    };
  }

  /** A field of a shape under whichever of its names it came. */
  #get(shape: ShapeName, raw: unknown, key: string): unknown {
    const shapes: Shape = this.#shapes[shape];
    for (const name of shapes[key]?.names ?? []) {
      const value = property(raw, name);
      if (value !== undefined && value !== null) return value;
    }
    return null;
  }
}

function idOf(raw: unknown): string | null {
  if (typeof raw === "string" && raw !== "") return raw;
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

function listOf(raw: unknown): readonly unknown[] {
  if (Array.isArray(raw)) return raw;
  if (typeof raw !== "object" || raw === null) return [];
  return Object.values(raw).find((value): value is unknown[] => Array.isArray(value)) ?? [];
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
