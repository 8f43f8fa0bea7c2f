import { backoffMs } from "../../base/backoff.ts";
import type { ChannelRefusal } from "../../relay/bridge.ts";
import type { IrcSettings } from "./options.ts";

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
