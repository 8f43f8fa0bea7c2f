import { backoffMs, type BackoffPolicy } from "../../base/backoff.ts";
import type { LinkEnd } from "../port/bridge.ts";

/** What the supervisor knows when a connection has ended. Times in milliseconds. */
export interface Ending {
  readonly end: LinkEnd;
  /** How long the link was ready; 0 when it never was. */
  readonly readyMs: number;
  /** Connections in a row that ended without having been ready for long, this one included. */
  readonly failures: number;
  /** How long the account has been without a ready link. */
  readonly outageMs: number;
  /** In [0, 1). */
  readonly random: number;
}

export type NextStep =
  | { readonly kind: "stop" }
  | { readonly kind: "retry"; readonly waitMs: number; readonly failures: number }
  /** Say it loudly: it will not mend by itself. */
  | { readonly kind: "retry-slowly"; readonly waitMs: number; readonly failures: number };

/** A link counts as good again when it was ready for so long: then the next failure is a first one. */
const GOOD_LINK_MS = 60_000;

/** Most outages are restarts of a server and short: the waits stay small while the outage is young. */
const YOUNG_OUTAGE_MS = 30_000;
const YOUNG: BackoffPolicy = { baseMs: 500, capMs: 2_500, jitter: 0.3 };
/** Later they grow with it, so that nobody waits much longer for the relay than they waited for the server. */
const SHARE_OF_OUTAGE = 4;
const LONGEST_MS = 300_000;
/** A service that let us in and threw us out again is asked less often than one that is not there. */
const THROWN_OUT: BackoffPolicy = { baseMs: 2_000, capMs: 30_000, jitter: 0.5 };
const THROTTLED: BackoffPolicy = { baseMs: 2_000, capMs: LONGEST_MS, jitter: 0.5 };
const REFUSED_MS = 15 * 60_000;

/** Why a connection ended -> what to do next. Pure. */
export function nextStep(ending: Ending): NextStep {
  const { end, random } = ending;
  if (end.kind === "stopped") return { kind: "stop" };
  const failures = ending.readyMs >= GOOD_LINK_MS ? 1 : ending.failures;
  const leastMs = end.retryAfterMs ?? 0;
  if (end.kind === "refused") {
    return { kind: "retry-slowly", waitMs: end.retryAfterMs ?? REFUSED_MS, failures };
  }
  const backedOffMs = backoffMs(policyFor(ending), failures, random);
  return { kind: "retry", waitMs: Math.max(leastMs, backedOffMs), failures };
}

function policyFor({ end, readyMs, outageMs }: Ending): BackoffPolicy {
  if (end.kind === "throttled") return THROTTLED;
  if (readyMs > 0) return THROWN_OUT;
  if (outageMs < YOUNG_OUTAGE_MS) return YOUNG;
  return { ...YOUNG, capMs: Math.min(LONGEST_MS, Math.floor(outageMs / SHARE_OF_OUTAGE)) };
}
