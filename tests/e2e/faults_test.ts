import assert from "node:assert/strict";
import { needs } from "../support/skip.ts";
import { machineLimits } from "./faults/limits.ts";
import { planOf } from "./faults/plan.ts";
import { pool } from "./faults/pool.ts";
import { details, isGood, table } from "./faults/report.ts";
import { runSeed, type SeedResult } from "./faults/run_seed.ts";

const SEEDS = 50;
/** Each world mostly waits: so many keep two processors busy without making each other late. */
const AT_ONCE = 8;

needs("ngircd", "inspircd", "openssl")(
  `${SEEDS} schedules of faults: every message once and in order, but for what is impossible`,
  async (t) => {
    const { limits, skipped } = await machineLimits();
    for (const name of skipped) await t.step({ name: `fault ${name}`, ignore: true, fn() {} });
    const results: SeedResult[] = [];
    const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1);
    await pool(seeds, AT_ONCE, async (seed) => {
      results.push(await runSeed(planOf(seed, limits)));
    });
    const bad = results.filter((result) => !isGood(result));
    assert.equal(bad.length, 0, [...bad.map(details), table(results)].join("\n"));
    assert.ok(results.every(({ expected }) => expected > 0));
  },
);
