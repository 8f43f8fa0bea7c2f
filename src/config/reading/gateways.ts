import type { Findings } from "../file/fault.ts";
import type { AccountConfig, EndpointConfig, GatewayConfig } from "../options/config.ts";
import { didYouMean } from "../values/did_you_mean.ts";
import { channelFault, channelKeyFault } from "../values/irc.ts";
import { describeValue, shown } from "../values/show.ts";
import { FOREIGN_PROTOCOLS } from "./accounts.ts";
import { checkRoom, isDefaultRoom, roomIdOf } from "./consistency.ts";
import type { RawEndpoint, RawGateway } from "./raw_gateways.ts";

/** What is known of the accounts of the file, by their id in lower case. */
export interface AccountIndex {
  /** Those that could be read. */
  readonly accounts: ReadonlyMap<string, AccountConfig>;
  /** All sections of our services, also those with faults. */
  readonly ids: ReadonlySet<string>;
  /** As written, for did-you-mean. */
  readonly spellings: readonly string[];
  /** `discord.x`, for services that we don't speak. */
  readonly foreign: ReadonlySet<string>;
}

/** Resolves gateways against the accounts. Those that have a fault are left out: the fault is told. */
export function resolveGateways(
  gateways: readonly RawGateway[],
  index: AccountIndex,
  findings: Findings,
): readonly GatewayConfig[] {
  refuseSameNames(gateways, findings);
  const resolved = gateways.map((gateway) => resolveGateway(gateway, index, findings));
  refuseDifferentKeys(gateways, findings);
  return Object.freeze(withSharedKeys(resolved));
}

function refuseSameNames(gateways: readonly RawGateway[], findings: Findings): void {
  const lines = new Map<string, number | null>();
  for (const { name, place } of gateways) {
    if (lines.has(name)) {
      findings.fault(
        place,
        `there is a gateway of this name already, on line ${lines.get(name)}: give each its own`,
      );
    } else if (name !== "") lines.set(name, place.line);
  }
}

function resolveGateway(
  gateway: RawGateway,
  index: AccountIndex,
  findings: Findings,
): GatewayConfig {
  const merged = new Map<string, EndpointConfig>();
  for (const raw of gateway.endpoints) {
    const account = accountOf(raw, index, findings);
    if (account === null) continue;
    checkChannel(raw, account, findings);
    const endpoint = Object.freeze({
      account: account.id,
      channel: raw.channel,
      direction: raw.direction,
      key: raw.key,
      line: raw.place.line,
    });
    addEndpoint(merged, endpoint, { raw, account }, findings);
  }
  const { name, place } = gateway;
  return Object.freeze({ name, line: place.line, endpoints: Object.freeze([...merged.values()]) });
}

/** The same channel under `in` and `out` is `inout`. */
function addEndpoint(
  merged: Map<string, EndpointConfig>,
  endpoint: EndpointConfig,
  from: { readonly raw: RawEndpoint; readonly account: AccountConfig },
  findings: Findings,
): void {
  const id = sameChannelKey(from.account, endpoint.channel);
  const first = merged.get(id);
  if (first === undefined) {
    merged.set(id, endpoint);
    return;
  }
  if (first.direction === "inout" || first.direction === endpoint.direction) {
    findings.warn(
      from.raw.place,
      `this channel stands in the gateway already, on line ${first.line}`,
    );
  }
  const direction = first.direction === endpoint.direction ? first.direction : "inout";
  merged.set(id, Object.freeze({ ...first, direction, key: first.key ?? endpoint.key }));
}

/** Equal for two spellings of one channel, as far as can be told without the service. */
function sameChannelKey(account: AccountConfig, channel: string): string {
  if (account.protocol === "irc") return `${account.id} ${channel.toLowerCase()}`;
  const room = isDefaultRoom(channel) ? account.roomUrl ?? "" : channel;
  return `${account.id} ${roomIdOf(room) ?? room}`;
}

function accountOf(
  raw: RawEndpoint,
  index: AccountIndex,
  findings: Findings,
): AccountConfig | null {
  const wanted = raw.account.toLowerCase();
  // Faults of the account itself, or that none is named, have been told already.
  if (index.ids.has(wanted) || wanted === "") return index.accounts.get(wanted) ?? null;
  if (isForeign(wanted, index)) {
    findings.fault(
      raw.accountPlace,
      `found "${
        shown(raw.account)
      }", a service that this relay does not speak: it speaks irc and kosmi`,
    );
    return null;
  }
  const there = index.spellings.map((id) => `"${id}"`).join(", ");
  const bySuffix = index.spellings.find((id) => id.toLowerCase().endsWith(`.${wanted}`));
  const hint = bySuffix === undefined
    ? didYouMean(raw.account, index.spellings) || (there === "" ? "" : `; there are ${there}`)
    : `; did you mean "${bySuffix}"?`;
  findings.fault(
    raw.accountPlace,
    `found "${shown(raw.account)}", but the file has no such account${hint}`,
  );
  return null;
}

function isForeign(wanted: string, index: AccountIndex): boolean {
  const protocol = wanted.split(".")[0] ?? "";
  return index.foreign.has(wanted) || FOREIGN_PROTOCOLS.includes(protocol);
}

function checkChannel(raw: RawEndpoint, account: AccountConfig, findings: Findings): void {
  const { channel, channelPlace } = raw;
  if (account.protocol === "irc") {
    const expected = channelFault(channel);
    if (expected !== null) {
      findings.fault(channelPlace, `found ${describeValue(channel, false)}, expected ${expected}`);
    }
    const expectedKey = raw.key === null ? null : channelKeyFault(raw.key);
    if (expectedKey !== null) {
      findings.fault(
        { ...raw.place, key: `${raw.place.key}.options.key` },
        `found text, expected ${expectedKey}`,
      );
    }
    return;
  }
  if (raw.key !== null) {
    findings.warn(raw.place, "options.key has no effect: a Kosmi room has no key");
  }
  if (!isDefaultRoom(channel)) {
    checkRoom(channel, account.appUrl, channelPlace, findings);
  } else if (account.roomUrl === null) {
    findings.fault(
      channelPlace,
      `stands for the RoomURL of [${account.id}], which is not set: set it, or name a room here`,
    );
  }
}

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

/** Letter case makes no difference, neither in an account nor in a channel. */
function idOf({ account, channel }: { account: string; channel: string }): string {
  return `${account} ${channel}`.toLowerCase();
}

/** One connection enters a channel once, with one key. */
function refuseDifferentKeys(gateways: readonly RawGateway[], findings: Findings): void {
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
function withSharedKeys(gateways: readonly GatewayConfig[]): GatewayConfig[] {
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
