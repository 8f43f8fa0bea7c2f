import type { DeviationKind } from "./deviation.ts";
import { describeFault, FAULT_KINDS } from "./fault.ts";
import type { ServerKind } from "./plan.ts";
import type { SeedResult } from "./run_seed.ts";

const SERVERS: readonly ServerKind[] = ["inspircd", "chathistory", "ngircd"];
const KINDS: readonly DeviationKind[] = ["lost", "doubled", "reordered", "returned"];

/** True when the relay did all that could be done. */
export function isGood(result: SeedResult): boolean {
  return result.troubles.length === 0 &&
    result.deviations.every((one) => one.impossible !== null);
}

/** One table for all seeds: what was said, what went wrong, what was impossible. */
export function table(results: readonly SeedResult[]): string {
  const rows = SERVERS.map((server) => {
    const own = results.filter(({ plan }) => plan.server === server);
    const count = (kind: DeviationKind, impossible: boolean) =>
      own.flatMap(({ deviations }) => deviations)
        .filter((one) => one.kind === kind && (one.impossible !== null) === impossible).length;
    return [
      server,
      own.length,
      own.reduce((sum, { expected }) => sum + expected, 0),
      ...KINDS.map((kind) => count(kind, false)),
      count("lost", true),
      count("doubled", true),
      own.filter(({ troubles }) => troubles.length > 0).length,
    ];
  });
  const head = ["server", "seeds", "messages", ...KINDS, "imp. lost", "imp. doubled", "troubled"];
  return [head, ...rows].map((row) => row.map((cell) => String(cell).padStart(12)).join(""))
    .join("\n");
}

/** How often each fault was played, and how many seeds with it had a fault of the relay's. */
export function faultTable(results: readonly SeedResult[]): string {
  return FAULT_KINDS.map((kind) => {
    const played = results.flatMap(({ records }) => records)
      .filter(({ fault }) => fault.kind === kind).length;
    const bad = results.filter((one) =>
      !isGood(one) && one.records.some(({ fault }) => fault.kind === kind)
    ).length;
    return `${kind.padEnd(20)} played ${String(played).padStart(5)}, in bad seeds ${bad}`;
  }).join("\n");
}

/** Why impossible, counted. */
export function impossibleTable(results: readonly SeedResult[]): string {
  const counts = new Map<string, number>();
  for (const { plan, deviations } of results) {
    for (const { kind, impossible } of deviations) {
      if (impossible === null) continue;
      const text = `${plan.server}: ${kind}: ${impossible}`;
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return [...counts].sort().map(([text, count]) => `${String(count).padStart(6)} ${text}`)
    .join("\n");
}

/** A failed seed for a person who is to find out why. */
export function details({ plan, deviations, troubles, records, announced }: SeedResult): string {
  const bad = deviations.filter((one) => one.impossible === null);
  const first = records[0]?.startMs ?? 0;
  return [
    `seed ${plan.seed} (${plan.server}, ${plan.login}, pace ${plan.pace}, ${
      JSON.stringify(plan.kosmi)
    })`,
    ...records.map(({ fault, startMs }) =>
      `  fault +${Math.round(startMs - first)} ms ${describeFault(fault)}`
    ),
    ...troubles.map((text) => `  trouble: ${text}`),
    ...bad.slice(0, 12).map((one) =>
      `  ${one.kind} ${one.series}#${one.number} from ${one.from} at +${
        Math.round(one.atMs - first)
      } ms: ${one.around}`
    ),
    ...(bad.length > 12 ? [`  … and ${bad.length - 12} more`] : []),
    ...announced.slice(0, 3).map((text) => `  announced: ${text}`),
  ].join("\n");
}
