const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const WHOLE =
  /^(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d))*$/;
const STEP = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/g;

/** Reads Go's durations ("1m30s", "500ms", "1.5h") and, beyond Go, days ("7d") as milliseconds; null when it is none. */
export function parseGoDuration(text: string): number | null {
  if (text === "0") return 0;
  if (text.length > 40 || !WHOLE.test(text)) return null;
  let sumMs = 0;
  for (const [, count, unit] of text.matchAll(STEP)) {
    sumMs += Number(count) * (UNIT_MS[unit ?? ""] ?? NaN);
  }
  return Number.isFinite(sumMs) ? Math.round(sumMs) : null;
}

const SHOWN_UNITS = ["d", "h", "m", "s", "ms"];

/** Writes milliseconds the same way: 90000 is "1m30s". */
export function formatGoDuration(totalMs: number): string {
  let leftMs = Math.round(totalMs);
  let text = "";
  for (const unit of SHOWN_UNITS) {
    const unitMs = UNIT_MS[unit] ?? 1;
    const count = Math.floor(leftMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    leftMs -= count * unitMs;
  }
  return text === "" ? "0s" : text;
}
