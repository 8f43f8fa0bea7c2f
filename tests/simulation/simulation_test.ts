import assert from "node:assert/strict";
import { memoryDirectory, playRange } from "./crew.ts";
import { edited, MUTANTS } from "./mutants/mutants.ts";
import { drawPlan, type Plan } from "./plan.ts";
import { play } from "./play.ts";
import { shrink } from "./shrink.ts";

/** So many are played with the tests; `deno task simulate` plays others. */
const SEEDS = 5_000;

Deno.test("seeded worlds: nothing is lost, doubled or out of order that need not be", async () => {
  const sum = await playRange({ from: 1, seeds: SEEDS, atOnce: 2, twiceEvery: 40 });
  const told = sum.failed.slice(0, 10).map(({ seed, deviations: [first] }) =>
    `deno task simulate --seed ${seed}   # ${first?.kind}: ${first?.what}`
  );
  assert.deepEqual(told, [], `${sum.failed.length} of ${sum.seeds} seeds deviate`);
  assert.equal(sum.seeds, SEEDS);
  assert.equal(sum.playedTwice, Math.floor(SEEDS / 40));
});

Deno.test("a seed gives the same run to the byte, another seed another one", async () => {
  const directory = await memoryDirectory();
  try {
    const lines = async (seed: number) =>
      (await play(drawPlan(seed), { directory, keepsLines: true })).lines;
    const first = await lines(7);
    assert.ok(first.length > 50, "a seed of some length");
    assert.deepEqual(await lines(7), first);
    assert.notDeepEqual(await lines(8), first);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a world with its database on a file is played like one in memory", async () => {
  const directory = await memoryDirectory();
  try {
    const plan = drawPlan(7);
    const played = async (onFile: boolean) =>
      (await play({ ...plan, onFile }, { directory, keepsLines: true })).lines;
    assert.deepEqual(await played(true), await played(false));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("shrink() keeps of a schedule what makes it fail", async () => {
  const plan = drawPlan(7);
  const culprits = new Set([plan.schedule[3], plan.schedule.at(-2)]);
  const isFailing = (one: Plan) =>
    Promise.resolve(
      [...culprits].every((culprit) => culprit !== undefined && one.schedule.includes(culprit)),
    );
  const smaller = await shrink(plan, isFailing);
  assert.deepEqual(new Set(smaller.schedule), culprits);
});

Deno.test("each defect of mutants/mutants.ts can still be put back", async () => {
  for (const { edits } of MUTANTS) {
    const sources = new Map<string, string>();
    for (const edit of edits) {
      const path = new URL(`../../${edit.file}`, import.meta.url);
      const source = sources.get(edit.file) ?? await Deno.readTextFile(path);
      sources.set(edit.file, edited(source, edit));
    }
  }
});
