import * as v from "valibot";
import { formatRfc3339, parseRfc3339 } from "../../base/times.ts";

/** File in the data directory where a running relay says how it stands. Its time of change is the last sign of life. */
export const HEALTH_FILE = "health.json";

/** How an account stands. */
export interface AccountHealth {
  readonly account: string;
  /** Connected, and in all its channels. */
  readonly relaying: boolean;
  /** Since when that is so: milliseconds since the UNIX epoch. */
  readonly sinceMs: number;
  /** For people; never a server's words, which could hold anything. */
  readonly note: string;
}

export interface HealthRecord {
  readonly version: string;
  readonly startedAtMs: number;
  readonly accounts: readonly AccountHealth[];
}

const File = v.object({
  version: v.string(),
  started_at: v.string(),
  accounts: v.array(v.object({
    account: v.string(),
    relaying: v.boolean(),
    since: v.string(),
    note: v.string(),
  })),
});

export function encodeHealth(record: HealthRecord): Uint8Array {
  const content: v.InferOutput<typeof File> = {
    version: record.version,
    started_at: formatRfc3339(record.startedAtMs),
    accounts: record.accounts.map(({ account, relaying, sinceMs, note }) => ({
      account,
      relaying,
      since: formatRfc3339(sinceMs),
      note,
    })),
  };
  return new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
}

/** Null for what is no such file. */
export function decodeHealth(bytes: Uint8Array): HealthRecord | null {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  const parsed = v.safeParse(File, json);
  if (!parsed.success) return null;
  const { version, started_at, accounts } = parsed.output;
  return {
    version,
    startedAtMs: parseRfc3339(started_at) ?? 0,
    accounts: accounts.map(({ account, relaying, since, note }) => ({
      account,
      relaying,
      sinceMs: parseRfc3339(since) ?? 0,
      note,
    })),
  };
}

/** A relay that gave no sign of life for so long hangs or is gone: three beats and a bit. */
const LONGEST_SILENCE_MS = 35_000;
/** A short outage of a service is its own business: connections end and come back. */
const LONGEST_OUTAGE_MS = 60_000;

interface HealthVerdict {
  readonly healthy: boolean;
  /** One line an account, or one that says why nothing can be said. */
  readonly lines: readonly string[];
}

/** What a relay's own record and its last sign of life tell at `nowMs`. */
export function judgeHealth(record: HealthRecord, beatMs: number, nowMs: number): HealthVerdict {
  const silentMs = nowMs - beatMs;
  if (silentMs > LONGEST_SILENCE_MS) {
    const line = `no sign of life for ${seconds(silentMs)}: the relay hangs or was killed`;
    return { healthy: false, lines: [line] };
  }
  const isFine = ({ relaying, sinceMs }: AccountHealth) =>
    relaying || nowMs - sinceMs <= LONGEST_OUTAGE_MS;
  return {
    healthy: record.accounts.every(isFine),
    lines: record.accounts.map(({ account, note, sinceMs }) =>
      `${account}: ${note} for ${seconds(nowMs - sinceMs)}`
    ),
  };
}

function seconds(spanMs: number): string {
  return `${Math.max(0, Math.round(spanMs / 1_000))} s`;
}
