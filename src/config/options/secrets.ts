import { API_OPTIONS, MATTERBRIDGE_OPTIONS } from "./api.ts";
import type { AccountConfig, Config } from "./config.ts";
import { GENERAL_OPTIONS } from "./general.ts";
import { IRC_OPTIONS } from "./irc.ts";
import { KOSMI_OPTIONS } from "./kosmi.ts";
import type { OptionTable } from "./option.ts";
import { percentDecoded } from "../values/net.ts";

const TABLES: Readonly<Record<AccountConfig["protocol"], OptionTable>> = {
  irc: IRC_OPTIONS,
  kosmi: KOSMI_OPTIONS,
  api: API_OPTIONS,
  matterbridge: MATTERBRIDGE_OPTIONS,
};

/** Every secret that a configuration holds, so that the log sink can take them out of whatever is logged. */
export function secretsOf(config: Config): readonly string[] {
  const found = new Set<string>();
  collect(found, GENERAL_OPTIONS, config.general);
  for (const { protocol, options } of config.accounts) {
    collect(found, TABLES[protocol], options);
  }
  for (const { key } of config.gateways.flatMap((gateway) => gateway.endpoints)) {
    if (key !== null) found.add(key);
  }
  return [...found];
}

function collect(found: Set<string>, table: OptionTable, values: object): void {
  const byName = new Map<string, unknown>(Object.entries(values));
  for (const [name, { type }] of Object.entries(table)) {
    if (!type.secret) continue;
    const value = byName.get(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== "string" || one === "") continue;
      found.add(one);
      const password = URL.parse(one)?.password ?? "";
      if (password !== "") found.add(percentDecoded(password));
    }
  }
}
