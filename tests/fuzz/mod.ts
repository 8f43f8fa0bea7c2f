import { parseArgs } from "node:util";
import { fuzz, type FuzzCounts } from "./fuzz_run.ts";

/** `deno task fuzz [--minutes N] [--seed N]`: prints what was thrown and what was found; exit code 1 for a finding. */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  print("--minutes takes a number above 0, --seed a whole number");
  Deno.exit(2);
}

print(`seed ${seed}, ${minutes} min`);
let toldMs = performance.now();
const { counts, findings } = await fuzz({
  seed,
  forMs: minutes * 60_000,
  progress: (counts) => {
    if (performance.now() - toldMs < 30_000) return;
    toldMs = performance.now();
    print(inWords(counts));
  },
});
print(inWords(counts));
for (const finding of findings) print(`FOUND ${finding}`);
print(findings.length === 0 ? "nothing found" : `${findings.length} findings, seed ${seed}`);
Deno.exit(findings.length === 0 ? 0 : 1);

function inWords(counts: Readonly<FuzzCounts>): string {
  const { ircLines, kosmiFrames, texts, shown, crossings, reconnects } = counts;
  return `${ircLines} IRC lines, ${kosmiFrames} GraphQL frames, ${texts} texts; ${shown} messages relayed, ` +
    `${crossings} checks that messages still cross, ${reconnects} reconnects`;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
