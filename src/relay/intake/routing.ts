import type { ChannelPlan } from "../port/bridge.ts";
import { type AccountId, type EndpointId, endpointId } from "../port/ids.ts";
import type { Gateway, GatewayEndpoint, Route } from "../port/settings.ts";

/** Which way an event goes: read from the gateways in one go, then only looked up. */
export class Routing {
  readonly #routes = new Map<EndpointId, readonly Route[]>();
  readonly #plans = new Map<AccountId, readonly ChannelPlan[]>();
  readonly #places = new Set<EndpointId>();
  readonly #destinations = new Map<EndpointId, GatewayEndpoint>();

  constructor(gateways: readonly Gateway[]) {
    this.replace(gateways);
  }

  /** Other gateways from now on. */
  replace(gateways: readonly Gateway[]): void {
    this.#routes.clear();
    this.#plans.clear();
    this.#places.clear();
    this.#destinations.clear();
    const routes = new Map<EndpointId, Map<EndpointId, Route>>();
    const plans = new Map<AccountId, Map<EndpointId, ChannelPlan>>();
    for (const gateway of gateways) {
      for (const from of gateway.endpoints) {
        const id = endpointId(from.account, from.channel);
        this.#places.add(id);
        planChannel(plans, id, from);
        if (from.direction !== "in") this.#destinations.set(id, from);
        if (from.direction === "out") continue;
        const ways = routes.get(id) ?? new Map<EndpointId, Route>();
        routes.set(id, ways);
        // Two gateways that share two endpoints would say everything twice: the first one does it.
        for (const way of waysFrom(gateway, from, id)) {
          if (!ways.has(way.destination)) ways.set(way.destination, way);
        }
      }
    }
    for (const [id, ways] of routes) this.#routes.set(id, [...ways.values()]);
    for (const [account, channels] of plans) this.#plans.set(account, [...channels.values()]);
  }

  /** Where an event of this endpoint goes; empty for an endpoint that only receives. */
  from(origin: EndpointId): readonly Route[] {
    return this.#routes.get(origin) ?? [];
  }

  /** The channels that an account must enter. */
  plans(account: AccountId): readonly ChannelPlan[] {
    return this.#plans.get(account) ?? [];
  }

  /** True for a channel that its account must be in. */
  isPlanned(endpoint: EndpointId): boolean {
    return this.#places.has(endpoint);
  }

  /** Every endpoint that something can be delivered to. */
  destinations(): ReadonlyMap<EndpointId, GatewayEndpoint> {
    return this.#destinations;
  }
}

function waysFrom(gateway: Gateway, from: GatewayEndpoint, fromId: EndpointId): Route[] {
  return gateway.endpoints.flatMap((to) => {
    const destination = endpointId(to.account, to.channel);
    if (to.direction === "in" || destination === fromId) return [];
    return [{ gateway: gateway.name, from, to, destination }];
  });
}

function planChannel(
  plans: Map<AccountId, Map<EndpointId, ChannelPlan>>,
  id: EndpointId,
  endpoint: GatewayEndpoint,
): void {
  const channels = plans.get(endpoint.account) ?? new Map<EndpointId, ChannelPlan>();
  plans.set(endpoint.account, channels);
  const known = channels.get(id);
  channels.set(id, {
    channel: endpoint.channel,
    written: known?.written ?? endpoint.written,
    key: known?.key ?? endpoint.key,
    sends: (known?.sends ?? false) || endpoint.direction !== "in",
  });
}
