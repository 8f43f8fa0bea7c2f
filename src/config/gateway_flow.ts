import type { Findings } from "./fault.ts";
import type { AccountIndex } from "./gateways.ts";
import type { RawGateway } from "./raw_gateways.ts";
import type { GatewayConfig } from "./types.ts";

/** Warns of gateways through which nothing can flow. Answers whether something can flow through any. */
export function checkFlow(
  gateways: readonly GatewayConfig[],
  raw: readonly RawGateway[],
  known: AccountIndex,
  findings: Findings,
): boolean {
  let any = false;
  for (const [index, gateway] of gateways.entries()) {
    const place = raw[index]?.place;
    const hasFlow = flows(gateway);
    any ||= hasFlow;
    if (place === undefined || hasFlow) continue;
    // One that lost an endpoint to a fault is judged when the fault is mended.
    if (raw[index]?.endpoints.some((one) => !known.accounts.has(one.account.toLowerCase()))) {
      continue;
    }
    findings.warn(place, whyNoFlow(gateway));
  }
  return any;
}

function flows(gateway: GatewayConfig): boolean {
  return gateway.endpoints.some((from, index) =>
    from.direction !== "out" &&
    gateway.endpoints.some((to, other) => other !== index && to.direction !== "in")
  );
}

function whyNoFlow({ endpoints }: GatewayConfig): string {
  if (endpoints.length < 2) {
    return `has ${
      endpoints.length === 0 ? "no endpoint" : "only one endpoint"
    }, so nothing can be relayed through it: add a [[gateway.inout]]`;
  }
  const all = endpoints.every((endpoint) => endpoint.direction === "in") ? "in" : "out";
  return `has only endpoints under "${all}", so nothing can be relayed through it: put one of them under "inout"`;
}
