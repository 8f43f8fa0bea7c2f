import type { Findings, Place } from "../file/fault.ts";
import type { EndpointConfig } from "../options/config.ts";
import {
  CHANNEL_OPTIONS,
  ENDPOINT_OPTIONS,
  FOREIGN_CHANNEL_KEYS,
  GATEWAY_OPTIONS,
  SAME_CHANNEL_OPTIONS,
} from "../options/gateway.ts";
import { describeValue } from "../values/show.ts";
import { isTable } from "../values/values.ts";
import {
  type Entry,
  type FileSource,
  keysOf,
  openSection,
  readOptions,
  type Section,
  sectionLookup,
  titled,
  warnOfUnknownKeys,
} from "./section.ts";

type Direction = EndpointConfig["direction"];

/** An endpoint as the file has it: its account is not known to exist yet. */
export interface RawEndpoint {
  readonly account: string;
  readonly channel: string;
  readonly direction: Direction;
  readonly key: string | null;
  /** Of its section. */
  readonly place: Place;
  readonly accountPlace: Place;
  readonly channelPlace: Place;
}

/** An enabled gateway as the file has it. */
export interface RawGateway {
  readonly name: string;
  readonly place: Place;
  readonly endpoints: readonly RawEndpoint[];
}

export interface RawGateways {
  readonly enabled: readonly RawGateway[];
  /** Whether the file has any, enabled or not, well written or not. */
  readonly any: boolean;
}

/** Reads the `[[gateway]]` and `[[samechannelgateway]]` sections of the file. */
export function readRawGateways(
  source: FileSource,
  root: Section,
  findings: Findings,
): RawGateways {
  const sections = sectionList(source, root.entries.get("gateway"), "gateway", findings);
  const sameChannel = sectionList(
    source,
    root.entries.get("samechannelgateway"),
    "samechannelgateway",
    findings,
  );
  return {
    any: root.entries.has("gateway") || root.entries.has("samechannelgateway"),
    enabled: [
      ...sections.flatMap((section) => readGateway(source, section, findings)),
      ...sameChannel.flatMap((section) => readSameChannel(section, findings)),
    ],
  };
}

/** The tables of a `[[name]]`. */
function sectionList(
  source: FileSource,
  entry: Entry | undefined,
  title: string,
  findings: Findings,
): Section[] {
  if (entry === undefined) return [];
  const items: readonly unknown[] = Array.isArray(entry.value) ? entry.value : [];
  if (!Array.isArray(entry.value) || !items.every(isTable)) {
    const found = isTable(entry.value) ? "one pair of brackets" : describeValue(entry.value, true);
    const header = `[[${title.replace(/^gateway\.[^.]*\./, "gateway.")}]]`;
    findings.fault(entry.place, `found ${found}, expected sections that begin with ${header}`);
    return [];
  }
  return items.filter(isTable).map((table, index) => {
    const name = table["name"] ?? table["Name"];
    const own = typeof name === "string" && name !== "" ? titled(title, name) : title;
    return openSection(source, table, { path: [...entry.path, index], title: own }, findings);
  });
}

const DIRECTIONS: readonly Direction[] = ["in", "out", "inout"];

function readGateway(source: FileSource, section: Section, findings: Findings): RawGateway[] {
  const { name, enable } = readOptions(GATEWAY_OPTIONS, sectionLookup(section), findings);
  warnOfUnknownKeys(
    section,
    { keys: [...keysOf(GATEWAY_OPTIONS), ...DIRECTIONS], foreign: [] },
    findings,
  );
  const endpoints = DIRECTIONS.flatMap((direction) => {
    const title = `${section.place.key}.${direction}`;
    return sectionList(source, section.entries.get(direction), title, findings)
      .map((found) =>
        readEndpoint(
          source,
          { ...found, place: { ...found.place, key: title } },
          direction,
          findings,
        )
      );
  });
  if (!enable) {
    warnOfDisabled(section, findings);
    return [];
  }
  return [{ name, place: section.place, endpoints: endpoints.sort(byLine) }];
}

function warnOfDisabled(section: Section, findings: Findings): void {
  findings.warn(
    section.place,
    "is not enabled, so nothing is relayed through it: set enable=true to use it",
  );
}

/** Endpoints stand in the order of the file, whatever their direction. */
function byLine(one: RawEndpoint, other: RawEndpoint): number {
  return (one.place.line ?? 0) - (other.place.line ?? 0);
}

function readEndpoint(
  source: FileSource,
  section: Section,
  direction: Direction,
  findings: Findings,
): RawEndpoint {
  warnOfUnknownKeys(section, { keys: keysOf(ENDPOINT_OPTIONS), foreign: [] }, findings);
  const lookup = sectionLookup(section);
  const { account, channel, options } = readOptions(ENDPOINT_OPTIONS, lookup, findings);
  refuseSameChannel(section, findings);
  const place = (key: "account" | "channel") =>
    lookup.find(ENDPOINT_OPTIONS[key])?.place ??
      { ...section.place, key: titled(section.place.key, key) };
  return {
    account,
    channel,
    direction,
    key: readChannelKey(source, section, options, findings),
    place: section.place,
    accountPlace: place("account"),
    channelPlace: place("channel"),
  };
}

/** To ignore it would send messages into channels where they don't belong: so it is a fault, not a warning. */
function refuseSameChannel(section: Section, findings: Findings): void {
  const entry = section.entries.get("samechannel");
  if (entry?.value !== true) return;
  findings.fault(
    { ...entry.place, key: titled(section.place.key, "samechannel") },
    "found true, which is not possible for a single endpoint; use a [[samechannelgateway]] instead",
  );
}

function readChannelKey(
  source: FileSource,
  endpoint: Section,
  options: Readonly<Record<string, unknown>>,
  findings: Findings,
): string | null {
  const entry = endpoint.entries.get("options");
  if (entry === undefined) return null;
  const title = titled(endpoint.place.key, "options");
  const section = openSection(source, options, { path: entry.path, title }, findings);
  warnOfUnknownKeys(
    section,
    { keys: keysOf(CHANNEL_OPTIONS), foreign: FOREIGN_CHANNEL_KEYS },
    findings,
  );
  return readOptions(CHANNEL_OPTIONS, sectionLookup(section), findings).key;
}

/** One gateway for each channel: what is said in a channel goes only to the channels of that name. */
function readSameChannel(section: Section, findings: Findings): RawGateway[] {
  warnOfUnknownKeys(section, { keys: keysOf(SAME_CHANNEL_OPTIONS), foreign: [] }, findings);
  const lookup = sectionLookup(section);
  const { name, enable, accounts, channels } = readOptions(SAME_CHANNEL_OPTIONS, lookup, findings);
  if (!enable) {
    warnOfDisabled(section, findings);
    return [];
  }
  if (channels.length === 0) {
    findings.fault(section.place, "has no channels: nothing would be relayed");
  }
  const accountPlace = lookup.find(SAME_CHANNEL_OPTIONS.accounts)?.place ?? section.place;
  const channelPlace = lookup.find(SAME_CHANNEL_OPTIONS.channels)?.place ?? section.place;
  return [...new Set(channels)].map((channel) => ({
    name: channels.length === 1 ? name : `${name} ${channel}`,
    place: section.place,
    endpoints: accounts.map((account) => ({
      account,
      channel,
      direction: "inout" as const,
      key: null,
      place: section.place,
      accountPlace,
      channelPlace,
    })),
  }));
}
