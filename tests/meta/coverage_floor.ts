/**
 * Reads `deno coverage --lcov` from standard input, prints the share of covered lines for each module and fails when the
 * whole is below the floor.
 */

/** Per cent of the lines of src that tests must run. Raise it when the share has grown; never lower it to pass. */
export const COVERAGE_FLOOR_PERCENT = 80;

/** Lines found and lines run. */
export interface Share {
  readonly found: number;
  readonly hit: number;
}

/** Shares by module (`src/relay`, `src/bridges/…`), from an lcov report. */
export function sharesByRoom(lcov: string): ReadonlyMap<string, Share> {
  const shares = new Map<string, Share>();
  let module = "";
  for (const line of lcov.split("\n")) {
    const [tag, value = ""] = splitOnce(line);
    if (tag === "SF") module = moduleOf(value);
    const before = shares.get(module) ?? { found: 0, hit: 0 };
    if (tag === "LF") shares.set(module, { ...before, found: before.found + Number(value) });
    if (tag === "LH") shares.set(module, { ...before, hit: before.hit + Number(value) });
  }
  return shares;
}

function splitOnce(line: string): string[] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line] : [line.slice(0, colon), line.slice(colon + 1)];
}

function moduleOf(path: string): string {
  const folders = path.slice(path.lastIndexOf("/src/") + 1).split("/").slice(0, -1);
  return folders.slice(0, folders[1] === "bridges" ? 3 : 2).join("/");
}

export function sum(shares: Iterable<Share>): Share {
  let [found, hit] = [0, 0];
  for (const share of shares) {
    found += share.found;
    hit += share.hit;
  }
  return { found, hit };
}

export function percentOf({ found, hit }: Share): number {
  return found === 0 ? 0 : 100 * hit / found;
}

if (import.meta.main) {
  const shares = sharesByRoom(await new Response(Deno.stdin.readable).text());
  const total = percentOf(sum(shares.values()));
  const rows = [...shares].sort().map(([module, share]) => `${row(percentOf(share))} ${module}`);
  const verdict = `${row(total)} in all; the floor is ${COVERAGE_FLOOR_PERCENT} %`;
  await Deno.stdout.write(new TextEncoder().encode([...rows, verdict, ""].join("\n")));
  Deno.exitCode = total < COVERAGE_FLOOR_PERCENT ? 1 : 0;
}

function row(percent: number): string {
  return `${percent.toFixed(1).padStart(5)} %`;
}
