import type { ACCOUNT_OPTIONS } from "./account.ts";
import type { GENERAL_OPTIONS } from "./general.ts";
import type { IRC_OPTIONS } from "./irc.ts";
import type { KOSMI_OPTIONS } from "./kosmi.ts";
import type { Values } from "./option.ts";

/** The whole configuration: frozen, every value decoded, checked and with its default. */
export interface Config {
  readonly general: GeneralConfig;
  /** Those that an enabled gateway uses, in the order of the file. */
  readonly accounts: readonly AccountConfig[];
  /** The enabled ones, in the order of the file; at least one. */
  readonly gateways: readonly GatewayConfig[];
}

/** What is about the relay itself. Times end in `Ms`. See options_general.ts for each. */
export type GeneralConfig = Values<typeof GENERAL_OPTIONS>;

export type AccountConfig = IrcAccountConfig | KosmiAccountConfig;

interface AccountIdentity {
  /** `protocol.name`, such as `irc.libera`. */
  readonly id: string;
  /** The part behind the dot, as its section spells it. */
  readonly name: string;
  /** Of its section; 1-based. */
  readonly line: number | null;
}

/** Where to connect to: the host without brackets. */
interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** One `[irc.NAME]`. See options_irc.ts and options_account.ts for each value. */
export interface IrcAccountConfig
  extends AccountIdentity, AccountValues, Omit<Values<typeof IRC_OPTIONS>, "server"> {
  readonly protocol: "irc";
  readonly server: ServerAddress;
}

/** One `[kosmi.NAME]`. See options_kosmi.ts and options_account.ts for each value. */
export interface KosmiAccountConfig
  extends AccountIdentity, AccountValues, Values<typeof KOSMI_OPTIONS> {
  readonly protocol: "kosmi";
}

/** What every account has. */
type AccountValues = Values<typeof ACCOUNT_OPTIONS>;

export interface GatewayConfig {
  /** Unique. */
  readonly name: string;
  readonly line: number | null;
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
  readonly line: number | null;
}
