import type { SayOutcome } from "./irc_people.ts";
import type { Utterance } from "./plan.ts";

/** A message as it was really said; times by performance.now(). */
export interface Said {
  readonly utterance: Utterance;
  readonly outcome: SayOutcome;
  readonly atMs: number;
}

/** A text of the relay as it was shown at a destination, in order. */
export interface Shown {
  readonly text: string;
  readonly atMs: number;
}
