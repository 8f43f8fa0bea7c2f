import type { Clock } from "../../../base/clock.ts";
import type { StsPolicies } from "../link/options.ts";

interface StsContext {
  readonly host: string;
  readonly port: number;
  readonly tls: unknown;
  readonly sts: StsPolicies;
  readonly clock: Clock;
}

/** Keeps what a server that we reached by TLS wants; the port to go to by TLS when we came in plain text, else null. */
export function heedSts(value: string, context: StsContext): number | null {
  const { clock, host, port, sts, tls } = context;
  const verdict = stsVerdict(value, tls !== null);
  if (verdict.kind === "keep") {
    const { durationMs } = verdict;
    const untilMs = clock.now() + durationMs;
    sts.set(host, durationMs === 0 ? null : { port, untilMs, durationMs });
  }
  return verdict.kind === "upgrade" ? verdict.port : null;
}

/** At the end of a connection by TLS: the policy that it brought holds from now on for as long as it says. */
export function renewSts(context: StsContext, connectedMs: number): void {
  const { clock, host, sts, tls } = context;
  const policy = sts.get(host);
  if (tls === null || policy === null) return;
  const learnedMs = policy.untilMs - policy.durationMs;
  if (learnedMs >= connectedMs) {
    sts.set(host, { ...policy, untilMs: clock.now() + policy.durationMs });
  }
}

/** What follows from the value of the `sts` capability. */
export type StsVerdict =
  | { readonly kind: "none" }
  /** Over plain text: hang up and come back by TLS on this port. */
  | { readonly kind: "upgrade"; readonly port: number }
  /** Over TLS, where alone a duration may be believed. */
  | { readonly kind: "keep"; readonly durationMs: number };

/** Reads the capability's value; a malformed one says nothing. */
export function stsVerdict(value: string, overTls: boolean): StsVerdict {
  const tokens = new Map(
    value.split(",").map((token) => {
      const [key = "", written = ""] = token.split("=");
      return [key.trim(), written.trim()];
    }),
  );
  const number = (key: string) =>
    /^\d{1,15}$/.test(tokens.get(key) ?? "") ? Number(tokens.get(key)) : null;
  if (overTls) {
    const seconds = number("duration");
    return seconds === null ? { kind: "none" } : { kind: "keep", durationMs: seconds * 1000 };
  }
  const port = number("port");
  return port === null || port < 1 || port > 65_535 ? { kind: "none" } : { kind: "upgrade", port };
}
