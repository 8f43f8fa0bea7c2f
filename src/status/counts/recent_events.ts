import type { ChatEvent } from "../../relay/port/event.ts";
import type { AccountId, EndpointId } from "../../relay/port/ids.ts";

/** Chat must not push out the news of links and losses. */
const CHAT_KEPT = 20;
const NEWS_KEPT = 30;
const LONGEST_TEXT = 300;

/** Something worth showing to the operator. */
export type RecentEvent =
  & { readonly atMs: number }
  & (
    | {
      readonly kind: "chat";
      readonly endpoint: EndpointId;
      readonly what: ChatEvent["kind"];
      readonly late: boolean;
      /** How many of a kind within a minute; 1 where texts are kept. */
      readonly count: number;
      /** Null where texts are not to be shown. */
      readonly said: { readonly nick: string; readonly text: string } | null;
    }
    | {
      readonly kind: "link";
      readonly account: AccountId;
      readonly how: "up" | "down" | "refused";
      readonly words: string;
    }
    | {
      readonly kind: "channel";
      readonly endpoint: EndpointId;
      readonly up: boolean;
      readonly words: string;
    }
    | {
      readonly kind: "dropped";
      readonly endpoint: EndpointId;
      readonly count: number;
      readonly words: string;
    }
  );

type ChatNews = Extract<RecentEvent, { kind: "chat" }>;

/** The newest events, bounded. */
export class RecentEvents {
  #chat: ChatNews[] = [];
  #news: RecentEvent[] = [];

  add(event: RecentEvent): void {
    if (event.kind === "chat") return this.#addChat(event);
    this.#news.push(event);
    if (this.#news.length > NEWS_KEPT) this.#news.shift();
  }

  /** Newest first. */
  newest(): RecentEvent[] {
    return [...this.#news, ...this.#chat].reverse().sort((one, other) => other.atMs - one.atMs);
  }

  #addChat(event: ChatNews): void {
    const alike = this.#chat.find((other) => areAlike(other, event));
    if (alike !== undefined) {
      this.#chat = this.#chat.filter((other) => other !== alike);
      this.#chat.push({ ...event, count: alike.count + event.count });
      return;
    }
    this.#chat.push(event);
    if (this.#chat.length > CHAT_KEPT) this.#chat.shift();
  }
}

/** Two of a kind within a minute, of which nothing more is shown than that they were. */
function areAlike(one: ChatNews, other: ChatNews): boolean {
  return one.said === null && other.said === null && one.endpoint === other.endpoint &&
    one.what === other.what && one.late === other.late &&
    Math.floor(one.atMs / 60_000) === Math.floor(other.atMs / 60_000);
}

/** Who said what, cut to what a page can show. */
export function saidIn(
  event: ChatEvent,
  redact: (text: string) => string,
): { nick: string; text: string } | null {
  if (event.kind !== "message" && event.kind !== "edit") return null;
  const text = redact(
    event.text.map(({ text, style }) => style.spoiler === true ? "[spoiler]" : text).join(""),
  );
  return { nick: event.sender.nick.slice(0, 60), text: text.slice(0, LONGEST_TEXT) };
}
