import type { IrcBridgeOptions } from "../../src/bridges/irc/link/options.ts";
import { ircOptionsOf } from "../../src/commands/setup/irc.ts";
import type { IrcAccountConfig } from "../../src/config/options/config.ts";
import { GENERAL_OPTIONS } from "../../src/config/options/general.ts";
import { IRC_OPTIONS } from "../../src/config/options/irc.ts";

/** What an IRC account must be told; everything else is as it is where the configuration says nothing. */
type Given =
  & Pick<IrcBridgeOptions, "account" | "host" | "port" | "nick" | "clock" | "random" | "log">
  & Partial<IrcBridgeOptions>;

export function ircOptions(given: Given): IrcBridgeOptions {
  const { account, host, port, nick, clock, random, log } = given;
  const server = { host, port };
  const config: Pick<IrcAccountConfig, "id" | "options"> = {
    id: account,
    options: { ...fallbacksOf(IRC_OPTIONS), nick, server, moreServers: [] },
  };
  const general = fallbacksOf(GENERAL_OPTIONS);
  return {
    ...ircOptionsOf(config, { general, clock, random, log, clientCertificatePem: null }),
    ...given,
  };
}

function fallbacksOf<T extends Record<string, { readonly fallback: unknown }>>(options: T) {
  const fallbacks = Object.entries(options).map(([name, { fallback }]) => [name, fallback]);
  return Object.fromEntries(fallbacks) as { [Name in keyof T]: T[Name]["fallback"] };
}
