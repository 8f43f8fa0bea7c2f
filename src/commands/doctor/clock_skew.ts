import type { RowWriter } from "./row.ts";

/** What another clock said, and what ours said at that moment. Milliseconds since the UNIX epoch. */
export interface ClockSample {
  readonly source: string;
  readonly serverMs: number;
  readonly ourMs: number;
}

/** Whole seconds in headers and the way there: so much says nothing of a clock. */
const NEAR_MS = 15_000;
/** From here on history is cut at the wrong place and tokens are taken for good or bad too early. */
const FAR_MS = 5 * 60_000;

/** One row for the clock. When services do not agree, the one that is right is not known: then ours is not blamed. */
export function checkClock(samples: readonly ClockSample[], rows: RowWriter): void {
  const [first] = samples;
  if (first === undefined) return rows.skipped("clock", "no service told the time");
  const offsets = samples.map((one) => ({ ...one, offMs: one.ourMs - one.serverMs }));
  const off = offsets.filter(({ offMs }) => Math.abs(offMs) > NEAR_MS);
  if (off.length === 0) {
    return rows.ok("clock", `agrees with ${samples.map(({ source }) => source).join(", ")}`);
  }
  const seen = off.map(({ source, offMs }) => `${span(offMs)} than that of ${source}`).join(", ");
  if (off.length < offsets.length) {
    return rows.warn(
      "clock",
      `this machine's clock is ${seen}, and agrees with the others`,
      "look at that service's clock: messages caught up from its history may be cut too early or too late",
    );
  }
  const isFar = off.some(({ offMs }) => Math.abs(offMs) > FAR_MS);
  rows[isFar ? "broken" : "warn"](
    "clock",
    `this machine's clock is ${seen}`,
    "set the clock of this machine (timedatectl set-ntp true)",
  );
}

function span(offMs: number): string {
  const seconds = Math.round(Math.abs(offMs) / 1_000);
  const units: readonly [seconds: number, word: string][] = [[86_400, "days"], [3_600, "h"], [
    60,
    "min",
  ]];
  const unit = units.find(([size]) => seconds >= 2 * size);
  const amount = unit === undefined
    ? `${seconds} s`
    : `${Math.round(seconds / unit[0])} ${unit[1]}`;
  return `${amount} ${offMs > 0 ? "later" : "earlier"}`;
}
