import type { Clock } from "../../../base/clock.ts";

/** A server's wish that clients come by TLS only (IRCv3 strict transport security). */
interface StsPolicy {
  readonly port: number;
  /** Until when it holds, milliseconds since the UNIX epoch. */
  readonly untilMs: number;
  /** How long the server wants it to hold after each connection. */
  readonly durationMs: number;
}

/** Where policies are kept between connections; by host name. */
export interface StsPolicies {
  get(host: string): StsPolicy | null;
  /** null: the server took its policy back. */
  set(host: string, policy: StsPolicy | null): void;
}

/** Keeps policies as long as the program runs. */
export class MemoryStsPolicies implements StsPolicies {
  readonly #policies = new Map<string, StsPolicy>();

  get(host: string): StsPolicy | null {
    return this.#policies.get(host) ?? null;
  }

  set(host: string, policy: StsPolicy | null): void {
    if (policy === null) this.#policies.delete(host);
    else this.#policies.set(host, policy);
  }
}

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
