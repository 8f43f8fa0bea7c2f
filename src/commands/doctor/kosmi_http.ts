import { type HttpFinding, probeHttp } from "../../bridges/kosmi/diagnosis/http_probe.ts";
import { endpointsOf } from "../wire_kosmi.ts";
import type { KosmiChecks } from "./kosmi_account.ts";

const LIMIT_MS = 12_000;

/** Does Kosmi's HTTP endpoint answer? Anonymous logins go that way. */
export async function checkHttp(checks: KosmiChecks, signal: AbortSignal): Promise<boolean> {
  const { account, protocol, context, rows } = checks;
  const { clock, clocks } = context;
  const endpoints = endpointsOf(account);
  const { fault, time } = await probeHttp(
    { endpoints, protocol, clock, limitMs: LIMIT_MS },
    signal,
  );
  const { host } = new URL(endpoints.httpEndpoint);
  if (time !== null) clocks.push({ source: host, ...time });
  if (fault === null) rows.ok("HTTP", `${host} answers`);
  else rows.broken("HTTP", `${host}: ${seenOf(fault)}`, remedyFor(fault));
  return fault === null;
}

type Fault = NonNullable<HttpFinding["fault"]>;

function seenOf(fault: Fault): string {
  switch (fault.kind) {
    case "network":
      return fault.said;
    case "status":
      return fault.status === 403
        ? "it answers with HTTP 403: it does not accept the Origin or User-Agent, or blocks this address"
        : `it answers with HTTP ${fault.status}`;
    case "strange":
      return `it answers with ${fault.said}`;
  }
}

function remedyFor(fault: Fault): string {
  if (fault.kind === "network") {
    return "check HTTPEndpoint, this machine's network and its names (DNS)";
  }
  if (fault.kind === "strange") {
    return "check HTTPEndpoint: something else is there (a proxy's page?)";
  }
  if (fault.status === 403) {
    return "check AppURL; [kosmi.NAME.overrides] origin and userAgent set others; or use another address";
  }
  if (fault.status === 429) return "wait some minutes: too many requests";
  return fault.status >= 500
    ? "Kosmi itself is in trouble: wait, the relay goes on trying"
    : "check HTTPEndpoint";
}
