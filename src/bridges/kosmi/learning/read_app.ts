import type { Clock } from "../../../base/clock.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { type AppCode, type AppLimits, fetchApp } from "./app_scripts.ts";
import { type AppOperation, readOperations, type Source } from "./documents.ts";
import { type Given, type Matched, matchOperations } from "./match.ts";
import { type PersistedOperation, Scan } from "./scan.ts";

/** What the web app's code tells of how it speaks to the server. */
export interface AppReading extends Matched {
  /** What it puts into its first frame; null where the code doesn't tell. */
  readonly v: string | null;
  readonly r: string | null;
  /** Every operation that it has. */
  readonly all: readonly AppOperation[];
  /** Operations that it names only by a hash. */
  readonly persisted: readonly PersistedOperation[];
  readonly routes: readonly string[];
  readonly files: number;
  readonly characters: number;
  readonly faults: readonly string[];
}

interface ReadAppOptions {
  readonly appUrl: string;
  readonly protocol: KosmiProtocol;
  readonly clock: Clock;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly limits?: Partial<AppLimits>;
}

/** How long the code is looked at before everything else gets its turn. */
const SLICE_MS = 15;

/** Reads the app's code without running it. Rejects only with the signal's reason. */
export async function readApp(options: ReadAppOptions, signal: AbortSignal): Promise<AppReading> {
  const { protocol, clock } = options;
  const code = await fetchApp({ ...options, userAgent: protocol.userAgent }, signal);
  return await readCode(code, protocol, clock, signal);
}

/** The app's code, with what was seen of it elsewhere. */
export interface SeenCode extends AppCode {
  /** Documents that it sent. */
  readonly sources?: readonly Source[];
  /** Keys of the variables that it sent with them. */
  readonly variables?: readonly unknown[];
  /** What it put into its first frame. */
  readonly first?: Readonly<Record<string, unknown>> | null;
}

/** Reads what the app's code and frames tell. Rejects only with the signal's reason. */
export async function readCode(
  code: SeenCode,
  protocol: KosmiProtocol,
  clock: Clock,
  signal: AbortSignal,
): Promise<AppReading> {
  const pause = pauses(clock, signal);
  const budget = { left: MOST_WORK };
  const scans: Scan[] = [];
  const sources: Source[] = [...code.sources ?? []];
  for (const { text } of code.pieces) {
    const scan = await Scan.of(text, pause, budget);
    scans.push(scan);
    sources.push(...await scan.sources());
  }
  const all = await readOperations(sources, pause);
  const given: Given = (names, needed) => [
    // In the code constants stand as they are; of frames only the keys are kept.
    ...scans.flatMap((scan) => scan.objectsWith(names, needed)),
    ...(code.variables ?? []).filter((object) => fits(object, names, needed)),
  ];
  const matched = matchOperations(protocol, all, given);
  const init = code.first ?? scans.map((scan) => scan.init()).find((each) => each !== null);
  return {
    ...matched,
    v: versionOf(init?.["v"]),
    r: typeof init?.["r"] === "string" && init["r"].length <= 200 ? init["r"] : null,
    all,
    persisted: scans.flatMap((scan) => scan.persisted()),
    routes: scans.flatMap((scan) => scan.routes()),
    files: code.pieces.length,
    characters: code.pieces.reduce((sum, { text }) => sum + text.length, 0),
    faults: code.faults,
  };
}

/** Whether an object may be the variables of an operation. */
function fits(object: unknown, names: ReadonlySet<string>, needed: readonly string[]): boolean {
  if (typeof object !== "object" || object === null) return false;
  const keys = Object.keys(object);
  return keys.every((key) => names.has(key)) && needed.every((key) => keys.includes(key));
}

/** Work that the parser may do: characters read. */
const MOST_WORK = 60_000_000;

function pauses(clock: Clock, signal: AbortSignal): () => Promise<void> {
  let sinceMs = clock.monotonic();
  return async () => {
    if (clock.monotonic() - sinceMs < SLICE_MS) return;
    await clock.sleep(1, signal);
    sinceMs = clock.monotonic();
  };
}

function versionOf(value: unknown): string | null {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && /^[\w.+-]{1,40}$/.test(value) ? value : null;
}
