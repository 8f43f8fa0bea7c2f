import type { Random } from "./random.ts";

/** What is true of a service for as long as the world stands. */
export interface Habits {
  /** Messages have ids. */
  readonly ids: boolean;
  /** The history tells the ids too. */
  readonly historyIds: boolean;
  /** `none`: the relay stamps what comes by its own clock. */
  readonly times: "none" | "seconds" | "milliseconds";
  /** How far the service's clock is off. */
  readonly skewMs: number;
  /** Chance that a message bears a time in the future. */
  readonly future: number;
  readonly history: "none" | "full" | "bounded";
  /** Messages that a bounded history keeps. */
  readonly keeps: number;
  /** Most messages that are read of a history in one go. */
  readonly fetchLimit: number;
  /** What was said shows in the history so much later. */
  readonly lagMs: number;
  /** It says that a message is taken, and shows it so much later. */
  readonly showMs: number;
  /**
   * What tells that a message of ours is shown. `none`: only that the service has worked it off. `rewritten`: it is shown
   * with another text than we sent.
   */
  readonly echo: "prompt" | "late" | "none" | "rewritten";
  /** Chance that a message is never shown, and nobody says so. */
  readonly swallow: number;
  /** Chance that a message is refused for good. */
  readonly reject: number;
  /** A refusal comes so much later. */
  readonly rejectMs: number;
  /** Chance that a message of others is reported twice. */
  readonly duplicate: number;
  readonly latencyMs: number;
  readonly window: number;
  readonly messageDelayMs: number;
  readonly burst: number;
  readonly packs: boolean;
  readonly deletions: boolean;
  readonly replies: boolean;
  /** Longest text of one part. */
  readonly partLength: number;
  readonly uniqueNicks: boolean;
}

export function drawHabits(random: Random): Habits {
  const ids = random.chance(0.6);
  const historyIds = ids && random.chance(0.85);
  const history = random.pick(["none", "full", "full", "bounded"] as const);
  const seen = history !== "none";
  const echo = random.pick(["prompt", "prompt", "prompt", "late", "none", "none", "rewritten"]);
  const messageDelayMs = random.pick([0, 0, 300, 1300]);
  return {
    ids,
    historyIds,
    times: random.pick(
      seen ? ["milliseconds", "milliseconds", "seconds"] : ["none", "seconds", "milliseconds"],
    ),
    skewMs: random.pick([0, 0, 0, 30_000, -30_000, 3_600_000, -3_600_000]),
    future: historyIds && random.chance(0.1) ? 0.05 : 0,
    history,
    keeps: random.whole(5, 30),
    fetchLimit: random.chance(0.7) ? 500 : random.whole(10, 40),
    lagMs: random.chance(0.2) ? random.whole(300, 3000) : 0,
    showMs: random.chance(0.15) ? random.whole(200, 1500) : 0,
    echo: echo as Habits["echo"],
    swallow: random.chance(0.25) ? 0.03 : 0,
    reject: random.chance(0.3) ? 0.04 : 0,
    rejectMs: random.pick([0, 0, 2000, 6000]),
    duplicate: ids && random.chance(0.3) ? 0.06 : 0,
    latencyMs: random.whole(3, 150),
    window: random.pick([1, 4, 16, 64]),
    messageDelayMs,
    burst: random.pick([1, 5]),
    packs: messageDelayMs > 0 && random.chance(0.5),
    deletions: ids && random.chance(0.4),
    replies: ids && random.chance(0.5),
    partLength: random.pick([120, 400]),
    uniqueNicks: random.chance(0.5),
  };
}
