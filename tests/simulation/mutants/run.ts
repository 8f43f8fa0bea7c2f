import { parseArgs } from "node:util";
import { edited, type Mutant, MUTANTS } from "./mutants.ts";

/**
 * Puts each defect back, one at a time, into a copy of the source, and plays seeds until one deviates:
 * `deno run -A tests/simulation/mutants/run.ts [--seeds N] [NAME …]`. Ends with 1 when a defect is not found.
 */
const ROOT = new URL("../../../", import.meta.url).pathname;
const COPIED = ["src", "tests", "deno.json", "deno.lock"];

// deno-lint-ignore no-console
const say = console.log;

interface Finding {
  readonly mutant: Mutant;
  /** What the first seed that failed came to; null when none did. */
  readonly first: string | null;
  readonly seconds: number;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { seeds: { type: "string", default: "10000" } },
    allowPositionals: true,
  });
  const wanted = MUTANTS.filter(({ name }) =>
    positionals.length === 0 || positionals.includes(name)
  );
  let missed = 0;
  for (const mutant of wanted) {
    const finding = await hunt(mutant, Number(values.seeds)).catch((error) => {
      say(`${mutant.name}: ${error.message}`);
      return null;
    });
    if (finding === null) {
      missed++;
      continue;
    }
    if (finding.first === null) missed++;
    const seconds = finding.seconds.toFixed(0);
    say(`${mutant.name} (${seconds} s): ${finding.first ?? `NOT FOUND in ${values.seeds} seeds`}`);
  }
  say(`${wanted.length - missed} of ${wanted.length} defects found`);
  return missed === 0 ? 0 : 1;
}

async function hunt(mutant: Mutant, seeds: number): Promise<Finding> {
  const directory = await Deno.makeTempDir();
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  try {
    await copySource(directory);
    for (const edit of mutant.edits) {
      const path = `${directory}/${edit.file}`;
      await Deno.writeTextFile(path, edited(await Deno.readTextFile(path), edit));
    }
    for (let from = 1; from <= seeds;) {
      const first = await firstFailure(directory, from, seeds - from + 1);
      if (first === null) break;
      // What fails without the defect too says nothing of it.
      if (await firstFailure(ROOT, first.seed, 1) === null) {
        return { mutant, first: first.line, seconds: seconds() };
      }
      from = first.seed + 1;
    }
    return { mutant, first: null, seconds: seconds() };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function firstFailure(
  directory: string,
  from: number,
  seeds: number,
): Promise<{ readonly seed: number; readonly line: string } | null> {
  const range = ["--from", String(from), "--seeds", String(seeds)];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tests/simulation/simulate.ts", "--until-failure", ...range],
    cwd: directory,
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  if (!lines.some((line) => /\d seeds, \d+ with deviations/.test(line))) {
    throw new Error(`Cannot play ${directory}: ${new TextDecoder().decode(stderr)}`);
  }
  const found = lines.flatMap((line) => {
    const seed = /^seed (\d+):/.exec(line)?.[1];
    return seed === undefined ? [] : [{ seed: Number(seed), line }];
  });
  return found.sort((one, other) => one.seed - other.seed)[0] ?? null;
}

async function copySource(directory: string): Promise<void> {
  for (const path of COPIED) {
    const { success } = await new Deno.Command("cp", {
      args: ["-r", `${ROOT}${path}`, `${directory}/${path}`],
    }).output();
    if (!success) throw new Error(`Cannot copy ${path}`);
  }
}

Deno.exit(await main());
