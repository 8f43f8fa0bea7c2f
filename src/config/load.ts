import { parseConfig } from "./file/document.ts";
import { type Fault, Report } from "./file/fault.ts";
import { API_OPTIONS, MATTERBRIDGE_OPTIONS } from "./options/api.ts";
import { ACCOUNT_OPTIONS, FOREIGN_ACCOUNT_KEYS } from "./options/account.ts";
import type { AccountConfig, Config, GeneralConfig } from "./options/config.ts";
import { FOREIGN_GENERAL_KEYS, GENERAL_OPTIONS } from "./options/general.ts";
import { FOREIGN_IRC_KEYS, IRC_OPTIONS } from "./options/irc.ts";
import { KOSMI_OPTIONS } from "./options/kosmi.ts";
import {
  type AccountSection,
  accountSections,
  PROTOCOLS,
  readAccount,
} from "./reading/accounts.ts";
import { type ChannelRules, checkCommandUsers, checkGeneral } from "./reading/consistency.ts";
import { Environment } from "./reading/environment.ts";
import { FOREIGN_PROTOCOLS, ForeignAccounts } from "./reading/foreign.ts";
import { type AccountIndex, checkFlow, resolveGateways, usedGateways } from "./reading/gateways.ts";
import { type RawGateway, readRawGateways } from "./reading/raw_gateways.ts";
import {
  type Entry,
  keysOf,
  type Lookup,
  openSection,
  openTable,
  readOptions,
  type Section,
  sectionLookup,
  warnOfUnknownKeys,
} from "./reading/section.ts";
import { didYouMean, nearest } from "./values/did_you_mean.ts";
import { preparePatterns } from "./values/patterns.ts";
import { isTable } from "./values/values.ts";

export { type Fault, formatFault } from "./file/fault.ts";
export type { ChannelRules } from "./reading/consistency.ts";

interface ConfigSource {
  readonly text: string;
  /** The file's name as messages show it; one that ends in .yaml, .yml or .json is no TOML. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the bridges say of channels. */
  readonly channels: ChannelRules;
}

export interface LoadedConfig {
  /** Null when there is any fault. */
  readonly config: Config | null;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** Reads a configuration. It tells all that is wrong at once, never throws, and shows no secret in what it tells. */
export async function loadConfig(source: ConfigSource): Promise<LoadedConfig> {
  const parsed = await parseConfig(source.text, source.file);
  if ("fault" in parsed) {
    const fault = Object.freeze({ file: source.file, key: "", ...parsed.fault });
    return Object.freeze({ config: null, faults: Object.freeze([fault]), warnings: [] });
  }
  const { root, lines } = parsed.document;
  if (usesPatterns(root) || usesPatterns(source.env)) await preparePatterns();
  const report = new Report();
  const config = new ConfigReader(source, report).read(root);
  const lineOf = report.isEmpty ? () => null : await lines();
  return Object.freeze({
    config: report.hasFaults ? null : config,
    faults: report.faults(lineOf),
    warnings: report.warnings(lineOf),
  });
}

const PATTERN_KEY =
  /(?:^|_)(?:ignorenicks|ignoremessages|replacenicks|replacemessages|extractnicks)$/i;

/** Whether any regular expression is configured: most files have none, and need no library for them. */
function usesPatterns(table: unknown): boolean {
  if (Array.isArray(table)) return table.some(usesPatterns);
  if (!isTable(table)) return false;
  return Object.entries(table).some(([key, value]) =>
    (PATTERN_KEY.test(key) && value !== "") || usesPatterns(value)
  );
}

const GATEWAY_SECTIONS = ["gateway", "samechannelgateway"];
const OUR_SECTIONS: readonly string[] = ["general", ...GATEWAY_SECTIONS, ...PROTOCOLS];
const ACCOUNT_KEYS = keysOf(
  ...[ACCOUNT_OPTIONS, IRC_OPTIONS, KOSMI_OPTIONS, API_OPTIONS, MATTERBRIDGE_OPTIONS],
);

/** Reads one document. */
class ConfigReader {
  readonly #file: string;
  readonly #rules: ChannelRules;
  readonly #environment: Environment;
  readonly #report: Report;
  readonly #foreign = new ForeignAccounts(PROTOCOLS);

  constructor({ file, env, channels }: ConfigSource, report: Report) {
    this.#file = file;
    this.#rules = channels;
    this.#environment = new Environment(env);
    this.#report = report;
  }

  read(document: Readonly<Record<string, unknown>>): Config {
    const report = this.#report;
    const root = openSection(this.#file, document, { path: [], title: "" }, report);
    for (const [lower, entry] of root.entries) {
      if (!OUR_SECTIONS.includes(lower)) this.#readStranger(lower, entry);
    }
    const { general, lookup } = this.#readGeneral(root);
    const sections = PROTOCOLS.flatMap((protocol) =>
      accountSections(
        { file: this.#file, root, protocol, general: lookup, environment: this.#environment },
        report,
      )
    );
    const { any, enabled } = readRawGateways(
      { file: this.#file, foreign: this.#foreign, findings: report },
      root,
    );
    const used = usedGateways(enabled, report);
    const accounts = this.#readAccounts(sections, enabled, used);
    checkCommandUsers(general, { known: new Set(sections.map(idOf)), lookup }, report);
    const index = this.#indexOf(root, sections, accounts);
    const gateways = resolveGateways(used, index, report);
    this.#checkGateways({ any, enabled, flow: checkFlow(gateways, used, index, report) });
    this.#foreign.tell(report);
    this.#environment.warnOfUnread(
      [["general"], ...sections.map(({ protocol, name }) => [protocol, name])],
      FOREIGN_PROTOCOLS,
      report,
    );
    return Object.freeze({ general, accounts: Object.freeze(accounts), gateways });
  }

  #readStranger(lower: string, entry: Entry): void {
    const { value, place, written } = entry;
    const isTypo = nearest(written, ["general", ...GATEWAY_SECTIONS]) !== null;
    if (lower !== "tengo" && isTable(value) && !isTypo) {
      this.#foreign.addSection(this.#file, entry, this.#report);
    } else {
      this.#report.warn(place, strangerText(entry));
    }
  }

  #readGeneral(root: Section): { general: GeneralConfig; lookup: Lookup } {
    const report = this.#report;
    const section = openTable(this.#file, root.entries.get("general"), "general", report);
    const lookup = sectionLookup(section, { environment: this.#environment, names: ["general"] });
    warnOfUnknownKeys(section, {
      keys: [...keysOf(GENERAL_OPTIONS), ...ACCOUNT_KEYS],
      foreign: [...FOREIGN_GENERAL_KEYS, ...FOREIGN_ACCOUNT_KEYS, ...FOREIGN_IRC_KEYS],
    }, report);
    const general = Object.freeze(readOptions(GENERAL_OPTIONS, lookup, report));
    checkGeneral(general, lookup, report);
    return { general, lookup };
  }

  /**
   * Those that a gateway uses. What is wrong with any other is only worth a warning, unless a gateway names an account
   * that the file does not have, or there is none: then it is not certain which ones are meant.
   */
  #readAccounts(
    sections: readonly AccountSection[],
    enabled: readonly RawGateway[],
    used: readonly RawGateway[],
  ): AccountConfig[] {
    const report = this.#report;
    const [named, needed] = [accountsOf(enabled), accountsOf(used)];
    const known = new Set(sections.map(idOf));
    const isCertain = needed.size > 0 && [...needed].every((id) => known.has(id));
    return sections.flatMap((section) => {
      const id = idOf(section);
      const isUsed = needed.has(id) || !isCertain;
      // That a gateway is left out has been told, and with it that its accounts are.
      if (!isUsed && !named.has(id)) {
        report.warn(
          section.section.place,
          "no enabled gateway uses this account, so it does not connect",
        );
      }
      const account = readAccount(section, this.#rules, isUsed ? report : report.lenient());
      return isUsed && account !== null ? [account] : [];
    });
  }

  #indexOf(
    root: Section,
    sections: readonly AccountSection[],
    accounts: readonly AccountConfig[],
  ): AccountIndex {
    return {
      accounts: new Map(accounts.map((account) => [account.id.toLowerCase(), account])),
      ids: new Set(sections.map(idOf)),
      nameless: new Set(PROTOCOLS.filter((name) => hasNameless(root.entries.get(name)?.value))),
      spellings: sections.map(({ protocol, name }) => `${protocol}.${name}`),
      rules: this.#rules,
    };
  }

  #checkGateways(
    found: {
      readonly any: boolean;
      readonly enabled: readonly RawGateway[];
      readonly flow: boolean;
    },
  ): void {
    const report = this.#report;
    const { any, enabled, flow } = found;
    const place = { file: this.#file, path: null, key: "gateway" };
    if (!any) {
      report.fault(
        place,
        "there is no [[gateway]], so nothing would be relayed: add one with two [[gateway.inout]]",
      );
    } else if (enabled.length === 0 && !report.hasFaults) {
      report.fault(
        place,
        "no gateway is enabled, so nothing would be relayed: set enable=true in one",
      );
    } else if (!flow && !report.hasFaults) {
      report.fault(place, "no gateway can relay anything: an enabled one needs two endpoints");
    }
  }
}

function hasNameless(service: unknown): boolean {
  return isTable(service) && Object.values(service).some((value) => !isTable(value));
}

function accountsOf(gateways: readonly RawGateway[]): Set<string> {
  return new Set(
    gateways.flatMap(({ endpoints }) => endpoints.map((one) => one.account.toLowerCase())),
  );
}

function idOf({ protocol, name }: AccountSection): string {
  return `${protocol}.${name}`.toLowerCase();
}

/** What stands at the top of the file and is neither ours nor a service. */
function strangerText({ written, value }: Entry): string {
  const lower = written.toLowerCase();
  if (lower === "tengo") return "has no effect: the relay runs no scripts; use ReplaceMessages";
  if (isTable(value) || Array.isArray(value)) {
    return `there is no such section, so it has no effect${didYouMean(written, OUR_SECTIONS)}`;
  }
  const isKey = ACCOUNT_KEYS.some((key) => key.toLowerCase() === lower);
  const where = isKey ? "; put it below [general], [irc.NAME] or [kosmi.NAME]" : "";
  return `is outside any section, so it has no effect${where}`;
}
