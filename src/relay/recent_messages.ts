import { graphemes } from "../base/text.ts";
import type { EndpointId, MessageId } from "./ids.ts";

/** What is remembered of a message to say later which one a reply or a reaction means. */
export interface RecentMessage {
  readonly nick: string;
  readonly excerpt: string;
}

const EXCERPT_GRAPHEMES = 40;

/** The newest messages that crossed the relay, in memory only, bounded. */
export class RecentMessages {
  readonly #messages = new Map<string, RecentMessage>();

  constructor(readonly capacity = 2_000) {}

  remember(endpoint: EndpointId, id: MessageId, nick: string, text: string): void {
    const key = `${endpoint} ${id}`;
    this.#messages.delete(key);
    this.#messages.set(key, { nick, excerpt: excerptOf(text) });
    if (this.#messages.size <= this.capacity) return;
    const oldest = this.#messages.keys().next();
    if (!oldest.done) this.#messages.delete(oldest.value);
  }

  find(endpoint: EndpointId, id: MessageId): RecentMessage | null {
    return this.#messages.get(`${endpoint} ${id}`) ?? null;
  }
}

/** The start of a text on one line, as much as tells it from others. */
export function excerptOf(text: string): string {
  // Cutting code units first keeps the segmenter from reading a wall of text for its first forty letters.
  const line = text.slice(0, EXCERPT_GRAPHEMES * 20).replace(/\s+/g, " ").trim();
  const letters = graphemes(line);
  return letters.length <= EXCERPT_GRAPHEMES
    ? line
    : `${letters.slice(0, EXCERPT_GRAPHEMES - 1).join("").trimEnd()}…`;
}
