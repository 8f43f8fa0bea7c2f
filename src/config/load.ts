import { type Fault, type Findings, Report } from "./file/fault.ts";
import { parseToml, type TomlDocument } from "./file/toml_document.ts";
import { ACCOUNT_OPTIONS, FOREIGN_ACCOUNT_KEYS } from "./options/account.ts";
import type { AccountConfig, Config, GeneralConfig } from "./options/config.ts";
import { FOREIGN_GENERAL_KEYS, GENERAL_OPTIONS } from "./options/general.ts";
import { FOREIGN_IRC_KEYS, IRC_OPTIONS } from "./options/irc.ts";
import { KOSMI_OPTIONS } from "./options/kosmi.ts";
import {
  type AccountSection,
  accountSections,
  openTable,
  PROTOCOLS,
  readAccount,
  warnOfForeignSections,
} from "./reading/accounts.ts";
import { checkCommandUsers, checkGeneral } from "./reading/consistency.ts";
import { Environment } from "./reading/environment.ts";
import { type AccountIndex, checkFlow, resolveGateways } from "./reading/gateways.ts";
import { type RawGateways, readRawGateways } from "./reading/raw_gateways.ts";
import {
  type FileSource,
  keysOf,
  type Lookup,
  openSection,
  readOptions,
  type Section,
  sectionLookup,
  warnOfUnknownKeys,
} from "./reading/section.ts";

export { type Fault, formatFault } from "./file/fault.ts";

interface ConfigSource {
  readonly text: string;
  /** The file's name as messages show it. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface LoadedConfig {
  /** Null when there is any fault. */
  readonly config: Config | null;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** Reads a configuration. It tells all that is wrong at once, never throws, and shows no secret in what it tells. */
export function loadConfig(source: ConfigSource): LoadedConfig {
  const report = new Report();
  const parsed = parseToml(source.text);
  let config: Config | null = null;
  if ("fault" in parsed) {
    const { line, message } = parsed.fault;
    report.fault({ file: source.file, line, key: "" }, message);
  } else {
    config = readDocument(parsed.document, source, report);
  }
  const faults = report.faults();
  return Object.freeze({
    config: faults.length === 0 ? config : null,
    faults,
    warnings: report.warnings(),
  });
}

function readDocument(document: TomlDocument, from: ConfigSource, report: Report): Config {
  const source: FileSource = { file: from.file, positions: document.positions };
  const environment = new Environment(from.env);
  const root = openSection(source, document.root, { path: [], title: "" }, report);
  const foreign = warnOfForeignSections(source, root, report);
  const { general, lookup } = readGeneral(source, root, environment, report);
  const sections = PROTOCOLS.flatMap((protocol) =>
    accountSections({ source, root, protocol, general: lookup, environment }, report)
  );
  const rawGateways = readRawGateways(source, root, report);
  const accounts = readAccounts(sections, rawGateways, report);
  checkCommandUsers(general, { known: new Set(sections.map(idOf)), lookup }, report);
  const index = indexAccounts(sections, accounts, foreign);
  const gateways = resolveGateways(rawGateways.enabled, index, report);
  checkGateways(
    { from, rawGateways, flow: checkFlow(gateways, rawGateways.enabled, index, report) },
    report,
  );
  environment.warnOfUnread(
    [["general"], ...sections.map(({ protocol, name }) => [protocol, name])],
    report,
  );
  return Object.freeze({ general, accounts: Object.freeze(accounts), gateways });
}

function readGeneral(
  source: FileSource,
  root: Section,
  environment: Environment,
  findings: Findings,
): { general: GeneralConfig; lookup: Lookup } {
  const section = openTable(source, root.entries.get("general"), "general", findings);
  const lookup = sectionLookup(section, { environment, names: ["general"] });
  warnOfUnknownKeys(section, {
    keys: keysOf(GENERAL_OPTIONS, ACCOUNT_OPTIONS, IRC_OPTIONS, KOSMI_OPTIONS),
    foreign: [...FOREIGN_GENERAL_KEYS, ...FOREIGN_ACCOUNT_KEYS, ...FOREIGN_IRC_KEYS],
  }, findings);
  const general = Object.freeze(readOptions(GENERAL_OPTIONS, lookup, findings));
  checkGeneral(general, lookup, findings);
  return { general, lookup };
}

/**
 * Those that an enabled gateway uses. What is wrong with any other is only worth a warning, unless a gateway names an
 * account that the file does not have, or there is none: then it is not certain which ones are meant.
 */
function readAccounts(
  sections: readonly AccountSection[],
  gateways: RawGateways,
  report: Report,
): AccountConfig[] {
  const used = new Set(
    gateways.enabled.flatMap(({ endpoints }) => endpoints.map((one) => one.account.toLowerCase())),
  );
  const known = new Set(sections.map(idOf));
  const isCertain = used.size > 0 && [...used].every((id) => known.has(id));
  return sections.flatMap((section) => {
    const isUsed = used.has(idOf(section)) || !isCertain;
    if (!isUsed) {
      report.warn(
        section.section.place,
        "no enabled gateway uses this account, so it does not connect",
      );
    }
    const account = readAccount(section, isUsed ? report : report.lenient());
    return isUsed && account !== null ? [account] : [];
  });
}

function idOf({ protocol, name }: AccountSection): string {
  return `${protocol}.${name}`.toLowerCase();
}

function indexAccounts(
  sections: readonly AccountSection[],
  accounts: readonly AccountConfig[],
  foreign: ReadonlySet<string>,
): AccountIndex {
  return {
    accounts: new Map(accounts.map((account) => [account.id.toLowerCase(), account])),
    ids: new Set(sections.map(idOf)),
    spellings: sections.map(({ protocol, name }) => `${protocol}.${name}`),
    foreign,
  };
}

function checkGateways(
  found: {
    readonly from: ConfigSource;
    readonly rawGateways: RawGateways;
    readonly flow: boolean;
  },
  report: Report,
): void {
  const { from, rawGateways, flow } = found;
  const place = { file: from.file, line: null, key: "gateway" };
  if (!rawGateways.any) {
    report.fault(
      place,
      "there is no [[gateway]], so nothing would be relayed: add one with two [[gateway.inout]]",
    );
  } else if (rawGateways.enabled.length === 0 && report.faults().length === 0) {
    report.fault(
      place,
      "no gateway is enabled, so nothing would be relayed: set enable=true in one",
    );
  } else if (!flow && report.faults().length === 0) {
    report.fault(place, "no gateway can relay anything: an enabled one needs two endpoints");
  }
}
