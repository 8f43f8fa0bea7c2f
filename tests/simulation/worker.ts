/// <reference lib="deno.worker" />
import type { Deviation } from "./judge.ts";
import { drawPlan } from "./plan.ts";
import { play } from "./play.ts";

/** A stretch of seeds for one worker; every `twiceEvery`th is played a second time. */
export interface Stretch {
  readonly from: number;
  readonly seeds: number;
  readonly twiceEvery: number;
  /** It ends with the first that fails. */
  readonly untilFailure: boolean;
  readonly directory: string;
}

/** What a stretch came to. */
export interface StretchOutcome {
  readonly seeds: number;
  readonly messages: number;
  readonly livedMs: number;
  readonly playedTwice: number;
  readonly failed: readonly { readonly seed: number; readonly deviations: readonly Deviation[] }[];
  readonly counts: ReadonlyMap<string, number>;
}

self.onmessage = async ({ data }: MessageEvent<Stretch>) => {
  self.postMessage(await playStretch(data));
};

async function playStretch(stretch: Stretch): Promise<StretchOutcome> {
  const { directory, from, seeds, twiceEvery, untilFailure } = stretch;
  const failed: { seed: number; deviations: readonly Deviation[] }[] = [];
  const counts = new Map<string, number>();
  let [played, messages, livedMs, playedTwice] = [0, 0, 0, 0];
  for (let seed = from; seed < from + seeds; seed++) {
    if (untilFailure && failed.length > 0) break;
    played++;
    const plan = drawPlan(seed);
    const outcome = await play(plan, { directory });
    messages += outcome.messages;
    livedMs += outcome.livedMs;
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    const deviations = [...outcome.deviations];
    if (seed % twiceEvery === 0) {
      playedTwice++;
      const again = await play(plan, { directory });
      if (again.fingerprint !== outcome.fingerprint) {
        deviations.push({ kind: "fault", what: "two runs of this seed differ" });
      }
    }
    if (deviations.length > 0) failed.push({ seed, deviations });
  }
  return { seeds: played, messages, livedMs, playedTwice, failed, counts };
}
