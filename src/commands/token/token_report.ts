import { readJwt } from "../../auth/tokens/jwt.ts";
import { daysLeft, tokenAge } from "../../auth/tokens/token_source.ts";
import { formatRfc3339 } from "../../base/times.ts";
import type { CacheReading } from "../../store/files/token_cache.ts";

/** What `token status` tells of one account. Never holds the token. Times are RFC 3339, UTC. */
export interface TokenReport {
  readonly account: string;
  /** Where the relay would take the token from. */
  readonly source: "cache" | "configuration" | "login" | "anonymous";
  readonly state: "valid" | "expires soon" | "expired" | "none" | "unusable";
  readonly email: string | null;
  readonly saved: string | null;
  readonly expires: string | null;
  readonly daysLeft: number | null;
  readonly userId: string | null;
  /** One sentence for a person, where there is something to say. */
  readonly note: string | null;
}

const NOTHING = { email: null, saved: null, expires: null, daysLeft: null, userId: null };

/** An account with neither Email nor Token. */
export function anonymousReport(account: string): TokenReport {
  const note = "a new anonymous visitor at each start";
  return { ...NOTHING, account, source: "anonymous", state: "none", note };
}

/** An account whose token stands in the configuration. */
export function configuredReport(account: string, token: string, nowMs: number): TokenReport {
  const claims = readJwt(token);
  if (claims === null) {
    const note = "the configured Token is not a JWT";
    return { ...NOTHING, account, source: "configuration", state: "unusable", note };
  }
  const ends = claims.expiresAtMs === null ? null : endsAt(claims.expiresAtMs, nowMs);
  return {
    ...NOTHING,
    account,
    source: "configuration",
    state: ends?.state ?? "valid",
    expires: ends?.expires ?? null,
    daysLeft: ends?.daysLeft ?? null,
    userId: claims.subject,
    note: null,
  };
}

/** An account with an Email: what the cache holds for it. */
export function cacheReport(
  account: string,
  email: string,
  reading: CacheReading,
  nowMs: number,
): TokenReport {
  if (reading.kind !== "found") {
    const { state, note } = absence(reading);
    return { ...NOTHING, account, source: "login", state, email, note };
  }
  const { cached } = reading;
  const claims = readJwt(cached.token);
  return {
    account,
    source: "cache",
    ...endsAt(claims?.expiresAtMs ?? cached.expiresAtMs, nowMs),
    email: cached.email,
    saved: formatRfc3339(cached.savedAtMs),
    userId: claims?.subject ?? null,
    note: null,
  };
}

function endsAt(expiresAtMs: number, nowMs: number) {
  const states = { valid: "valid", soon: "expires soon", expired: "expired" } as const;
  return {
    state: states[tokenAge(expiresAtMs, nowMs)],
    expires: formatRfc3339(expiresAtMs),
    daysLeft: daysLeft(expiresAtMs, nowMs),
  };
}

function absence(
  reading: Exclude<CacheReading, { kind: "found" }>,
): { state: TokenReport["state"]; note: string } {
  switch (reading.kind) {
    case "missing":
      return { state: "none", note: "no cached token: the next startup logs in" };
    case "otherEmail":
      return {
        state: "none",
        note: "the cached token is another email's: the next startup logs in",
      };
    case "corrupt":
      return {
        state: "unusable",
        note: `the cache file can't be used: ${reading.reason}; the next start logs in`,
      };
    case "unreadable":
      return { state: "unusable", note: reading.reason };
  }
}

const COLUMNS = ["ACCOUNT", "SOURCE", "STATE", "EMAIL", "SAVED", "EXPIRES", "DAYS LEFT", "USER ID"];

/** The reports as a table for people, one line an account, notes below. */
export function reportTable(reports: readonly TokenReport[]): string {
  const rows = [COLUMNS, ...reports.map(cellsOf)];
  const widths = COLUMNS.map((_title, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  );
  const notes = reports.flatMap(({ account, note }) =>
    note === null ? [] : [`${account}: ${note}`]
  );
  return [...lines, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

function cellsOf(report: TokenReport): string[] {
  const { account, source, state, email, saved, expires, daysLeft, userId } = report;
  return [account, source, state, email, saved, expires, daysLeft?.toString() ?? null, userId]
    .map((cell) => cell === null || cell === "" ? "-" : cell);
}
