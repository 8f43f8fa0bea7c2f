import type { Cancel } from "../../../base/timers.ts";
import type { ChannelPlan } from "../../../relay/port/bridge.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import type { HistoryFetch } from "../history/history_fetch.ts";
import type { IrcMessage } from "../wire/message.ts";

/** The channels of one connection, by id and by the names that servers write. */
export class ChannelList {
  readonly #fold: (name: string) => string;
  readonly #byId = new Map<ChannelId, Channel>();
  readonly #byName = new Map<string, Channel>();

  constructor(fold: (name: string) => string) {
    this.#fold = fold;
  }

  get all(): readonly Channel[] {
    return [...this.#byId.values()];
  }

  byId(id: ChannelId): Channel | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): Channel | undefined {
    return this.#byName.get(this.#fold(name)) ?? this.#byName.get(this.#fold(shortName(name)));
  }

  /** Takes over how the server writes it. */
  rename(channel: Channel, name: string): void {
    if (channel.name === name) return;
    this.#byName.delete(this.#fold(channel.name));
    channel.name = name;
    this.#byName.set(this.#fold(name), channel);
  }

  /** Null when it was there. */
  add(plan: ChannelPlan): Channel | null {
    if (this.#byId.has(plan.channel)) return null;
    const channel = newChannel(plan);
    this.#byId.set(plan.channel, channel);
    this.#byName.set(this.#fold(channel.name), channel);
    return channel;
  }

  remove(channel: Channel): void {
    this.#byId.delete(channel.plan.channel);
    this.#byName.delete(this.#fold(channel.name));
  }
}

/** IRCnet puts five signs of its own into the name of a safe channel: `!cinema` is created as `!ABCDEcinema`. */
function shortName(name: string): string {
  return name.replace(/^!.{5}(?=.)/, "!");
}

/** out: not in it, a retry may be planned. entering: the server let us in, its history is being read. left: not wanted any more. */
export type JoinState = "out" | "joining" | "entering" | "up" | "left";

/** One channel of one connection. Its owner is `Channels`, which alone changes it. */
export interface Channel {
  plan: ChannelPlan;
  /** As the server writes it. */
  name: string;
  state: JoinState;
  failures: number;
  /** What the core was told last; null while it thinks that all is well or about to be. */
  told: string | null;
  retry: Cancel | null;
  /** Counts our entries: what was begun in an earlier one is void. */
  entry: number;
  live: IrcMessage[];
  /** How many of these came before the last line from a history, which may show them too. */
  liveBefore: number;
  playback: IrcMessage[] | null;
  /** The same from entries that came to nothing. */
  playedEarlier: readonly IrcMessage[];
  /** What an earlier connection of ours said since. */
  own: IrcMessage[];
  /** An earlier connection of ours is there, and is waited for. */
  ghost: boolean;
  /** It was up when it was entered again. */
  isAnew: boolean;
  /** Our own JOIN brought us there. */
  asked: boolean;
  fetch: HistoryFetch | null;
}

function newChannel(plan: ChannelPlan): Channel {
  return {
    plan,
    name: plan.channel,
    state: "out",
    failures: 0,
    told: null,
    retry: null,
    entry: 0,
    live: [],
    liveBefore: 0,
    playback: null,
    playedEarlier: [],
    own: [],
    ghost: false,
    isAnew: false,
    asked: false,
    fetch: null,
  };
}

/** Remembers which PARTs are of our own wish, so that their echo is not taken for being thrown out. */
export class OwnParts {
  readonly #pending = new Map<string, number>();
  readonly #fold: (name: string) => string;

  constructor(fold: (name: string) => string) {
    this.#fold = fold;
  }

  sent(name: string): void {
    const key = this.#fold(name);
    this.#pending.set(key, (this.#pending.get(key) ?? 0) + 1);
  }

  /** True when a PART of ours that came back was wished for. */
  returned(name: string): boolean {
    const key = this.#fold(name);
    const count = this.#pending.get(key) ?? 0;
    if (count > 1) this.#pending.set(key, count - 1);
    else this.#pending.delete(key);
    return count > 0;
  }

  /** We were out before our PART arrived: none will come back. */
  forget(name: string): void {
    this.#pending.delete(this.#fold(name));
  }
}
