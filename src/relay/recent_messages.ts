import { graphemes } from "../base/text.ts";
import type { EndpointId, MessageId } from "./ids.ts";

/** What is remembered of a message to say later which one a reply or a reaction means. */
export interface RecentMessage {
  readonly nick: string;
  readonly excerpt: string;
}

const EXCERPT_GRAPHEMES = 40;
/** No excerpt needs more code units than these, however long its letters are. */
const EXCERPT_UNITS = EXCERPT_GRAPHEMES * 20;

/** The newest messages that crossed the relay, in memory only, bounded. */
export class RecentMessages {
  /** Texts and not excerpts: few are ever asked for, and an excerpt costs as much as all else that is done here. */
  readonly #messages = new Map<string, { readonly nick: string; readonly text: string }>();

  constructor(readonly capacity = 2_000) {}

  remember(endpoint: EndpointId, id: MessageId, nick: string, text: string): void {
    const key = `${endpoint} ${id}`;
    this.#messages.delete(key);
    this.#messages.set(key, { nick, text: text.slice(0, EXCERPT_UNITS) });
    if (this.#messages.size <= this.capacity) return;
    const oldest = this.#messages.keys().next();
    if (!oldest.done) this.#messages.delete(oldest.value);
  }

  find(endpoint: EndpointId, id: MessageId): RecentMessage | null {
    const message = this.#messages.get(`${endpoint} ${id}`);
    return message === undefined ? null : { nick: message.nick, excerpt: excerptOf(message.text) };
  }
}

/** The start of a text on one line, as much as tells it from others. */
export function excerptOf(text: string): string {
  // Cutting code units first keeps the segmenter from reading a wall of text for its first forty letters.
  const line = text.slice(0, EXCERPT_UNITS).replace(/\s+/g, " ").trim();
  const letters = graphemes(line);
  return letters.length <= EXCERPT_GRAPHEMES
    ? line
    : `${letters.slice(0, EXCERPT_GRAPHEMES - 1).join("").trimEnd()}…`;
}
