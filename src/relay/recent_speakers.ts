import type { Person } from "./event.ts";
import type { EndpointId, MessageId, UserId } from "./ids.ts";

/** Somebody who spoke lately at an endpoint. */
export interface RecentSpeaker {
  readonly nick: string;
  readonly atMs: number;
  /** Their newest message there; null where messages have no ids. */
  readonly messageId: MessageId | null;
}

/** Who spoke where lately, in memory only, bounded: for notices about people who matter, and for mentions. */
export class RecentSpeakers {
  readonly #places = new Map<EndpointId, Map<UserId, RecentSpeaker>>();

  constructor(readonly capacity = 500) {}

  spoke(endpoint: EndpointId, person: Person, atMs: number, messageId: MessageId | null): void {
    const people = this.#places.get(endpoint) ?? new Map<UserId, RecentSpeaker>();
    this.#places.set(endpoint, people);
    people.delete(person.id);
    people.set(person.id, { nick: person.nick, atMs, messageId });
    if (people.size <= this.capacity) return;
    const oldest = people.keys().next();
    if (!oldest.done) people.delete(oldest.value);
  }

  /** The person under their present id; null when they have not spoken lately. */
  find(endpoint: EndpointId, id: UserId): RecentSpeaker | null {
    return this.#places.get(endpoint)?.get(id) ?? null;
  }

  /** Whom a text names at its start, newest speaker first: "Zoë: yes", "@Zoë yes". Null for nobody who spoke lately. */
  addressed(endpoint: EndpointId, text: string): RecentSpeaker | null {
    const start = text.trimStart().replace(/^@/, "").toLowerCase();
    let best: RecentSpeaker | null = null;
    for (const speaker of this.#places.get(endpoint)?.values() ?? []) {
      const nick = speaker.nick.toLowerCase();
      if (nick === "" || !start.startsWith(nick)) continue;
      if (!/^(?:[:,]|\s|$)/.test(start.slice(nick.length))) continue;
      // "Zoë Smith" is not "Zoë"; of two of one name the one who spoke last is meant.
      if (best === null || nick.length >= best.nick.length) best = speaker;
    }
    return isAddress(text) || text.trimStart().startsWith("@") ? best : null;
  }
}

/** "word:" or "word," at the start is how one addresses somebody in a chat without mentions. */
function isAddress(text: string): boolean {
  return /^\s*[^\n]{1,100}?[:,](?:\s|$)/.test(text);
}
