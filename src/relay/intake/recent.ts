import { graphemes } from "../../base/text.ts";
import type { Person } from "../port/event.ts";
import type { EndpointId, MessageId, UserId } from "../port/ids.ts";
import { visibleNick } from "./nick.ts";

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

/** Somebody who spoke lately at an endpoint. */
interface RecentSpeaker {
  readonly nick: string;
  /** The nick as others see and write it, in lower case. */
  readonly shown: string;
  readonly atMs: number;
  /** Counts up: who began later to take part under their nick has the higher one. */
  readonly since: number;
  /** Their newest message there; null where messages have no ids. */
  readonly messageId: MessageId | null;
}

/** Who said nothing for longer is no part of the conversation. */
export const LATELY_MS = 30 * 60_000;

/** Whom a text names stands at its start. */
const MOST_READ = 400;

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
    const shown = known?.nick === person.nick
      ? known.shown
      : visibleNick(person.nick).toLowerCase();
    people.set(person.id, { nick: person.nick, shown, atMs, since, messageId });
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
    // Some relays put a zero-width space into a nick so that nobody is called.
    const start = text.slice(0, MOST_READ).replaceAll("\u200b", "").trimStart().replace(/^@/, "")
      .toLowerCase();
    let best: RecentSpeaker | null = null;
    for (const speaker of this.#places.get(endpoint)?.values() ?? []) {
      const nick = speaker.shown;
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

/** One line that we put elsewhere for a message of an endpoint. */
interface Line {
  readonly mark: string;
  readonly atMs: number;
}

interface Returns {
  readonly count: number;
  readonly atMs: number;
}

/** A loop goes round within moments; a person who quotes the same line later is none. */
const WINDOW_MS = 60_000;
/** People paste a relayed line now and then. So many of one sender's in a row, and it is another relay. */
const TOLERATED = 3;
/** So much of a text tells a line from others; the rest may have been cut on its way. */
const MARK_LENGTH = 32;
const LINES_REMEMBERED = 50;
const SENDERS_REMEMBERED = 200;

/**
 * Notices another relay between the same two places: what was said here, and what we put there under a prefix, comes back
 * here inside that relay's message, and would go round for ever. In memory only.
 */
export class LoopGuard {
  readonly #lines = new Map<EndpointId, Line[]>();
  readonly #returns = new Map<string, Returns>();

  /** A message of `origin` goes elsewhere as `prefix` and `text`. Without a prefix nothing can be told by it. */
  relayed(origin: EndpointId, prefix: string, text: string, nowMs: number): void {
    if (visible(prefix) === "") return;
    const lines = this.#lines.get(origin) ?? [];
    this.#lines.set(origin, lines);
    lines.push({ mark: visible(prefix + text.slice(0, MARK_LENGTH)), atMs: nowMs });
    if (lines.length > LINES_REMEMBERED) lines.shift();
  }

  /**
   * `tolerated` is told of the first messages of a sender that contain such a line, `begins` of the one that makes it a
   * loop, `goes-on` of all that follow before a minute has passed without one.
   */
  judge(
    origin: EndpointId,
    sender: UserId,
    text: string,
    nowMs: number,
  ): "none" | "tolerated" | "begins" | "goes-on" {
    if (!this.#contains(origin, visible(text), nowMs)) return "none";
    const key = `${origin} ${sender}`;
    const before = this.#returns.get(key);
    const isRecent = before !== undefined && nowMs - before.atMs <= WINDOW_MS;
    const count = isRecent ? before.count + 1 : 1;
    this.#returns.delete(key);
    this.#returns.set(key, { count, atMs: nowMs });
    if (this.#returns.size > SENDERS_REMEMBERED) {
      const oldest = this.#returns.keys().next();
      if (!oldest.done) this.#returns.delete(oldest.value);
    }
    if (count <= TOLERATED) return "tolerated";
    return count === TOLERATED + 1 ? "begins" : "goes-on";
  }

  #contains(origin: EndpointId, text: string, nowMs: number): boolean {
    const lines = this.#lines.get(origin) ?? [];
    return lines.some(({ mark, atMs }) => nowMs - atMs <= WINDOW_MS && text.includes(mark));
  }
}

/** Without what services change on the way: the no-ping mark and the width of spaces. */
function visible(text: string): string {
  return text.replaceAll("\u200b", "").replace(/\s+/g, " ").trim();
}

const REACTIONS_REMEMBERED = 1_000;

/**
 * Who put which reaction on what: the relay has one of each kind to give, for all who chose it. In memory only; what was
 * before is unknown, and then each change counts.
 */
export class Reactions {
  readonly #people = new Map<string, Set<string>>();

  /** Notes what somebody did; true where that is the first reaction of its kind, or the last one that goes. */
  changes(subject: string, person: string, removed: boolean): boolean {
    const people = this.#people.get(subject) ?? new Set<string>();
    const before = people.size;
    if (removed) people.delete(person);
    else people.add(person);
    this.#people.delete(subject);
    if (people.size > 0) this.#people.set(subject, people);
    const oldest = this.#people.keys().next();
    if (this.#people.size > REACTIONS_REMEMBERED && !oldest.done) this.#people.delete(oldest.value);
    return removed ? people.size === 0 : before === 0;
  }
}
