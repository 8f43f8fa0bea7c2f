import { property } from "../../base/json.ts";
import { isBlank, withLineBreaks } from "../../base/text.ts";
import { parseRfc3339 } from "../../base/times.ts";
import type { Outgoing, OutgoingMessage, Part, WireText } from "../../relay/port/bridge.ts";
import type { ChatEvent, Person } from "../../relay/port/event.ts";
import type { AccountId, ChannelId, MessageId, UserId } from "../../relay/port/ids.ts";
import { barredText, readBarred, textOf } from "../../relay/port/rich_text.ts";

/** A message as Matterbridge's API has it in JSON, decoded. What it leaves out is "". */
export interface ApiMessage {
  readonly text: string;
  readonly username: string;
  readonly userid: string;
  readonly avatar: string;
  readonly account: string;
  readonly event: string;
  readonly gateway: string;
  readonly parent_id: string;
  readonly timestamp: string;
  readonly id: string;
  /** One line for each attached file, from `Extra`. */
  readonly files: readonly string[];
}

const FIELDS = [
  ...["text", "username", "userid", "avatar", "account"],
  ...["event", "gateway", "parent_id", "timestamp", "id"],
] as const;

/** The gate for JSON of Matterbridge's API: the message, or one sentence about what is wrong with it. */
export function readApiMessage(raw: unknown): ApiMessage | string {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return "expected a JSON object with text, username and gateway";
  }
  const given = new Map<string, unknown>(Object.entries(raw));
  const wrong = FIELDS.find((name) => !["string", "undefined"].includes(typeOf(given.get(name))));
  if (wrong !== undefined) {
    return `${wrong}: found ${typeOf(given.get(wrong))}, expected text in quotes`;
  }
  const field = (name: string) => String(given.get(name) ?? "");
  return {
    text: field("text"),
    username: field("username"),
    userid: field("userid"),
    avatar: field("avatar"),
    account: field("account"),
    event: field("event"),
    gateway: field("gateway"),
    parent_id: field("parent_id"),
    timestamp: field("timestamp"),
    id: field("id"),
    files: filesOf(given.get("Extra")),
  };
}

/** JSON's null stands for what is left out, as Go has it. */
function typeOf(value: unknown): string {
  if (value === null) return "undefined";
  return Array.isArray(value) ? "list" : typeof value;
}

/** `Extra` has lists by kind; "file" is the one that users see. */
function filesOf(extra: unknown): string[] {
  const files: unknown = property(extra, "file");
  return Array.isArray(files) ? files.map(fileLine).filter((line) => line !== "") : [];
}

/** Its URL where it has one; else its name, because there is no place to put the content. */
function fileLine(file: unknown): string {
  const part = (name: string) => {
    const value = property(file, name);
    return typeof value === "string" ? value.trim() : "";
  };
  const shown = part("URL") || (part("Name") === "" ? "" : `[file: ${part("Name")}]`);
  return shown === "" || part("Comment") === "" ? shown : `${part("Comment")}: ${shown}`;
}

/** What the bridge knows of a message that is not in it. */
interface Received {
  readonly channel: ChannelId;
  readonly id: MessageId;
  readonly atMs: number;
  readonly late: boolean;
}

/**
 * The message as an event; null for what is no event in a chat (somebody types, an empty text …) and for events that are
 * not known.
 */
export function eventOf(message: ApiMessage, received: Received): ChatEvent | null {
  const { channel, atMs, late } = received;
  const base = { channel, atMs, late, reportId: received.id };
  const sender = personOf(message);
  const text = cleanText([message.text, ...message.files].filter((one) => one !== "").join("\n"));
  switch (message.event) {
    case "":
    case "user_action": {
      if (isBlank(text)) return null;
      const replyTo = message.parent_id === "" || message.parent_id === PARENT_NOT_FOUND
        ? null
        : { id: message.parent_id as MessageId, nick: null, excerpt: null };
      const action = message.event === "user_action";
      const said = { kind: "message", id: received.id, sender, replyTo, action } as const;
      return { channel, atMs, late, ...said, text: readBarred(text) };
    }
    case "msg_update":
      if (message.id === "" || isBlank(text)) return null;
      return {
        ...base,
        kind: "edit",
        id: message.id as MessageId,
        sender,
        text: readBarred(text),
      };
    case "msg_delete": {
      const by = message.username === "" ? null : sender;
      return message.id === ""
        ? null
        : { ...base, kind: "deletion", id: message.id as MessageId, by };
    }
    case "topic_change":
      return { ...base, kind: "topic", ...topicOf(text, sender) };
    case "join_leave":
      return presenceOf(text, base);
    default:
      return null;
  }
}

/** Stands for the id of an answered message that Matterbridge does not know. */
const PARENT_NOT_FOUND = "msg-parent-not-found";

/** Who it is of. */
export function personOf({ username, userid, avatar }: ApiMessage): Person {
  const nick = cleanText(username).replace(/\s+/g, " ").trim() || userid || "unknown";
  return {
    id: `user ${userid || nick}` as UserId,
    nick,
    userId: userid,
    ...(avatar === "" ? {} : { avatar }),
  };
}

/** "alice changes topic to: tonight", as Matterbridge words it, or the topic alone. */
function topicOf(text: string, sender: Person): { by: Person; topic: string } {
  const worded = /^(\S+) changes topic to: ?(.*)$/s.exec(text);
  const oneLine = (topic: string) => topic.replace(/\s*\n\s*/g, " ");
  return worded === null
    ? { by: sender, topic: oneLine(text) }
    : { by: named(worded[1] ?? ""), topic: oneLine(worded[2] ?? "") };
}

/** Matterbridge says in words who came or left: "alice joins", "bob quits (ping timeout)". */
function presenceOf(
  text: string,
  base: Pick<Received, "channel" | "atMs" | "late">,
): ChatEvent | null {
  const match = /^(.+?) (joins?|joined|parts?|parted|quits?|leaves?|left|was kicked)\b/.exec(text);
  if (match === null) return null;
  const who = named((match[1] ?? "").replace(/ \([^()]*\)$/, ""));
  const verb = match[2] ?? "";
  if (verb.startsWith("join")) return { ...base, kind: "join", who };
  const reason = /\((.*)\)$/.exec(text.slice(match[0].length))?.[1] ?? null;
  const how = verb.startsWith("quit") ? "quit" : "part";
  return { ...base, kind: "leave", who, how, by: null, reason };
}

function named(nick: string): Person {
  return { id: `user ${nick}` as UserId, nick, userId: "" };
}

/** When it was said by the other side's clock; null where that is no time. Keeps what is finer than a millisecond. */
export function timeOf({ timestamp }: ApiMessage): number | null {
  const atMs = parseRfc3339(timestamp);
  if (atMs === null) return null;
  const finer = /\.\d{3}(\d{1,6})/.exec(timestamp)?.[1];
  return finer === undefined ? atMs : atMs + Number(`0.${finer}`);
}

/**
 * An outgoing message as the part that is sent: its JSON but for id and timestamp, which the sending fills in. Null when
 * nothing visible would be sent.
 */
export function partOf(outgoing: Outgoing, gateway: string): Part | null {
  const fields = fieldsOf(outgoing);
  if (fields === null) return null;
  const { target, ...more } = fields;
  const wire = JSON.stringify({ ...EMPTY, gateway, ...more });
  return { kind: outgoing.kind, wire: wire as WireText, target, speaker: null };
}

const EMPTY = {
  ...{ text: "", channel: "api", username: "", userid: "", avatar: "", account: "", event: "" },
  ...{ protocol: "", gateway: "", parent_id: "", timestamp: "", id: "", Extra: null },
};

type Fields = Partial<typeof EMPTY> & { readonly target: MessageId | null };

function fieldsOf(outgoing: Outgoing): Fields | null {
  switch (outgoing.kind) {
    case "deletion":
      return { event: "msg_delete", id: outgoing.target, target: outgoing.target };
    case "topic": {
      const text = cleanText(outgoing.topic).replace(/\s*\n\s*/g, " ").trim();
      return text === "" ? null : { event: "topic_change", username: SYSTEM, text, target: null };
    }
    case "reaction":
      return null;
    case "message":
      return messageFields(outgoing);
  }
}

/** Matterbridge's name for what no user said. */
const SYSTEM = "system";

function messageFields(outgoing: OutgoingMessage): Fields | null {
  const { edits, replyTo, sender, atMs } = outgoing;
  const prefix = textOf(outgoing.prefix);
  const nameLength = outgoing.nameLength ?? prefix.length;
  const said = cleanText(barredText(outgoing.text));
  if (isBlank(said)) return null;
  const name = cleanText(prefix.slice(0, nameLength)).replace(/\n/g, " ");
  return {
    text: cleanText(prefix.slice(nameLength)) + said,
    username: name.trim() === "" ? SYSTEM : name,
    userid: sender?.person.userId ?? "",
    avatar: sender?.person.avatar ?? "",
    ...placeOf(sender?.account ?? null),
    event: eventName(outgoing),
    parent_id: edits === undefined ? replyTo ?? "" : "",
    timestamp: atMs === undefined ? "" : new Date(atMs).toISOString(),
    id: edits ?? "",
    target: edits ?? replyTo,
  };
}

function placeOf(account: AccountId | null): { account: string; protocol: string } {
  return { account: account ?? "", protocol: account?.split(".")[0] ?? "" };
}

function eventName({ edits, about, action }: OutgoingMessage): string {
  if (edits !== undefined) return "msg_update";
  if (about === "topic") return "topic_change";
  if (about !== undefined) return "join_leave";
  return action ? "user_action" : "";
}

/** Line breaks as "\n", tabs as spaces, no other control character, no half of a surrogate pair. */
function cleanText(text: string): string {
  return withLineBreaks(text.toWellFormed(), "\n")
    .replace(/\t/g, " ")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "");
}
