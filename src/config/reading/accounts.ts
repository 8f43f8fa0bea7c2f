import type { Findings } from "../file/fault.ts";
import { ACCOUNT_OPTIONS, FOREIGN_ACCOUNT_KEYS } from "../options/account.ts";
import type { AccountConfig, IrcAccountConfig, KosmiAccountConfig } from "../options/config.ts";
import { GENERAL_OPTIONS } from "../options/general.ts";
import { FOREIGN_IRC_KEYS, IRC_OPTIONS } from "../options/irc.ts";
import { KOSMI_OPTIONS } from "../options/kosmi.ts";
import { didYouMean } from "../values/did_you_mean.ts";
import { describeValue, shown } from "../values/show.ts";
import { isTable } from "../values/values.ts";
import { checkIrc, checkRoom, isDefaultRoom } from "./consistency.ts";
import type { Environment } from "./environment.ts";
import {
  type Entry,
  type FileSource,
  keysOf,
  type KnownKeys,
  type Lookup,
  openSection,
  orElse,
  readOptions,
  type Section,
  sectionLookup,
  titled,
  warnOfUnknownKeys,
} from "./section.ts";

/** The services that this relay speaks. */
export const PROTOCOLS = ["irc", "kosmi"] as const;
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

/** Reads one account; null when it has a fault without which it can't be. */
export function readAccount(account: AccountSection, findings: Findings): AccountConfig | null {
  switch (account.protocol) {
    case "irc":
      return readIrc(account, findings);
    case "kosmi":
      return readKosmi(account, findings);
  }
}

function readIrc(account: AccountSection, findings: Findings): IrcAccountConfig | null {
  const { name, section, lookup } = account;
  warnOfUnknownKeys(section, IRC_KEYS, findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const { server, ...values } = readOptions(IRC_OPTIONS, lookup, findings);
  if (server === null) return null;
  const port = server.port ?? (values.useTls ? 6697 : 6667);
  const all = { ...common, ...values, server: Object.freeze({ host: server.host, port }) };
  checkIrc(all, lookup, findings);
  return Object.freeze({
    protocol: "irc" as const,
    id: `irc.${name}`,
    name,
    line: section.place.line,
    ...all,
  });
}

function readKosmi(account: AccountSection, findings: Findings): KosmiAccountConfig {
  const { name, section, lookup } = account;
  warnOfUnknownKeys(section, KOSMI_KEYS, findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const values = readOptions(KOSMI_OPTIONS, lookup, findings);
  checkLogin(values, lookup, findings);
  checkRoomUrl(values, lookup, findings);
  return Object.freeze({
    protocol: "kosmi" as const,
    id: `kosmi.${name}`,
    name,
    line: section.place.line,
    ...common,
    ...values,
  });
}

type KosmiLogin = Pick<KosmiAccountConfig, "email" | "password" | "token">;

function checkLogin(login: KosmiLogin, lookup: Lookup, findings: Findings): void {
  const { email, password, token } = login;
  const { email: emailOption, password: passwordOption, token: tokenOption } = KOSMI_OPTIONS;
  if (email !== null && password === null) {
    const place = lookup.find(emailOption)?.place ?? lookup.place;
    // A fault of the password itself has been told already.
    if (lookup.find(passwordOption)?.raw || token !== null) return;
    findings.warn(
      place,
      "stands without Password: only a token that was imported for it (kosmi-relay token import) can be used; " +
        "add a Password to log in, or leave both out for an anonymous visitor",
    );
  }
  if (email === null && password !== null) {
    const place = lookup.find(passwordOption)?.place ?? lookup.place;
    if (lookup.find(emailOption)?.raw) return;
    findings.fault(
      place,
      "stands without Email: set both to log in, or none for an anonymous visitor",
    );
  }
  if (email !== null && token !== null) {
    const place = lookup.find(tokenOption)?.place ?? lookup.place;
    findings.warn(
      place,
      "stands together with Email: the token is used, and Email and Password only when it is refused",
    );
  }
}

function checkRoomUrl(
  values: Pick<KosmiAccountConfig, "roomUrl" | "appUrl">,
  lookup: Lookup,
  findings: Findings,
): void {
  if (values.roomUrl === null) return;
  const place = lookup.find(KOSMI_OPTIONS.roomUrl)?.place ?? lookup.place;
  if (isDefaultRoom(values.roomUrl)) {
    findings.fault(
      place,
      'found "main", which is the word for RoomURL itself; expected the room\'s address',
    );
  } else checkRoom(values.roomUrl, values.appUrl, place, findings);
}

/** Matterbridge's other services. */
export const FOREIGN_PROTOCOLS: readonly string[] = [
  "api",
  "discord",
  "gitter",
  "harmony",
  "keybase",
  "matrix",
  "mattermost",
  "msteams",
  "mumble",
  "nctalk",
  "rocketchat",
  "slack",
  "slack-legacy",
  "sshchat",
  "steam",
  "telegram",
  "twitch",
  "vk",
  "whatsapp",
  "xmpp",
  "zulip",
];

const GATEWAY_SECTIONS = ["gateway", "samechannelgateway"];
const ACCOUNT_KEYS = keysOf(ACCOUNT_OPTIONS, IRC_OPTIONS, KOSMI_OPTIONS);

/** The table of a section such as [general], or an empty one. */
export function openTable(
  source: FileSource,
  entry: Entry | undefined,
  name: string,
  findings: Findings,
): Section {
  if (entry !== undefined && !isTable(entry.value)) {
    findings.fault(
      entry.place,
      `found ${describeValue(entry.value, true)}, expected a section [${name}]`,
    );
  }
  const table = isTable(entry?.value) ? entry.value : {};
  return openSection(source, table, { path: entry?.path ?? [name], title: name }, findings);
}

/** The accounts of one of our services: `[irc.libera]`. */
export function accountSections(
  options: {
    readonly source: FileSource;
    readonly root: Section;
    readonly protocol: Protocol;
    readonly general: Lookup;
    readonly environment: Environment;
  },
  findings: Findings,
): AccountSection[] {
  const { source, root, protocol, general, environment } = options;
  const service = openTable(source, root.entries.get(protocol), protocol, findings);
  return [...service.entries.values()].flatMap((entry) => {
    const { written: name, path } = entry;
    const fault = accountFault(entry, protocol);
    if (fault !== null) findings.fault(entry.place, fault);
    if (fault !== null || !isTable(entry.value)) return [];
    const section = openSection(
      source,
      entry.value,
      { path, title: titled(protocol, name) },
      findings,
    );
    const own = sectionLookup(section, { environment, names: [protocol, name] });
    return [{ protocol, name, section, lookup: orElse(own, general) }];
  });
}

function accountFault(entry: Entry, protocol: Protocol): string | null {
  if (!isTable(entry.value)) {
    return `stands in [${protocol}]: an account needs a name of your choice, as in [${protocol}.NAME]`;
  }
  return /^[\p{L}\p{N}_-]+$/u.test(entry.written)
    ? null
    : "the name of an account can only have letters, digits, - and _";
}

/** Warns of all that stands at the top of the file and is not ours. Answers the accounts of services that we don't speak. */
export function warnOfForeignSections(
  source: FileSource,
  root: Section,
  findings: Findings,
): Set<string> {
  const foreign = new Set<string>();
  for (const [lower, entry] of root.entries) {
    if (isOurs(lower)) continue;
    if (!FOREIGN_PROTOCOLS.includes(lower) || !isTable(entry.value)) {
      findings.warn(entry.place, strangerText(entry));
      continue;
    }
    for (const account of openTable(source, entry, lower, findings).entries.values()) {
      foreign.add(`${lower}.${account.written.toLowerCase()}`);
      findings.warn(account.place, foreignText(lower));
    }
  }
  return foreign;
}

function isOurs(lower: string): boolean {
  return lower === "general" || GATEWAY_SECTIONS.includes(lower) ||
    PROTOCOLS.some((protocol) => protocol === lower);
}

function foreignText(protocol: string): string {
  return protocol === "api"
    ? "has no effect: this relay has no API; for its state see StatusListen in [general]"
    : `has no effect: this relay speaks irc and kosmi, not ${shown(protocol)}`;
}

function strangerText({ written, value }: Entry): string {
  const lower = written.toLowerCase();
  if (lower === "tengo") return "has no effect: the relay runs no scripts; use ReplaceMessages";
  if (isTable(value) || Array.isArray(value)) {
    const sections = ["general", ...GATEWAY_SECTIONS, ...PROTOCOLS];
    return `there is no such section, so it has no effect${didYouMean(written, sections)}`;
  }
  const isKey = ACCOUNT_KEYS.some((key) => key.toLowerCase() === lower);
  const where = isKey ? "; put it below [general], [irc.NAME] or [kosmi.NAME]" : "";
  return `stands outside of any section, so it has no effect${where}`;
}
