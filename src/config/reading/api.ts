import { isLoopback } from "../../base/loopback.ts";
import type { Findings } from "../file/fault.ts";
import { ACCOUNT_OPTIONS, FOREIGN_ACCOUNT_KEYS } from "../options/account.ts";
import { API_OPTIONS, apiAddress, MATTERBRIDGE_OPTIONS } from "../options/api.ts";
import type { ApiAccountConfig, MatterbridgeAccountConfig } from "../options/config.ts";
import { GENERAL_OPTIONS } from "../options/general.ts";
import type { OptionTable } from "../options/option.ts";
import { parseUrl } from "../values/net.ts";
import { shown } from "../values/show.ts";
import { checkReach } from "./consistency.ts";
import type { RawEndpoint } from "./raw_gateways.ts";
import {
  keysOf,
  type KnownKeys,
  type Lookup,
  placeOf,
  readOptions,
  type Section,
  warnOfUnknownKeys,
} from "./section.ts";

interface ServiceSection {
  readonly name: string;
  readonly section: Section;
  readonly lookup: Lookup;
}

/** Reads an `[api.NAME]`. */
export function readApi(
  { name, section, lookup }: ServiceSection,
  findings: Findings,
): ApiAccountConfig {
  warnOfUnknownKeys(section, knownKeys(API_OPTIONS), findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const options = readOptions(API_OPTIONS, lookup, findings);
  const { remoteNickFormat, bindAddress, token, allowOrigins } = options;
  checkReach(
    { host: apiAddress(bindAddress).host, token },
    { address: API_OPTIONS.bindAddress, token: API_OPTIONS.token },
    { lookup, findings },
  );
  if (token === null && allowOrigins.includes("*")) {
    findings.fault(
      placeOf(API_OPTIONS.allowOrigins, lookup),
      'found "*", which lets every web page use the API: set Token, or name the pages',
    );
  }
  return Object.freeze({
    protocol: "api",
    id: `api.${name}`,
    name,
    settings: Object.freeze({ ...common, remoteNickFormat, colorNicks: false }),
    options: Object.freeze(options),
  });
}

/** Reads a `[matterbridge.NAME]`. */
export function readMatterbridge(
  { name, section, lookup }: ServiceSection,
  findings: Findings,
): MatterbridgeAccountConfig {
  warnOfUnknownKeys(section, knownKeys(MATTERBRIDGE_OPTIONS), findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const options = readOptions(MATTERBRIDGE_OPTIONS, lookup, findings);
  checkUrl(options, lookup, findings);
  const { remoteNickFormat } = options;
  return Object.freeze({
    protocol: "matterbridge",
    id: `matterbridge.${name}`,
    name,
    settings: Object.freeze({ ...common, remoteNickFormat, colorNicks: false }),
    options: Object.freeze(options),
  });
}

function knownKeys(table: OptionTable): KnownKeys {
  return {
    keys: keysOf(ACCOUNT_OPTIONS, table),
    foreign: FOREIGN_ACCOUNT_KEYS,
    elsewhere: [["general", keysOf(GENERAL_OPTIONS)]],
  };
}

function checkUrl(
  { url, token, allowPlainText }: MatterbridgeAccountConfig["options"],
  lookup: Lookup,
  findings: Findings,
): void {
  const parsed = parseUrl(url);
  if (parsed === null) return;
  const place = placeOf(MATTERBRIDGE_OPTIONS.url, lookup);
  if (parsed.search !== "" || parsed.hash !== "") {
    findings.fault(
      place,
      "found an address with ? or #, expected one such as http://127.0.0.1:4242",
    );
  }
  if (token === null || allowPlainText || parsed.protocol !== "http:") return;
  if (isLoopback(parsed.hostname)) return;
  findings.warn(
    place,
    "sends Token where others may read it: use https://, or set AllowPlainText=true in a network of your own",
  );
}

/** An API has one channel in each gateway, and its clients name the gateway. */
export function apiChannel({ channel, channelPlace }: RawEndpoint, findings: Findings): string {
  if (channel.toLowerCase() !== "api") {
    findings.warn(
      channelPlace,
      `found "${shown(channel)}", expected "api": clients name the gateway, not a channel`,
    );
  }
  return "api";
}

/** A gateway of a running Matterbridge: its name, or the one that "api" stands for. */
export function remoteGateway(
  { channel, channelPlace }: RawEndpoint,
  { id, options }: MatterbridgeAccountConfig,
  findings: Findings,
): string {
  if (!["", "api", "main"].includes(channel.trim().toLowerCase())) return channel;
  if (options.gateway === null) {
    findings.fault(
      channelPlace,
      `stands for the Gateway of [${id}], which is not set: set it, or name a gateway here`,
    );
  }
  return options.gateway ?? channel;
}
