import { describeFault, type Fault } from "./fault.ts";

/** A fault as it happened; times by performance.now(). */
export interface FaultRecord {
  readonly fault: Fault;
  readonly startMs: number;
  /** When what went down was really gone. */
  downMs: number;
  endMs: number;
}

/** The faults around a moment, for people: when they began, as seen from it. */
export function faultsAround(records: readonly FaultRecord[], atMs: number): string {
  const near = records.filter((one) => one.startMs < atMs + 3_000 && one.endMs > atMs - 3_000);
  if (near.length === 0) return "no fault near";
  return near.map(({ fault, startMs }) => {
    const offsetMs = Math.round(startMs - atMs);
    return `${offsetMs >= 0 ? "+" : ""}${offsetMs} ms ${describeFault(fault)}`;
  }).join("; ");
}

export function delay(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs));
}
