import type { Findings } from "./fault.ts";
import type { RawGateway } from "./raw_gateways.ts";
import { shown } from "./show.ts";
import type { GatewayConfig } from "./types.ts";

/** Letter case makes no difference, neither in an account nor in a channel. */
function idOf({ account, channel }: { account: string; channel: string }): string {
  return `${account} ${channel}`.toLowerCase();
}

/** One connection enters a channel once, with one key. */
export function refuseDifferentKeys(gateways: readonly RawGateway[], findings: Findings): void {
  const keys = new Map<string, string>();
  for (const endpoint of gateways.flatMap((gateway) => gateway.endpoints)) {
    if (endpoint.key === null) continue;
    const first = keys.get(idOf(endpoint));
    keys.set(idOf(endpoint), first ?? endpoint.key);
    if (first === undefined || first === endpoint.key) continue;
    findings.fault(
      endpoint.place,
      `the channel ${shown(endpoint.channel)} has another key further up: a channel has one key`,
    );
  }
}

/** A key that one gateway knows holds for all of them. */
export function withSharedKeys(gateways: readonly GatewayConfig[]): GatewayConfig[] {
  const keys = new Map<string, string>();
  for (const endpoint of gateways.flatMap((gateway) => gateway.endpoints)) {
    if (endpoint.key !== null) keys.set(idOf(endpoint), endpoint.key);
  }
  return gateways.map((gateway) => {
    const endpoints = gateway.endpoints.map((endpoint) =>
      Object.freeze({ ...endpoint, key: keys.get(idOf(endpoint)) ?? null })
    );
    return Object.freeze({ ...gateway, endpoints: Object.freeze(endpoints) });
  });
}
