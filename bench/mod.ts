/**
 * `deno task bench [name …] [--option value …]`: runs the benches named, or all, each as a program of its own, one after
 * the other. Ends with 1 when one of them lost, doubled or reordered a message.
 */
import { print } from "./support/bench.ts";

const BENCHES = [
  "latency",
  "api",
  "start",
  "throughput",
  "memory",
  "gateways",
  "outage",
  "burst",
  "store",
];

/** Run only when they are named: one needs the other program's name, one takes minutes. */
const BY_NAME = ["pair", "scale"];

function machine(): string {
  const { architecture, os } = { architecture: Deno.build.arch, os: Deno.build.os };
  const memoryGb = Math.round(Deno.systemMemoryInfo().total / 1e9);
  return `${os} ${architecture}, ${navigator.hardwareConcurrency} cores, ${memoryGb} GB, Deno ${Deno.version.deno}`;
}

async function run(name: string, options: readonly string[]): Promise<boolean> {
  const path = new URL(`./${name}.ts`, import.meta.url).pathname;
  const args = ["run", "-A", path, ...options];
  const { code } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  return code === 0;
}

const firstOption = Deno.args.findIndex((arg) => arg.startsWith("--"));
const at = firstOption === -1 ? Deno.args.length : firstOption;
const names = Deno.args.slice(0, at);
const options = Deno.args.slice(at);
const unknown = names.filter((name) => ![...BENCHES, ...BY_NAME].includes(name));
if (unknown.length > 0) {
  print(`Cannot run ${unknown.join(", ")}: the benches are ${[...BENCHES, ...BY_NAME].join(", ")}`);
  Deno.exit(2);
}
print(`${new Date().toISOString().slice(0, 10)}, ${machine()}`);
const failed: string[] = [];
for (const name of names.length === 0 ? BENCHES : names) {
  if (!await run(name, options)) failed.push(name);
}
if (failed.length > 0) print(`\nFailed: ${failed.join(", ")}`);
Deno.exit(failed.length === 0 ? 0 : 1);
