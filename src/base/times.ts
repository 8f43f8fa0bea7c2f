const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A time as the token cache has it: UTC, whole seconds, "2025-11-02T15:56:23Z". */
export function formatRfc3339(atMs: number): string {
  return new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/** Milliseconds since the UNIX epoch; null for what is no RFC 3339 time. Takes any offset and any fraction (Go's). */
export function parseRfc3339(text: string): number | null {
  if (!RFC_3339.test(text)) return null;
  const atMs = Date.parse(text.toUpperCase());
  return Number.isFinite(atMs) ? atMs : null;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A length of time as people say it, in one or two units: "12 s", "3 min", "2 h 5 min", "4 days". */
export function spanInWords(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / SECOND_MS))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) {
    const minutes = Math.floor(ms % HOUR_MS / MINUTE_MS);
    const hours = `${Math.floor(ms / HOUR_MS)} h`;
    return minutes === 0 ? hours : `${hours} ${minutes} min`;
  }
  return counted(Math.floor(ms / DAY_MS), "day");
}

/** How long ago: below a minute it is "just now", so that the page need not change every second. */
export function agoInWords(ms: number): string {
  return ms < MINUTE_MS ? "just now" : `${spanInWords(ms)} ago`;
}

/** A measured time: "45 ms", "1.2 s", "3 min". */
export function tookInWords(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  return spanInWords(ms);
}

/** With thin groups, as in 12,345. */
export function numberInWords(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function counted(count: number, noun: string): string {
  return `${numberInWords(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** The start of the second in which this instant lies. */
export function secondOf(atMs: number): number {
  return Math.floor(atMs / 1_000) * 1_000;
}
