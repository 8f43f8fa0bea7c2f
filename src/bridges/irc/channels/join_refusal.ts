import { backoffMs } from "../../../base/backoff.ts";
import type { ChannelRefusal } from "../../../relay/port/bridge.ts";
import type { IrcSettings } from "../link/options.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, lastParam } from "../wire/message.ts";

/** Numerics that answer a JOIN with a refusal: what they mean, and who can mend it. */
const REFUSALS: Readonly<Record<string, readonly [meaning: string, mend: "wait" | "person"]>> = {
  "403": ["there is no such channel", "person"],
  "405": ["we are in too many channels", "person"],
  "407": ["the name stands for several channels", "person"],
  "437": ["the channel is not available for now", "wait"],
  "470": ["it forwards to another channel", "person"],
  "471": ["the channel is full", "wait"],
  "473": ["it is for invited users only (+i)", "person"],
  "474": ["the relay is banned from it", "person"],
  "475": ["the channel key is missing or wrong (+k)", "person"],
  "476": ["the server does not take its name", "person"],
  "477": ["it is for registered nicks only (+r)", "person"],
  "479": ["the server does not take its name", "person"],
  "480": ["too many people join it at once", "wait"],
  "485": ["the server does not let us in", "person"],
  "489": ["it is for TLS connections only", "person"],
  "500": ["too many people join it at once", "wait"],
  "519": ["it is for administrators only", "person"],
  "520": ["it is for operators only", "person"],
  "609": ["too many people join it at once", "wait"],
  "748": ["a kicked user must wait before joining again", "wait"],
  "926": ["the name is forbidden", "person"],
};

/** What a numeric says about a JOIN; null when it says nothing about one. */
export function joinRefusalOf(message: IrcMessage): ChannelRefusal | null {
  const known = REFUSALS[message.command];
  if (known === undefined) return null;
  const [meaning, mend] = known;
  const words = readPlain(lastParam(message));
  return {
    reason: `Cannot join ${message.params[1] ?? "the channel"}: ${meaning} (${words})`,
    mend,
  };
}

const JITTER = 0.3;

/** How long to wait before the next JOIN of a channel that was refused so often in a row. */
export function refusedWaitMs(
  failures: number,
  mend: ChannelRefusal["mend"],
  { limits, random }: IrcSettings,
): number {
  const baseMs = mend === "person" ? limits.rejoinMs * 6 : limits.rejoinMs;
  const policy = { baseMs, capMs: Math.max(limits.rejoinMaxMs, baseMs), jitter: JITTER };
  // Failure 1 would be retried at once: the server has just said no.
  return backoffMs(policy, failures + 1, random());
}

/** The same after we were thrown out. */
export function lostWaitMs(
  failures: number,
  { limits, random, rejoinDelayMs }: IrcSettings,
): number {
  const policy = { baseMs: limits.rejoinMs, capMs: limits.rejoinMaxMs, jitter: JITTER };
  return Math.max(rejoinDelayMs, backoffMs(policy, failures, random()));
}
