import type { Findings } from "../file/fault.ts";
import { ACCOUNT_OPTIONS, FOREIGN_ACCOUNT_KEYS } from "../options/account.ts";
import type { AccountConfig, IrcAccountConfig, KosmiAccountConfig } from "../options/config.ts";
import { GENERAL_OPTIONS } from "../options/general.ts";
import { FOREIGN_IRC_KEYS, IRC_OPTIONS } from "../options/irc.ts";
import { KOSMI_OPTIONS } from "../options/kosmi.ts";
import { readApi, readMatterbridge } from "./api.ts";
import { type ChannelRules, checkIrc, checkKosmi } from "./consistency.ts";
import type { Environment } from "./environment.ts";
import {
  type Entry,
  keysOf,
  type KnownKeys,
  type Lookup,
  openSection,
  openTable,
  orElse,
  readOptions,
  type Section,
  sectionLookup,
  titled,
  warnOfUnknownKeys,
} from "./section.ts";
import { isTable } from "../values/values.ts";

/** The services that this relay speaks. */
export const PROTOCOLS = ["irc", "kosmi", "api", "matterbridge"] as const;
type Protocol = (typeof PROTOCOLS)[number];

const IRC_KEYS: KnownKeys = {
  keys: keysOf(ACCOUNT_OPTIONS, IRC_OPTIONS),
  foreign: [...FOREIGN_ACCOUNT_KEYS, ...FOREIGN_IRC_KEYS],
  elsewhere: [["general", keysOf(GENERAL_OPTIONS)], ["kosmi.NAME", keysOf(KOSMI_OPTIONS)]],
};

const KOSMI_KEYS: KnownKeys = {
  keys: keysOf(ACCOUNT_OPTIONS, KOSMI_OPTIONS),
  foreign: FOREIGN_ACCOUNT_KEYS,
  elsewhere: [["general", keysOf(GENERAL_OPTIONS)], ["irc.NAME", keysOf(IRC_OPTIONS)]],
};

/** One account's section, not read yet. */
export interface AccountSection {
  readonly protocol: Protocol;
  readonly name: string;
  readonly section: Section;
  readonly lookup: Lookup;
}

/** The accounts of one of our services: `[irc.libera]`. */
export function accountSections(
  options: {
    readonly file: string;
    readonly root: Section;
    readonly protocol: Protocol;
    readonly general: Lookup;
    readonly environment: Environment;
  },
  findings: Findings,
): AccountSection[] {
  const { file, root, protocol, general, environment } = options;
  const service = openTable(file, root.entries.get(protocol), protocol, findings);
  const entries = [...service.entries.values()];
  tellNameless(entries.filter(({ value }) => !isTable(value)), protocol, findings);
  return entries.flatMap((entry) => {
    const { written: name, path, value } = entry;
    if (!isTable(value)) return [];
    if (!/^[\p{L}\p{N}_-]+$/u.test(name)) {
      findings.fault(
        entry.place,
        "the name of an account can only have letters, digits, - and _",
      );
      return [];
    }
    const section = openSection(file, value, { path, title: titled(protocol, name) }, findings);
    const own = sectionLookup(section, { environment, names: [protocol, name] });
    return [{ protocol, name, section, lookup: orElse(own, general) }];
  });
}

/** Keys that stand in [irc] itself have one cause, however many they are. */
function tellNameless(keys: readonly Entry[], protocol: Protocol, findings: Findings): void {
  const [first] = keys;
  if (first === undefined) return;
  const subject = keys.length === 1 ? "stands" : `and ${keys.length - 1} more keys stand`;
  findings.fault(
    first.place,
    `${subject} in [${protocol}]: an account needs a name of your choice, as in [${protocol}.NAME]`,
  );
}

/** Reads one account; null when it has a fault without which it can't be. */
export function readAccount(
  account: AccountSection,
  rules: ChannelRules,
  findings: Findings,
): AccountConfig | null {
  switch (account.protocol) {
    case "irc":
      return readIrc(account, findings);
    case "kosmi":
      return readKosmi(account, rules, findings);
    case "api":
      return readApi(account, findings);
    case "matterbridge":
      return readMatterbridge(account, findings);
  }
}

function readIrc(account: AccountSection, findings: Findings): IrcAccountConfig | null {
  const { name, section, lookup } = account;
  warnOfUnknownKeys(section, IRC_KEYS, findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const values = readOptions(IRC_OPTIONS, lookup, findings);
  const [server, ...moreServers] = (values.server ?? []).map(({ host, port }) =>
    Object.freeze({ host, port: port ?? (values.useTls ? 6697 : 6667) })
  );
  if (server === undefined) return null;
  Object.freeze(moreServers);
  const options = checkIrc({ ...values, server, moreServers }, lookup, findings);
  return Object.freeze({
    protocol: "irc",
    id: `irc.${name}`,
    name,
    settings: Object.freeze({ ...common, colorNicks: options.colorNicks }),
    options: Object.freeze(options),
  });
}

function readKosmi(
  account: AccountSection,
  rules: ChannelRules,
  findings: Findings,
): KosmiAccountConfig {
  const { name, section, lookup } = account;
  warnOfUnknownKeys(section, KOSMI_KEYS, findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const options = readOptions(KOSMI_OPTIONS, lookup, findings);
  checkKosmi(options, rules, lookup, findings);
  return Object.freeze({
    protocol: "kosmi",
    id: `kosmi.${name}`,
    name,
    settings: Object.freeze({ ...common, colorNicks: false }),
    options: Object.freeze(options),
  });
}
