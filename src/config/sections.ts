import { type AccountSection, type Protocol, PROTOCOLS } from "./accounts.ts";
import { didYouMean } from "./did_you_mean.ts";
import type { Environment } from "./environment.ts";
import type { Findings } from "./fault.ts";
import { ACCOUNT_OPTIONS } from "./options_account.ts";
import { IRC_OPTIONS } from "./options_irc.ts";
import { KOSMI_OPTIONS } from "./options_kosmi.ts";
import { keysOf, type Lookup, orElse, sectionLookup } from "./read_options.ts";
import { type Entry, type FileSource, openSection, type Section, titled } from "./section.ts";
import { describeValue, shown } from "./show.ts";
import { isTable } from "./value_types.ts";

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
