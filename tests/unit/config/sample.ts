import { CHANNEL_RULES } from "../../../src/commands/shared/read_configuration.ts";
import { formatFault, loadConfig, type LoadedConfig } from "../../../src/config/load.ts";
import type {
  Config,
  IrcAccountConfig,
  KosmiAccountConfig,
} from "../../../src/config/options/config.ts";

/** A whole configuration without any fault; each part can be replaced. */
export interface Parts {
  readonly general?: string;
  readonly irc?: string;
  readonly kosmi?: string;
  readonly gateway?: string;
}

const IRC = `[irc.libera]
Server = "irc.example.org:6667"
Nick = "relay"`;

const KOSMI = `[kosmi.movies]
RoomURL = "https://app.kosmi.io/room/@movies"`;

export const GATEWAY = `[[gateway]]
name = "movies"
enable = true
[[gateway.inout]]
account = "irc.libera"
channel = "#movies"
[[gateway.inout]]
account = "kosmi.movies"
channel = "main"`;

/** `irc` and `kosmi` are put behind the needed keys of their account, the others take the whole section's place. */
export function sample(parts: Parts = {}): string {
  return [
    parts.general === undefined ? "" : `[general]\n${parts.general}`,
    parts.irc === undefined ? IRC : `${IRC}\n${parts.irc}`,
    parts.kosmi === undefined ? KOSMI : `${KOSMI}\n${parts.kosmi}`,
    parts.gateway ?? GATEWAY,
  ].filter((part) => part !== "").join("\n");
}

export function load(
  text: string,
  env: Readonly<Record<string, string>> = {},
  file = "m.toml",
): Promise<LoadedConfig> {
  return loadConfig({ text, file, env, channels: CHANNEL_RULES });
}

export function faultsOf(loaded: LoadedConfig): string[] {
  return loaded.faults.map(formatFault);
}

export function warningsOf(loaded: LoadedConfig): string[] {
  return loaded.warnings.map(formatFault);
}

/** The configuration of a text that must have none of the faults; warnings are allowed. */
export async function configOf(
  text: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Config> {
  const loaded = await load(text, env);
  if (loaded.config === null) throw new Error(faultsOf(loaded).join("\n"));
  return loaded.config;
}

export function ircOf(config: Config): IrcAccountConfig["settings"] & IrcAccountConfig["options"] {
  const account = config.accounts.find((account) => account.protocol === "irc");
  if (account === undefined) throw new Error("no IRC account");
  return { ...account.settings, ...account.options };
}

export function kosmiOf(
  config: Config,
): KosmiAccountConfig["settings"] & KosmiAccountConfig["options"] {
  const account = config.accounts.find((account) => account.protocol === "kosmi");
  if (account === undefined) throw new Error("no Kosmi account");
  return { ...account.settings, ...account.options };
}
