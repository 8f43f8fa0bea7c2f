import type { Deviation } from "./deviation.ts";
import { type Mark, marksFor, marksIn, wordsIn } from "./numbered.ts";
import type { Side } from "./plan.ts";
import type { Said, Shown } from "./said.ts";

/** Who knows what was impossible. */
export interface Excuses {
  whyNotHeard(mark: Mark, saidMs: number): string | null;
  whySentAgain(mark: Mark): string | null;
}

export interface Evidence {
  readonly said: readonly Said[];
  /** What the relay showed at each side, oldest first. */
  readonly shown: Readonly<Record<Side, readonly Shown[]>>;
  readonly excuses: Excuses;
}

/** All that was said and certain to be heard, as marks: what must appear exactly once. */
export function expectedMarks(said: readonly Said[], from: Side): Mark[] {
  return said.filter((one) => one.utterance.side === from && one.outcome === "confirmed")
    .flatMap((one) => marksFor(one.utterance));
}

/** Compares what was said with what was shown: every number once and in order, and nothing back where it came from. */
export function judge(evidence: Evidence): Deviation[] {
  return (["kosmi", "irc"] as const).flatMap((from) => judgeSide(evidence, from));
}

function judgeSide({ said, shown, excuses }: Evidence, from: Side): Deviation[] {
  const to = from === "kosmi" ? "irc" : "kosmi";
  const arrived = arrivals(shown[to]);
  const deviations: Deviation[] = [];
  const last = new Map<string, number>();
  for (const { utterance, outcome, atMs } of said) {
    if (utterance.side !== from || outcome === "not said") continue;
    for (const mark of marksFor(utterance)) {
      const base = { from, series: mark.series, number: mark.number, atMs };
      const found = arrived.get(key(mark)) ?? [];
      if (found.length === 0 && outcome === "confirmed") {
        const impossible = from === "irc" ? excuses.whyNotHeard(mark, atMs) : null;
        deviations.push({ kind: "lost", ...base, impossible });
      }
      if (found.length > 1) {
        const impossible = to === "irc" ? excuses.whySentAgain(mark) : null;
        deviations.push({ kind: "doubled", ...base, impossible });
      }
      const place = found[0];
      if (place === undefined) continue;
      if (place < (last.get(mark.series) ?? -1)) {
        deviations.push({ kind: "reordered", ...base, impossible: null });
      }
      last.set(mark.series, Math.max(place, last.get(mark.series) ?? -1));
    }
  }
  const words = judgeWords({ said, shown }, from);
  return [...deviations, ...words, ...returned(said, shown[from], from)];
}

/** Words without numbers: each must have appeared as often as it was said, and nowhere it was said. */
function judgeWords({ said, shown }: Omit<Evidence, "excuses">, from: Side): Deviation[] {
  const to = from === "kosmi" ? "irc" : "kosmi";
  const words = said.filter(({ utterance, outcome }) =>
    utterance.side === from && utterance.shape === "word" && outcome !== "not said"
  );
  return [...Map.groupBy(words, ({ utterance }) => utterance.speaker)].flatMap(([speaker, all]) => {
    const count = (side: Side) =>
      shown[side].reduce((sum, { text }) => sum + wordsIn(text, speaker), 0);
    const certain = all.filter(({ outcome }) => outcome === "confirmed").length;
    const base = { from, series: `word of ${speaker}`, atMs: all[0]?.atMs ?? 0, impossible: null };
    const found = count(to);
    const deviations: Deviation[] = [];
    if (found < certain) deviations.push({ kind: "lost", ...base, number: found });
    if (found > all.length) deviations.push({ kind: "doubled", ...base, number: found });
    if (count(from) > 0) deviations.push({ kind: "returned", ...base, number: count(from) });
    return deviations;
  });
}

/** Messages that the relay showed at the side where they were said. */
function returned(said: readonly Said[], shown: readonly Shown[], from: Side): Deviation[] {
  const back = arrivals(shown);
  return said.filter((one) => one.utterance.side === from).flatMap(({ utterance, atMs }) =>
    marksFor(utterance).filter((mark) => back.has(key(mark))).map((mark) => ({
      kind: "returned" as const,
      ...{ from, series: mark.series, number: mark.number, atMs },
      impossible: null,
    }))
  );
}

/** Mark -> its places in what was shown, counted in marks. */
function arrivals(shown: readonly Shown[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  let place = 0;
  for (const { text } of shown) {
    for (const mark of marksIn(text)) {
      found.set(key(mark), [...found.get(key(mark)) ?? [], place++]);
    }
  }
  return found;
}

function key({ series, number }: Mark): string {
  return `${series} ${number}`;
}
