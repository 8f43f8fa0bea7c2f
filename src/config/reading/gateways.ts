import { describeError } from "../../base/errors.ts";
import type { Findings, KeyPath } from "../file/fault.ts";
import type { AccountConfig, EndpointConfig, GatewayConfig } from "../options/config.ts";
import { didYouMean } from "../values/did_you_mean.ts";
import { channelKeyFault } from "../values/irc.ts";
import { shown } from "../values/show.ts";
import { apiChannel, remoteGateway } from "./api.ts";
import { type ChannelRules, checkRoom, isDefaultRoom, warnOfPlaceholder } from "./consistency.ts";
import type { RawEndpoint, RawGateway } from "./raw_gateways.ts";

/** What is known of the accounts of the file, by their id in lower case. */
export interface AccountIndex {
  /** Those that could be read. */
  readonly accounts: ReadonlyMap<string, AccountConfig>;
  /** All sections of our services, also those with faults. */
  readonly ids: ReadonlySet<string>;
  /** Services whose keys stand in a section without a name, as in [irc]. */
  readonly nameless: ReadonlySet<string>;
  /** As written, for did-you-mean. */
  readonly spellings: readonly string[];
  readonly rules: ChannelRules;
}

/**
 * The gateways that are used: not those through which nothing can flow once the endpoints of other services are left
 * out. Tells which these are, once: as a warning while another gateway is left, else as the fault that it is.
 */
export function usedGateways(
  enabled: readonly RawGateway[],
  findings: Findings,
): readonly RawGateway[] {
  const isIdle = ({ isPartial, endpoints }: RawGateway) => isPartial && !flows(endpoints);
  const idle = enabled.filter(isIdle);
  const [first] = idle;
  if (first === undefined) return enabled;
  const used = enabled.filter((gateway) => !isIdle(gateway));
  if (used.length === 0) {
    const { place } = idle.find(({ endpoints }) => endpoints.length > 0) ?? first;
    findings.fault(
      { ...place, key: "gateway" },
      "without the endpoints of other services no gateway can relay anything: add one of irc or kosmi, as " +
        "docs/migrating-from-matterbridge.md shows",
    );
  } else if (idle.length === 1) {
    findings.warn(
      first.place,
      "is left out: without the endpoints of other services nothing can be relayed through it",
    );
  } else {
    const names = idle.map(({ name }) => `"${shown(name)}"`).join(", ");
    findings.warn(
      { ...first.place, key: "gateway" },
      `${idle.length} gateways are left out, because without the endpoints of other services nothing can be relayed ` +
        `through them: ${names}`,
    );
  }
  return used;
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
  const paths = new Map<string, KeyPath | null>();
  for (const { name, place } of gateways) {
    const first = paths.get(name);
    if (first) {
      findings.fault(
        place,
        (lineOf) =>
          `there is a gateway of this name already, on line ${lineOf(first)}: give each its own`,
      );
    } else if (name !== "") paths.set(name, place.path);
  }
}

function resolveGateway(
  gateway: RawGateway,
  index: AccountIndex,
  findings: Findings,
): GatewayConfig {
  const merged = new Map<string, { raw: RawEndpoint; endpoint: EndpointConfig }>();
  for (const raw of gateway.endpoints) {
    const account = accountOf(raw, index, findings);
    if (account === null) continue;
    const id = checkChannel(raw, account, index.rules, findings);
    const first = merged.get(`${account.id} ${id}`);
    merged.set(`${account.id} ${id}`, {
      raw: first?.raw ?? raw,
      endpoint: first === undefined
        ? Object.freeze({
          account: account.id,
          channel: raw.channel,
          direction: raw.direction,
          key: raw.key,
        })
        : withDirection(first, raw, findings),
    });
  }
  const endpoints = [...merged.values()].map(({ endpoint }) => endpoint);
  return Object.freeze({ name: gateway.name, endpoints: Object.freeze(endpoints) });
}

/** The same channel under `in` and `out` is `inout`. */
function withDirection(
  first: { readonly raw: RawEndpoint; readonly endpoint: EndpointConfig },
  again: RawEndpoint,
  findings: Findings,
): EndpointConfig {
  const { endpoint, raw } = first;
  if (endpoint.direction === "inout" || endpoint.direction === again.direction) {
    findings.warn(
      again.place,
      (lineOf) =>
        `this channel stands in the gateway already, on line ${lineOf(raw.place.path ?? [])}`,
    );
  }
  const direction = endpoint.direction === again.direction ? endpoint.direction : "inout";
  return Object.freeze({ ...endpoint, direction, key: endpoint.key ?? again.key });
}

function accountOf(
  raw: RawEndpoint,
  index: AccountIndex,
  findings: Findings,
): AccountConfig | null {
  const wanted = raw.account.trim().toLowerCase();
  // Faults of the account itself, that none is named, or that its section has no name, have been told already.
  const isTold = index.ids.has(wanted) || wanted === "" ||
    index.nameless.has(wanted.replace(/\..*$/s, ""));
  if (isTold) return index.accounts.get(wanted) ?? null;
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

/** Answers the channel in its one spelling, or as it is written where it has a fault: that is told. */
function checkChannel(
  raw: RawEndpoint,
  account: AccountConfig,
  rules: ChannelRules,
  findings: Findings,
): string {
  const { channel, channelPlace, key } = raw;
  warnOfPlaceholder(channel, channelPlace, findings);
  if (account.protocol === "irc") {
    const expected = key === null ? null : channelKeyFault(key);
    if (expected !== null) {
      findings.fault(
        { ...raw.place, key: `${raw.place.key}.options.key` },
        `found text, expected ${expected}`,
      );
    }
    try {
      return rules.irc(channel);
    } catch (error) {
      findings.fault(channelPlace, describeError(error));
      return channel;
    }
  }
  if (key !== null) {
    const what = account.protocol === "kosmi" ? "a Kosmi room" : "a gateway";
    findings.warn(raw.place, `options.key has no effect: ${what} has no key`);
  }
  if (account.protocol === "api") return apiChannel(raw, findings);
  if (account.protocol === "matterbridge") return remoteGateway(raw, account, findings);
  const { options, id } = account;
  if (!isDefaultRoom(channel)) {
    checkRoom({ written: channel, options, rules }, channelPlace, findings);
  } else if (options.roomUrl === null) {
    findings.fault(
      channelPlace,
      `stands for the RoomURL of [${id}], which is not set: set it, or name a room here`,
    );
  }
  try {
    return rules.kosmi(channel, options.roomUrl);
  } catch {
    // That it is no room has been told, here or at RoomURL.
    return channel;
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
    const hasFlow = flows(gateway.endpoints);
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

function flows(endpoints: readonly Pick<EndpointConfig, "account" | "channel" | "direction">[]) {
  return endpoints.some((from, index) =>
    from.direction !== "out" &&
    endpoints.some((to, other) =>
      other !== index && to.direction !== "in" && idOf(from) !== idOf(to)
    )
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
