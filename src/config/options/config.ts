import type { ACCOUNT_OPTIONS } from "./account.ts";
import type { API_OPTIONS, MATTERBRIDGE_OPTIONS } from "./api.ts";
import type { GENERAL_OPTIONS } from "./general.ts";
import type { IRC_OPTIONS } from "./irc.ts";
import type { KOSMI_OPTIONS } from "./kosmi.ts";
import type { Values } from "./option.ts";

/** The whole configuration: frozen, every value decoded, checked and with its default. */
export interface Config {
  readonly general: GeneralConfig;
  /** Those that an enabled gateway uses, in the order of the file. */
  readonly accounts: readonly AccountConfig[];
  /** The enabled ones that can relay something, in the order of the file; at least one. */
  readonly gateways: readonly GatewayConfig[];
}

/** What is about the relay itself. Times end in `Ms`. See general.ts for each. */
export type GeneralConfig = Values<typeof GENERAL_OPTIONS>;

export type AccountConfig =
  | IrcAccountConfig
  | KosmiAccountConfig
  | ApiAccountConfig
  | MatterbridgeAccountConfig;

interface Account {
  /** `protocol.name`, such as `irc.libera`. */
  readonly id: string;
  /** The part behind the dot, as its section spells it. */
  readonly name: string;
  /** What the core needs to know of it: see account.ts. */
  readonly settings: Values<typeof ACCOUNT_OPTIONS> & { readonly colorNicks: boolean };
}

/** One `[irc.NAME]`. See irc.ts for each option. */
export interface IrcAccountConfig extends Account {
  readonly protocol: "irc";
  readonly options: IrcOptionValues;
}

/** One `[kosmi.NAME]`. See kosmi.ts for each option. */
export interface KosmiAccountConfig extends Account {
  readonly protocol: "kosmi";
  readonly options: Values<typeof KOSMI_OPTIONS>;
}

/** One `[api.NAME]`. See api.ts for each option. */
export interface ApiAccountConfig extends Account {
  readonly protocol: "api";
  readonly options: Values<typeof API_OPTIONS>;
}

/** One `[matterbridge.NAME]`. See api.ts for each option. */
export interface MatterbridgeAccountConfig extends Account {
  readonly protocol: "matterbridge";
  readonly options: Values<typeof MATTERBRIDGE_OPTIONS>;
}

/** Where to connect to: the host without brackets. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export type IrcOptionValues = Omit<Values<typeof IRC_OPTIONS>, "server"> & {
  readonly server: ServerAddress;
  /** Further ones of the same network, tried in turn. */
  readonly moreServers: readonly ServerAddress[];
};

export interface GatewayConfig {
  /** Unique. */
  readonly name: string;
  readonly endpoints: readonly EndpointConfig[];
}

export interface EndpointConfig {
  /** The `id` of one of the accounts. */
  readonly account: string;
  /** As written; the bridge knows its one spelling. For Kosmi "" and "main" are the account's RoomURL. */
  readonly channel: string;
  readonly direction: "in" | "out" | "inout";
  /** The IRC channel's key. */
  readonly key: string | null;
}
