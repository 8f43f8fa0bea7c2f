import { RollingLog } from "../../support/rolling_log.ts";
import type { Said } from "./history.ts";
import type { User } from "./user.ts";
import type { Wire } from "./wire.ts";

export interface Rank {
  op: boolean;
  voice: boolean;
}

/** A channel: who is in it, its modes, its topic, and what was said last. */
export class Channel {
  readonly name: Wire;
  readonly members = new Map<User, Rank>();
  /** Modes without a parameter: i m n t s c C R M. */
  readonly flags = new Set<string>(["n", "t"]);
  /** Ban masks and who set them. */
  readonly bans = new Map<Wire, { readonly by: Wire; readonly atMs: number }>();
  readonly invited = new Set<User>();
  /** The last messages that were said here. */
  readonly history: RollingLog<Said>;
  readonly createdAtMs: number;
  key: Wire | null = null;
  limit: number | null = null;
  topic: { readonly text: Wire; readonly by: Wire; readonly atMs: number } | null = null;

  constructor(name: Wire, nowMs: number, historyLines: number) {
    this.name = name;
    this.createdAtMs = nowMs;
    this.history = new RollingLog(historyLines);
  }

  /** As after its making: the last member left. */
  reset(): void {
    this.flags.clear();
    this.flags.add("n").add("t");
    this.bans.clear();
    this.invited.clear();
    this.key = null;
    this.limit = null;
    this.topic = null;
  }

  /** Modes as MODE shows them; the key only to members. */
  modes(withKey: boolean): Wire {
    let letters = `+${[...this.flags].sort().join("")}`;
    const params: Wire[] = [];
    if (this.key !== null) {
      letters += "k";
      params.push(withKey ? this.key : "*");
    }
    if (this.limit !== null) {
      letters += "l";
      params.push(String(this.limit));
    }
    return [letters, ...params].join(" ");
  }

  isOp(user: User): boolean {
    return this.members.get(user)?.op === true;
  }

  /** Operator or voiced: may speak whatever the modes. */
  isRaised(user: User): boolean {
    const rank = this.members.get(user);
    return rank !== undefined && (rank.op || rank.voice);
  }
}

/** `@`, `+` or both (with multi-prefix). */
export function prefixOf(rank: Rank, all: boolean): string {
  const prefixes = `${rank.op ? "@" : ""}${rank.voice ? "+" : ""}`;
  return all ? prefixes : prefixes.slice(0, 1);
}
