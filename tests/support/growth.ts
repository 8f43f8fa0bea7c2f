const ROUNDS = 5;
const TRIES = 8;
/** Shorter times are all noise; who is that quick with the longer input is quick enough. */
const LEAST_MS = 2;

/**
 * How the time of `work` grows when its input's length doubles: about 2 for linear work, 4 for quadratic. The smallest
 * of several ratios of the quickest of several runs, so that another program's turn on the processor does not count.
 */
export function growth(work: (input: string) => unknown, unit: string, length: number): number {
  const short = unit.repeat(Math.ceil(length / unit.length));
  const long = short + short;
  work(short);
  if (timeOf(work, long) < LEAST_MS) return 0;
  let least = Infinity;
  for (let attempt = 0; attempt < TRIES && least > 2.5; attempt++) {
    let shortMs = Infinity;
    let longMs = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      shortMs = Math.min(shortMs, timeOf(work, short));
      longMs = Math.min(longMs, timeOf(work, long));
    }
    least = Math.min(least, longMs / shortMs);
  }
  return least;
}

function timeOf(work: (input: string) => unknown, input: string): number {
  const startedMs = performance.now();
  work(input);
  return performance.now() - startedMs;
}
