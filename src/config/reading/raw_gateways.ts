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
import type { ForeignAccounts } from "./foreign.ts";
import {
  type Entry,
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
  /** Whether endpoints of other services were left out. */
  readonly isPartial: boolean;
}

interface RawGateways {
  readonly enabled: readonly RawGateway[];
  /** Whether the file has any, enabled or not, well written or not. */
  readonly any: boolean;
}

/** What all of this needs to know. */
interface Reading {
  readonly file: string;
  readonly foreign: ForeignAccounts;
  readonly findings: Findings;
}

/** Reads the `[[gateway]]` and `[[samechannelgateway]]` sections of the file. */
export function readRawGateways(reading: Reading, root: Section): RawGateways {
  const sections = (name: string) => sectionList(reading, root.entries.get(name), name);
  return {
    any: root.entries.has("gateway") || root.entries.has("samechannelgateway"),
    enabled: [
      ...sections("gateway").flatMap((section) => readGateway(reading, section)),
      ...sections("samechannelgateway").flatMap((section) => readSameChannel(reading, section)),
    ],
  };
}

/** The tables of a `[[name]]`. A single `[name]` is one of them, as in Matterbridge. */
function sectionList(
  { file, findings }: Reading,
  entry: Entry | undefined,
  title: string,
): Section[] {
  if (entry === undefined) return [];
  const { path, place, value } = entry;
  const header = `[[${title.replace(/^gateway\.[^.]*\./, "gateway.")}]]`;
  if (isTable(value)) {
    findings.warn(place, `has single brackets, taken as ${header}: write two brackets`);
    return [openSection(file, value, { path, title: namedAs(title, value) }, findings)];
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  if (!Array.isArray(value) || !items.every(isTable)) {
    findings.fault(
      place,
      `found ${describeValue(value, true)}, expected sections that begin with ${header}`,
    );
    return [];
  }
  return items.filter(isTable).map((table, index) => {
    const at = { path: [...path, index], title: namedAs(title, table) };
    return openSection(file, table, at, findings);
  });
}

function namedAs(title: string, table: Readonly<Record<string, unknown>>): string {
  const name = table["name"] ?? table["Name"];
  return typeof name === "string" && name !== "" ? titled(title, name) : title;
}

const DIRECTIONS: readonly Direction[] = ["in", "out", "inout"];

function readGateway(reading: Reading, section: Section): RawGateway[] {
  const { findings } = reading;
  const { name, enable } = readOptions(GATEWAY_OPTIONS, sectionLookup(section), findings);
  if (!enable) {
    warnOfDisabled(section, findings);
    return [];
  }
  const known = [...keysOf(GATEWAY_OPTIONS), ...DIRECTIONS];
  warnOfUnknownKeys(section, { keys: known, foreign: [] }, findings);
  // In the order in which the file names the directions first.
  const directions = [...section.entries.keys()]
    .flatMap((key) => DIRECTIONS.filter((direction) => direction === key));
  const found = directions.flatMap((direction) => {
    const title = `${section.place.key}.${direction}`;
    return sectionList(reading, section.entries.get(direction), title)
      .map((each) => ({ ...each, place: { ...each.place, key: title } }))
      .map((each) => readEndpoint(reading, each, direction));
  });
  const endpoints = found.filter((endpoint) => endpoint !== null);
  const isPartial = endpoints.length < found.length;
  return [{ name, place: section.place, endpoints, isPartial }];
}

function warnOfDisabled(section: Section, findings: Findings): void {
  findings.warn(
    section.place,
    "is not enabled, so nothing is relayed through it: set enable=true to use it",
  );
}

/** Null for an endpoint of another service: nothing else of it matters. */
function readEndpoint(
  reading: Reading,
  section: Section,
  direction: Direction,
): RawEndpoint | null {
  const { findings, foreign } = reading;
  const place = (key: "account" | "channel") => ({
    ...section.entries.get(key)?.place ?? section.place,
    key: titled(section.place.key, key),
  });
  const named = section.entries.get("account")?.value;
  if (typeof named === "string" && foreign.leavesOut(named, place("account"))) return null;
  warnOfUnknownKeys(section, { keys: keysOf(ENDPOINT_OPTIONS), foreign: [] }, findings);
  const lookup = sectionLookup(section);
  const { account, channel, options } = readOptions(ENDPOINT_OPTIONS, lookup, findings);
  refuseSameChannel(section, findings);
  return {
    account,
    channel,
    direction,
    key: readChannelKey(reading, section, options),
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
  { file, findings }: Reading,
  endpoint: Section,
  options: Readonly<Record<string, unknown>>,
): string | null {
  const entry = endpoint.entries.get("options");
  if (entry === undefined) return null;
  const title = titled(endpoint.place.key, "options");
  const section = openSection(file, options, { path: entry.path, title }, findings);
  warnOfUnknownKeys(
    section,
    { keys: keysOf(CHANNEL_OPTIONS), foreign: FOREIGN_CHANNEL_KEYS },
    findings,
  );
  return readOptions(CHANNEL_OPTIONS, sectionLookup(section), findings).key;
}

/** One gateway for each channel: what is said in a channel goes only to the channels of that name. */
function readSameChannel({ findings, foreign }: Reading, section: Section): RawGateway[] {
  const lookup = sectionLookup(section);
  const { name, enable, accounts, channels } = readOptions(SAME_CHANNEL_OPTIONS, lookup, findings);
  if (!enable) {
    warnOfDisabled(section, findings);
    return [];
  }
  warnOfUnknownKeys(section, { keys: keysOf(SAME_CHANNEL_OPTIONS), foreign: [] }, findings);
  if (channels.length === 0) {
    findings.fault(section.place, "has no channels: nothing would be relayed");
  }
  const placeOf = (key: "accounts" | "channels") =>
    lookup.find(SAME_CHANNEL_OPTIONS[key])?.place ?? section.place;
  return [...new Set(channels)].map((channel) => {
    const ours = accounts.filter((account) => !foreign.leavesOut(account, placeOf("accounts")));
    return {
      name: channels.length === 1 ? name : `${name} ${channel}`,
      place: section.place,
      isPartial: ours.length < accounts.length,
      endpoints: ours.map((account) => ({
        account,
        channel,
        direction: "inout" as const,
        key: null,
        place: section.place,
        accountPlace: placeOf("accounts"),
        channelPlace: placeOf("channels"),
      })),
    };
  });
}
