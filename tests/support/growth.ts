import process from "node:process";

/** How many times longer the longer input is: so that noise weighs little against a square. */
const TIMES = 8;
const ROUNDS = 3;
const ATTEMPTS = 12;
/** Who is that quick with the longer input is quick enough: shorter times are all noise. */
const LEAST_MS = 15;
/** Work that takes so much more than linear work is not linear: what takes the square of the time takes 8 times as much. */
export const MOST_GROWTH = 3;

/**
 * The time of `work` on a text of eight times `length`, measured by that of doing it eight times on a text of `length`: 1
 * for linear work, 8 for quadratic. Both take turns, and of each the quickest run counts; on a busy machine both are
 * interrupted as often, because they take as long.
 */
export function growth(work: (input: string) => unknown, unit: string, length: number): number {
  const short = unit.repeat(Math.ceil(length / unit.length));
  const long = short.repeat(TIMES);
  const inParts = () => {
    for (let part = 0; part < TIMES; part++) work(short);
  };
  if (timeOf(() => work(long)) < LEAST_MS) return 0;
  let partsMs = Infinity;
  let longMs = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    for (let round = 0; round < ROUNDS; round++) {
      partsMs = Math.min(partsMs, timeOf(inParts));
      longMs = Math.min(longMs, timeOf(() => work(long)));
    }
    if (longMs / partsMs <= MOST_GROWTH) break;
  }
  return longMs / partsMs;
}

/** How long this thread has computed, in milliseconds: what else the machine does is not in it. */
export function computedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function timeOf(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}
