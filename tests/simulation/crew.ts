import type { Stretch, StretchOutcome } from "./worker.ts";

export interface SeedRange {
  readonly from: number;
  readonly seeds: number;
  readonly atOnce: number;
  /** Every so-manieth seed is played twice, and the two traces compared. */
  readonly twiceEvery: number;
  /** No more once a seed has failed. */
  readonly untilFailure?: boolean;
  /** Told of each stretch as it ends. */
  readonly done?: (outcome: StretchOutcome) => void;
}

export interface Sum {
  seeds: number;
  messages: number;
  livedMs: number;
  playedTwice: number;
  readonly failed: StretchOutcome["failed"][number][];
  readonly counts: Map<string, number>;
}

const STRETCH = 50;

/** Plays a range of seeds, each worker a stretch at a time. */
export async function playRange(range: SeedRange): Promise<Sum> {
  const sum: Sum = {
    ...{ seeds: 0, messages: 0, livedMs: 0, playedTwice: 0 },
    failed: [],
    counts: new Map(),
  };
  let next = range.from;
  const end = range.from + range.seeds;
  const untilFailure = range.untilFailure ?? false;
  const take = (): Omit<Stretch, "directory"> | null => {
    if (next >= end || (untilFailure && sum.failed.length > 0)) return null;
    const from = next;
    next = Math.min(end, from + STRETCH);
    return { from, seeds: next - from, twiceEvery: range.twiceEvery, untilFailure };
  };
  const base = await memoryDirectory();
  try {
    await Promise.all(Array.from({ length: range.atOnce }, async (_, at) => {
      const directory = `${base}/${at}`;
      await Deno.mkdir(directory);
      await workOff(directory, take, (outcome) => {
        add(sum, outcome);
        range.done?.(outcome);
      });
    }));
  } finally {
    await Deno.remove(base, { recursive: true });
  }
  sum.failed.sort((one, other) => one.seed - other.seed);
  return sum;
}

/** A directory that costs no disk where the system has such a place. */
export async function memoryDirectory(): Promise<string> {
  const dir = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
  return await Deno.makeTempDir(dir === undefined ? {} : { dir });
}

async function workOff(
  directory: string,
  take: () => Omit<Stretch, "directory"> | null,
  done: (outcome: StretchOutcome) => void,
): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  try {
    for (let stretch = take(); stretch !== null; stretch = take()) {
      done(await ask(worker, { ...stretch, directory }));
    }
  } finally {
    worker.terminate();
  }
}

function ask(worker: Worker, stretch: Stretch): Promise<StretchOutcome> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<StretchOutcome>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`Cannot play the seeds from ${stretch.from} on: ${event.message}`));
    };
    worker.postMessage(stretch);
  });
}

function add(sum: Sum, outcome: StretchOutcome): void {
  sum.seeds += outcome.seeds;
  sum.messages += outcome.messages;
  sum.livedMs += outcome.livedMs;
  sum.playedTwice += outcome.playedTwice;
  sum.failed.push(...outcome.failed);
  for (const [what, count] of outcome.counts) {
    sum.counts.set(what, (sum.counts.get(what) ?? 0) + count);
  }
}
