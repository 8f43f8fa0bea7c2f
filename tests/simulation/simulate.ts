import { parseArgs } from "node:util";
import { memoryDirectory, playRange, type Sum } from "./crew.ts";
import { drawPlan, type Plan } from "./plan.ts";
import { type Outcome, play } from "./play.ts";
import { shrink } from "./shrink.ts";

const USAGE = `deno task simulate [--seeds N] [--from S] [--at-once N] [--until-failure]
                                                           plays N seeds from S on (100 from 1)
deno task simulate --seed S [--trace]                      plays one, and shortens its schedule when it fails`;

const OPTIONS = {
  seeds: { type: "string", default: "100" },
  from: { type: "string", default: "1" },
  "at-once": { type: "string", default: String(Math.min(navigator.hardwareConcurrency, 8)) },
  seed: { type: "string" },
  "until-failure": { type: "boolean", default: false },
  trace: { type: "boolean", default: false },
} as const;

// deno-lint-ignore no-console
const say = console.log;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  const { seed } = values;
  if (seed !== undefined) return await playOne(wholeNumber("--seed", seed), values.trace);
  return await playMany(
    wholeNumber("--from", values.from),
    wholeNumber("--seeds", values.seeds),
    wholeNumber("--at-once", values["at-once"]),
    values["until-failure"],
  );
}

function wholeNumber(name: string, written: string): number {
  const number = Number(written);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new Error(`${name} ${written}: a whole number from 1 on is wanted\n${USAGE}`);
}

async function playMany(
  from: number,
  seeds: number,
  atOnce: number,
  untilFailure: boolean,
): Promise<number> {
  const startedMs = performance.now();
  const sum = await playRange({
    ...{ from, seeds, atOnce, untilFailure, twiceEvery: 50 },
    done: ({ failed }) => {
      for (const { seed, deviations } of failed) {
        say(
          `seed ${seed}: ${deviations.length} deviations; ${deviations[0]?.kind}: ${
            deviations[0]?.what
          }`,
        );
      }
    },
  });
  report(sum, (performance.now() - startedMs) / 1000);
  return sum.failed.length === 0 ? 0 : 1;
}

function report(sum: Sum, seconds: number): void {
  const hours = sum.livedMs / 3_600_000;
  const counted = [...sum.counts].sort(([one], [other]) => one < other ? -1 : 1);
  for (const [what, count] of counted) say(`  ${what}: ${count}`);
  say(
    `${sum.seeds} seeds, ${sum.failed.length} with deviations; ${sum.messages} messages; ` +
      `${sum.playedTwice} played twice; ${hours.toFixed(0)} simulated hours in ${
        seconds.toFixed(1)
      } s ` +
      `(${(hours / seconds).toFixed(1)} hours and ${
        (sum.seeds / seconds).toFixed(0)
      } seeds a second)`,
  );
}

async function playOne(seed: number, trace: boolean): Promise<number> {
  const directory = await memoryDirectory();
  const played = (plan: Plan) => play(plan, { directory, keepsLines: trace });
  try {
    const plan = drawPlan(seed);
    const outcome = await played(plan);
    if (outcome.deviations.length === 0) {
      tell(outcome);
      say(`seed ${seed}: no deviation (${outcome.fingerprint})`);
      return 0;
    }
    const kinds = new Set(outcome.deviations.map(({ kind }) => kind));
    const smaller = await shrink(plan, async (one) => {
      const { deviations } = await play(one, { directory });
      return deviations.some(({ kind }) => kinds.has(kind));
    });
    tell(await played(smaller));
    const dropped = plan.schedule.length - smaller.schedule.length;
    say(`seed ${seed}, without ${dropped} of its ${plan.schedule.length} happenings:`);
    for (const happening of smaller.schedule) say(`  ${JSON.stringify(happening)}`);
    for (const { habits } of plan.services) say(`  ${JSON.stringify(habits)}`);
    say(`  ${JSON.stringify(plan.limits)}`);
    return 1;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function tell(outcome: Outcome): void {
  for (const line of outcome.lines) say(line);
  for (const { kind, what } of outcome.deviations) say(`${kind}: ${what}`);
}

Deno.exit(await main());
