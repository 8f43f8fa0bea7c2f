import { machineLimits } from "./limits.ts";
import { HARSH, planOf, SHORT } from "./plan.ts";
import { pool } from "./pool.ts";
import { details, faultTable, impossibleTable, isGood, table } from "./report.ts";
import { runSeed, type SeedResult } from "./run_seed.ts";

/**
 * `deno task soak [--seeds N] [--from N] [--seed N] [--minutes N] [--at-once N] [--harsh yes] [--keep-logs DIR]`: plays seeded
 * schedules of faults and says what was lost, doubled or reordered. Exit code 1 when anything was.
 */
interface SoakOptions {
  readonly seeds: readonly number[];
  readonly minutes: number;
  readonly atOnce: number;
  /** Longer schedules with more faults. */
  readonly harsh: boolean;
  readonly logs: string | null;
}

function read(args: readonly string[]): SoakOptions {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at += 2) given.set(args[at] ?? "", args[at + 1] ?? "");
  const number = (name: string, fallback: number) => Number(given.get(name) ?? fallback);
  const from = number("--from", 1);
  const one = given.get("--seed");
  const count = number("--seeds", given.has("--minutes") ? 1_000_000 : 50);
  return {
    seeds: one === undefined ? Array.from({ length: count }, (_, at) => from + at) : [Number(one)],
    minutes: number("--minutes", Infinity),
    atOnce: number("--at-once", 6),
    harsh: given.has("--harsh"),
    logs: given.get("--keep-logs") ?? null,
  };
}

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

async function soak(options: SoakOptions): Promise<boolean> {
  const { limits, skipped } = await machineLimits();
  for (const name of skipped) say(`skipped: ${name}`);
  const endMs = performance.now() + options.minutes * 60_000;
  const results: SeedResult[] = [];
  await pool(options.seeds, options.atOnce, async (seed) => {
    try {
      const result = await runSeed(planOf(seed, limits, options.harsh ? HARSH : SHORT));
      results.push(result);
      if (isGood(result)) return;
      say(details(result));
      if (options.logs !== null) {
        await Deno.writeTextFile(`${options.logs}/seed-${seed}.log`, result.log);
      }
    } catch (error) {
      failed.push(seed);
      say(`seed ${seed} could not be played: ${error instanceof Error ? error.stack : error}`);
    }
  }, () => performance.now() < endMs);
  const bad = results.filter((one) => !isGood(one)).map(({ plan }) => plan.seed);
  say(`\n${table(results)}\n\n${faultTable(results)}\n\n${impossibleTable(results)}\n`);
  say(
    bad.length + failed.length === 0
      ? "every seed good"
      : `bad seeds: ${[...bad, ...failed].sort((a, b) => a - b).join(" ")}`,
  );
  return bad.length + failed.length === 0;
}

const failed: number[] = [];

if (import.meta.main) Deno.exit(await soak(read(Deno.args)) ? 0 : 1);
