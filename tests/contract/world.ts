import type { Clock } from "../../src/base/clock.ts";
import type { Bridge, Part } from "../../src/relay/port/bridge.ts";
import type { ChannelId } from "../../src/relay/port/ids.ts";
import type { FaultProxy } from "../support/fault_proxy.ts";
import type { LogRecorder } from "../support/log_recorder.ts";

/** What a contract test wants of its world. */
export interface WorldOptions {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How fast the bridge may speak; default without limit. */
  readonly messageDelayMs?: number;
  readonly burst?: number;
}

/** A message as the service shows it to everybody. */
export interface Shown {
  /** Said by the bridge's account. */
  readonly own: boolean;
  readonly text: string;
  readonly id: string | null;
}

/** A bridge, its service behind a proxy, and what people and staff there can do. */
export interface World extends AsyncDisposable {
  readonly bridge: Bridge;
  readonly log: LogRecorder;
  /** Stands between the bridge and the service. */
  readonly proxy: FaultProxy;
  /** Two channels that can be entered, as the configuration writes them. */
  readonly channels: readonly [string, string];
  /** One that can't be entered until a person mends it. */
  readonly closedChannel: string;
  /** Ways to write the first channel. */
  readonly spellings: readonly string[];
  /** What can't be a channel of this service. */
  readonly noChannels: readonly string[];
  /** What must never be said to anybody. */
  readonly secrets: readonly string[];
  /** The service shows what was said while the bridge was away. */
  readonly history: boolean;
  /** Its history shows the bridge's own messages too; default yes. */
  readonly ownHistory?: boolean;
  /** Messages have ids. */
  readonly ids: boolean;
  /** So have the bridge's own messages; default as `ids`. */
  readonly receiptIds?: boolean;

  /** Somebody says one line. */
  say(channel: ChannelId, nick: string, text: string): void;
  /** Somebody said one line some minutes ago. */
  saidEarlier(channel: ChannelId, nick: string, text: string): void;
  /** Somebody comes into the channel, or goes. */
  join(channel: ChannelId, nick: string): void;
  leave(channel: ChannelId, nick: string): void;
  /** "/me": null where people can't. */
  readonly act: ((channel: ChannelId, nick: string, text: string) => void) | null;
  /** Gives the last message of this text another one; null where people can't. */
  readonly edit: ((channel: ChannelId, text: string, newText: string) => void) | null;

  /** What was said in the channel, oldest first. */
  shown(channel: ChannelId): readonly Shown[];
  /** Resolves when `probe` of the service's state answers true. */
  until(probe: () => boolean, what: string): Promise<void>;
  /** The text of one part as a person reads it, without markup. */
  read(part: Part): string;

  /** How often the bridge asked to enter. */
  entries(channel: ChannelId): number;
  /** The bridge's account is in the channel, as the service sees it. */
  isInside(channel: ChannelId): boolean;
  /** How often it said goodbye. */
  goodbyes(): number;
  /** The bridge's account is put out of the channel, in the service's own way. */
  throwOut(channel: ChannelId): void;
  /** From now on logins are refused, as only a person can mend it. */
  refuseLogin(): void;
  /** From now on connections are refused because they come too often. */
  throttle(): void;
  /** From now on logins begin and never end. */
  holdLogin(): void;
  /** A held login has begun. */
  isLoginHeld(): boolean;
  /** The service does not take our messages (true), or does again. */
  refuseMessages(refuse: boolean): void;
  /** The service goes down in good order and comes back with all it knew. */
  restart(): Promise<void>;
}

export type MakeWorld = (options: WorldOptions) => Promise<World>;

/**
 * What only some services have, so that tests of it are left out for the others: `dial`: the bridge connects to the
 * service, not clients to the bridge. `entry`: channels can refuse the bridge or put it out. `refusal`: single messages
 * can be refused. `pace`: the bridge keeps to MessageDelay.
 */
export type Need = "dial" | "entry" | "refusal" | "pace";
