import { parseArgs } from "node:util";
import { drawPlan } from "./plan.ts";
import { play } from "./play.ts";
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});
const directory = Deno.makeTempDirSync({ dir: "/dev/shm" });
const first = Number(values.seed ?? values.from), count = values.seed ? 1 : Number(values.seeds);
const t0 = performance.now();
let lived = 0, bad = 0, messages = 0;
const kinds = new Map<string, number>();
const allowed = new Map<string, number>();
for (let seed = first; seed < first + count; seed++) {
  const o = await play(drawPlan(seed), { directory, keepsLines: values.trace });
  lived += o.livedMs;
  messages += o.messages;
  if (values.trace) { for (const l of o.lines) console.log(l); }
  for (const [k, v] of o.counts) {
    if (k.startsWith("allowed")) allowed.set(k, (allowed.get(k) ?? 0) + v);
  }
  if (o.deviations.length > 0) {
    bad++;
    console.log(
      seed,
      o.deviations.length,
      o.deviations.slice(0, 3).map((d) => `${d.kind} ${d.what}`).join(" | "),
    );
    for (const d of o.deviations) kinds.set(d.kind, (kinds.get(d.kind) ?? 0) + 1);
  }
}
const s = (performance.now() - t0) / 1000;
console.log(
  `${count} seeds, ${bad} bad, ${messages} messages, ${s.toFixed(1)} s, ${
    (count / s).toFixed(1)
  }/s, ${(lived / 3600e3 / s).toFixed(2)} h/s`,
  kinds,
  allowed,
);
Deno.removeSync(directory, { recursive: true });
