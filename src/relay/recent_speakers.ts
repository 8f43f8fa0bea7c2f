import type { Person } from "./event.ts";
import type { EndpointId, MessageId, UserId } from "./ids.ts";

/** Somebody who spoke lately at an endpoint. */
export interface RecentSpeaker {
  readonly nick: string;
  readonly atMs: number;
  /** Counts up: who began later to take part under their nick has the higher one. */
  readonly since: number;
  /** Their newest message there; null where messages have no ids. */
  readonly messageId: MessageId | null;
}

/** Who said nothing for longer is no part of the conversation. */
export const LATELY_MS = 30 * 60_000;

/** Who spoke where lately, in memory only, bounded: for notices about people who matter, and for mentions. */
export class RecentSpeakers {
  readonly #places = new Map<EndpointId, Map<UserId, RecentSpeaker>>();

  #begun = 0;

  constructor(readonly capacity = 500) {}

  spoke(endpoint: EndpointId, person: Person, atMs: number, messageId: MessageId | null): void {
    const people = this.#places.get(endpoint) ?? new Map<UserId, RecentSpeaker>();
    this.#places.set(endpoint, people);
    const known = people.get(person.id);
    const goesOn = known?.nick === person.nick && atMs - known.atMs <= LATELY_MS;
    people.delete(person.id);
    const since = goesOn ? known.since : ++this.#begun;
    people.set(person.id, { nick: person.nick, atMs, since, messageId });
    if (people.size <= this.capacity) return;
    const oldest = people.keys().next();
    if (!oldest.done) people.delete(oldest.value);
  }

  /** The person under their present id; null when they have not spoken lately. */
  find(endpoint: EndpointId, id: UserId): RecentSpeaker | null {
    return this.#places.get(endpoint)?.get(id) ?? null;
  }

  /** How many who take part in the conversation had the nick of this person before them. */
  namesakesBefore(endpoint: EndpointId, person: Person, nowMs: number): number {
    const people = this.#places.get(endpoint);
    const self = people?.get(person.id);
    const nick = person.nick.toLowerCase();
    let count = 0;
    for (const [id, other] of people ?? []) {
      if (id === person.id || nowMs - other.atMs > LATELY_MS) continue;
      if (other.nick.toLowerCase() !== nick) continue;
      if (other.since < (self?.since ?? Infinity)) count++;
    }
    return count;
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
