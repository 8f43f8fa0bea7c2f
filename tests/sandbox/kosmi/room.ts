import type { KosmiUser } from "./users.ts";

export interface RoomOptions {
  /** As it stands in the room's address: "@movienight" or "956fp3". */
  readonly id: string;
  readonly name?: string;
  /** Anonymous users can't enter. */
  readonly private?: boolean;
}

export interface StoredReaction {
  readonly emoji: string;
  readonly user: KosmiUser;
}

/** A message as the room holds it. `edit` and `react` change it in place: history and archive show the latest. */
export interface StoredMessage {
  readonly id: string;
  readonly sequence: number;
  readonly channelId: string;
  readonly user: KosmiUser;
  readonly atMs: number;
  readonly replyToMessageId: string | null;
  body: string;
  editedAtMs: number | null;
  deleted: boolean;
  reactions: StoredReaction[];
}

/** One room: a history bounded by `keepMessages`, and who is in it. */
export class Room {
  readonly id: string;
  readonly name: string;
  readonly private: boolean;
  /** How many connections (or `join` calls) a user has in the room. */
  readonly #presence = new Map<string, { user: KosmiUser; count: number }>();
  readonly #byId = new Map<string, StoredMessage>();
  #ring: StoredMessage[] = [];
  #sequence = 0;

  constructor(options: RoomOptions, readonly keepMessages: number) {
    this.id = options.id;
    this.name = options.name ?? options.id.replace(/^@/, "");
    this.private = options.private ?? false;
  }

  /** Every message ever put here, also those no longer kept. */
  get messageCount(): number {
    return this.#sequence;
  }

  add(message: Omit<StoredMessage, "sequence">): StoredMessage {
    const stored = { ...message, sequence: this.#sequence++ };
    this.#ring.push(stored);
    this.#byId.set(stored.id, stored);
    // Trimmed in steps, so that a message costs no array move.
    if (this.#ring.length >= this.keepMessages * 2) this.#trim();
    return stored;
  }

  find(id: string): StoredMessage | null {
    return this.#byId.get(id) ?? null;
  }

  /** What the room holds, oldest first; deleted messages are gone. */
  history(): StoredMessage[] {
    return this.#ring.slice(-this.keepMessages).filter((message) => !message.deleted);
  }

  /** What came after that sequence number, oldest first, as far as it is kept. */
  since(sequence: number): StoredMessage[] {
    const first = this.#ring[0]?.sequence ?? 0;
    const fresh = this.#ring.slice(Math.max(0, sequence + 1 - first));
    return fresh.filter((message) => !message.deleted);
  }

  /** Up to `count` messages before `beforeSequence`, oldest first, and whether older ones are there. */
  page(beforeSequence: number, count: number): { messages: StoredMessage[]; more: boolean } {
    const older = this.history().filter((message) => message.sequence < beforeSequence);
    return { messages: older.slice(-count), more: older.length > count };
  }

  /** True when the user was not there before. */
  enter(user: KosmiUser): boolean {
    const present = this.#presence.get(user.id);
    if (present !== undefined) {
      present.count += 1;
      return false;
    }
    this.#presence.set(user.id, { user, count: 1 });
    return true;
  }

  /** True when that was the user's last connection. */
  exit(user: KosmiUser): boolean {
    const present = this.#presence.get(user.id);
    if (present === undefined) return false;
    present.count -= 1;
    if (present.count > 0) return false;
    this.#presence.delete(user.id);
    return true;
  }

  /** Somebody who is here got another name. */
  renamed(user: KosmiUser): void {
    const present = this.#presence.get(user.id);
    if (present !== undefined) present.user = user;
  }

  members(): KosmiUser[] {
    return [...this.#presence.values()].map((present) => present.user);
  }

  #trim(): void {
    const gone = this.#ring.length - this.keepMessages;
    for (const message of this.#ring.slice(0, gone)) this.#byId.delete(message.id);
    this.#ring = this.#ring.slice(gone);
  }
}
