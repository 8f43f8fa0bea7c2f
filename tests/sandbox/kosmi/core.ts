import { randomUUID } from "node:crypto";
import { Chat } from "./chat.ts";
import { Documents } from "./documents.ts";
import { Hub } from "./hub.ts";
import type { RoomOptions } from "./room.ts";
import type { SocketSession } from "./session.ts";
import { type KosmiUser, type UserOptions, Users } from "./users.ts";
import {
  applyVariants,
  DEFAULT_VARIANTS,
  type KosmiVariants,
  type VariantChange,
} from "./variants.ts";
import { Waiting } from "./waiting.ts";

export interface CoreOptions {
  readonly rooms: readonly RoomOptions[];
  readonly users: readonly UserOptions[];
  readonly variants: VariantChange;
  readonly keepMessages: number;
  readonly keepLog: number;
  readonly now: () => number;
}

/** How often things happened since the start. */
export interface KosmiCounters {
  logins: number;
  failedLogins: number;
  anonLogins: number;
  upgrades: number;
  refusedUpgrades: number;
  inits: number;
  refusedInits: number;
  joins: number;
  sends: number;
  subscriptions: number;
  introspections: number;
  uploads: number;
}

/** One thing that a client sent. */
export type LogEntry =
  | {
    readonly kind: "init";
    readonly atMs: number;
    readonly connection: number;
    readonly payload: unknown;
  }
  | {
    readonly kind: "operation";
    readonly atMs: number;
    /** Null: over HTTP. */
    readonly connection: number | null;
    readonly type: "query" | "mutation" | "subscription" | "invalid";
    readonly name: string | null;
    readonly fields: readonly string[];
    readonly query: string;
    readonly variables: Readonly<Record<string, unknown>>;
  };

/** What all parts of the stand-in share. */
export class KosmiCore {
  readonly users: Users;
  readonly hub = new Hub();
  readonly chat: Chat;
  readonly waiting = new Waiting();
  readonly sessions = new Set<SocketSession>();
  readonly counters: KosmiCounters = {
    logins: 0,
    failedLogins: 0,
    anonLogins: 0,
    upgrades: 0,
    refusedUpgrades: 0,
    inits: 0,
    refusedInits: 0,
    joins: 0,
    sends: 0,
    subscriptions: 0,
    introspections: 0,
    uploads: 0,
  };
  readonly now: () => number;
  readonly #keepLog: number;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #sendTimes = new Map<string, number[]>();
  #log: LogEntry[] = [];
  #variants: KosmiVariants;
  #documents: { http: Documents; socket: Documents };

  constructor(options: CoreOptions) {
    this.now = options.now;
    this.#keepLog = options.keepLog;
    this.#variants = applyVariants(DEFAULT_VARIANTS, options.variants);
    this.#documents = this.#buildDocuments();
    this.users = new Users({ secret: randomUUID(), now: options.now, users: options.users });
    this.chat = new Chat({
      hub: this.hub,
      now: options.now,
      keepMessages: options.keepMessages,
      variants: () => this.#variants,
      changed: () => this.waiting.changed(),
      later: (waitMs, action) => this.#later(waitMs, action),
    });
    for (const room of options.rooms) this.chat.addRoom(room);
  }

  get variants(): KosmiVariants {
    return this.#variants;
  }

  get documents(): { readonly http: Documents; readonly socket: Documents } {
    return this.#documents;
  }

  setVariant(change: VariantChange): void {
    this.#variants = applyVariants(this.#variants, change);
    this.#documents = this.#buildDocuments();
    for (const session of this.sessions) session.variantsChanged();
  }

  /** Remembers what a client sent; the oldest entries go. */
  record(entry: LogEntry): void {
    this.#log.push(entry);
    if (this.#log.length >= this.#keepLog * 2) this.#log = this.#log.slice(-this.#keepLog);
    this.waiting.changed();
  }

  log(): LogEntry[] {
    return this.#log.slice(-this.#keepLog);
  }

  /** Gives somebody another name, in the rooms where they are too. */
  rename(user: KosmiUser, displayName: string): void {
    const renamed = this.users.rename(user, displayName);
    for (const session of this.sessions) {
      if (session.user?.id !== user.id) continue;
      session.user = renamed;
      for (const roomId of session.joined) this.chat.room(roomId).renamed(renamed);
    }
  }

  /** Counts one send of the user; false when that is more than the limit allows. */
  sendRate(user: KosmiUser, limit: { readonly count: number; readonly perMs: number }): boolean {
    const now = this.now();
    const recent = (this.#sendTimes.get(user.id) ?? []).filter((atMs) => atMs > now - limit.perMs);
    const allowed = recent.length < limit.count;
    if (allowed) recent.push(now);
    this.#sendTimes.set(user.id, recent);
    return allowed;
  }

  /** Forgets what was still to be delivered. */
  cancelTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #later(waitMs: number, action: () => void): void {
    if (waitMs <= 0) return action();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, waitMs);
    this.#timers.add(timer);
  }

  #buildDocuments(): { http: Documents; socket: Documents } {
    return {
      http: new Documents(this.#variants, "http"),
      socket: new Documents(this.#variants, "socket"),
    };
  }
}
