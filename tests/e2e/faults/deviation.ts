import type { Side } from "./plan.ts";

export type DeviationKind = "lost" | "doubled" | "reordered" | "returned";

/** A number that did not appear exactly once and in order. */
export interface Deviation {
  readonly kind: DeviationKind;
  /** Where it was said. */
  readonly from: Side;
  readonly series: string;
  readonly number: number;
  readonly atMs: number;
  /** What no relay could have done, with the reason; null: the relay's fault. */
  readonly impossible: string | null;
}
