import type { ChatEvent } from "../relay/event.ts";
import type { AccountId, EndpointId } from "../relay/ids.ts";

const CAPACITY = 50;
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

/** The newest events, bounded. Texts are only kept where they may be shown. */
export class RecentEvents {
  readonly #events: RecentEvent[] = [];
  #next = 0;

  add(event: RecentEvent): void {
    this.#events[this.#next] = event;
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** Newest first. */
  newest(): RecentEvent[] {
    return [...this.#events.slice(this.#next), ...this.#events.slice(0, this.#next)].reverse();
  }
}

/** Who said what, cut to what a page can show. */
export function saidIn(
  event: ChatEvent,
  redact: (text: string) => string,
): { nick: string; text: string } | null {
  if (event.kind !== "message" && event.kind !== "edit") return null;
  const text = redact(event.text.map((span) => span.text).join(""));
  return { nick: event.sender.nick.slice(0, 60), text: text.slice(0, LONGEST_TEXT) };
}
