import type { TokenSource, TokenStatus } from "../../auth/tokens/token_source.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { StsPolicies } from "../../bridges/irc/link/options.ts";
import type { CredentialSource } from "../../bridges/kosmi/link/options.ts";
import type {
  AccountConfig,
  Config,
  EndpointConfig,
  IrcAccountConfig,
  KosmiAccountConfig,
} from "../../config/options/config.ts";
import type { Logging } from "../../log/logging.ts";
import type { RelayAccount } from "../../relay/intake/intake.ts";
import type { AccountId } from "../../relay/port/ids.ts";
import type { Gateway, GatewayEndpoint } from "../../relay/port/settings.ts";
import { DataDirectoryError } from "../../store/files/data_directory_error.ts";
import { refuseLinkOut } from "../shared/open_data_directory.ts";
import { mayRead, refusal } from "../shared/refusal.ts";
import { apiBridge, apiOptionsOf, matterbridgeBridge, matterbridgeOptionsOf } from "./api.ts";
import { ircBridge, ircOptionsOf } from "./irc.ts";
import { kosmiBridge, kosmiOptionsOf } from "./kosmi.ts";
import type { TokenSources } from "./tokens.ts";

/** Work that goes on beside a link: a token is kept fresh. */
export interface Upkeep {
  /** Rejects when `signal` aborts, and has ended everything it started by then. */
  maintain(signal: AbortSignal): Promise<void>;
}

/** What only a bridge could find wrong in the configuration: nothing was started. */
export class SetupError extends Error {
  override readonly name = "SetupError";
  constructor(readonly faults: readonly string[]) {
    super(faults.join("; "));
  }
}

interface Setup {
  readonly logging: Logging;
  readonly clock: Clock;
  /** Where tokens come from; lasts from one configuration to the next. */
  readonly tokens: TokenSources;
  /** Which IRC servers want TLS; lasts too. */
  readonly sts: StsPolicies;
  /** What keeps the relay from relaying now, one sentence each. */
  readonly problems: () => readonly string[];
}

export interface LiveAccount extends RelayAccount {
  /** All that the bridge was made of, as a text: where it is the same, the bridge need not be another. Holds secrets. */
  readonly made: string;
  /** What the account does beside its link; several accounts may share one. Null: nothing. */
  readonly upkeep: Upkeep | null;
  /** What may be shown of its token; absent for an account that has none. */
  token?(): TokenStatus;
}

/**
 * Makes every account of the configuration; those of `known` that would be made of the same keep their bridge. Throws a
 * SetupError.
 */
export async function setUpAccounts(
  config: Config,
  setup: Setup,
  known: readonly LiveAccount[] = [],
): Promise<LiveAccount[]> {
  const faults: string[] = [];
  const live: LiveAccount[] = [];
  for (const account of config.accounts) {
    try {
      const fresh = await liveAccount(account, config, setup);
      const same = known.find(({ bridge, made }) =>
        bridge.account === fresh.bridge.account && made === fresh.made
      );
      live.push(same === undefined ? fresh : { ...same, settings: fresh.settings });
    } catch (error) {
      faults.push(`${account.id}: ${describeError(error)}`);
    }
  }
  if (faults.length > 0) throw new SetupError(faults);
  return live;
}

async function liveAccount(
  account: AccountConfig,
  config: Config,
  setup: Setup,
): Promise<LiveAccount> {
  const { settings } = account;
  switch (account.protocol) {
    case "irc":
      return await ircAccount(account, config, setup);
    case "kosmi":
      return kosmiAccount(account, config, setup);
    case "api": {
      const given = { ...shared(account, config, setup), problems: setup.problems };
      const made = JSON.stringify(apiOptionsOf(account, given));
      return { bridge: apiBridge(account, given), settings, made, upkeep: null };
    }
    case "matterbridge": {
      const given = shared(account, config, setup);
      const made = JSON.stringify(matterbridgeOptionsOf(account, given));
      return { bridge: matterbridgeBridge(account, given), settings, made, upkeep: null };
    }
  }
}

/** What every bridge gets. */
function shared(account: AccountConfig, { general }: Config, { clock, logging }: Setup) {
  const log = logging.logger([account.protocol, account.name]);
  return { general, clock, random: Math.random, log };
}

async function ircAccount(
  account: IrcAccountConfig,
  config: Config,
  setup: Setup,
): Promise<LiveAccount> {
  const clientCertificatePem = await readPem(account.options.tlsClientCertificate);
  const saslKeyPem = await readPem(account.options.saslKey, "SASLKey");
  const { sts } = setup;
  const given = { ...shared(account, config, setup), clientCertificatePem, saslKeyPem, sts };
  return {
    bridge: ircBridge(account, given),
    settings: account.settings,
    made: JSON.stringify(ircOptionsOf(account, given)),
    upkeep: null,
  };
}

function kosmiAccount(
  account: KosmiAccountConfig,
  config: Config,
  setup: Setup,
): LiveAccount {
  const source = setup.tokens.of(account);
  const credentials = hidingTokens(source, setup.logging);
  const app = setup.tokens.webApp(account);
  const given = { ...shared(account, config, setup), credentials, app };
  return {
    bridge: kosmiBridge(account, given),
    settings: account.settings,
    made: JSON.stringify(kosmiOptionsOf(account, given)),
    upkeep: source,
    token: () => source.status(),
  };
}

/** Tells the log every token before anybody else sees it. */
function hidingTokens(source: TokenSource, logging: Logging): CredentialSource {
  return {
    async get(signal) {
      const grant = await source.get(signal);
      logging.secrets.add(grant.token);
      return grant;
    },
    refused: (token) => source.refused(token),
  };
}

/** Content of a PEM file that the configuration names. Throws an Error that says what to do. */
export async function readPem(
  path: string | null,
  key: "TLSClientCertificate" | "SASLKey" = "TLSClientCertificate",
): Promise<string | null> {
  if (path === null) return null;
  if (!await mayRead(path)) {
    throw refusal({ kind: "file", path, key });
  }
  try {
    await refuseLinkOut(path);
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof DataDirectoryError) throw error;
    throw new Error(`Cannot read ${key} ${path}`, { cause: error });
  }
}

/** The gateways with each channel in the one spelling of its bridge, which reading the configuration has checked. */
export function gatewaysOf(config: Config, accounts: readonly LiveAccount[]): Gateway[] {
  const bridges = new Map(accounts.map(({ bridge }) => [bridge.account, bridge]));
  const place = (endpoint: EndpointConfig, gateway: string): GatewayEndpoint[] => {
    const account = endpoint.account as AccountId;
    const bridge = bridges.get(account);
    if (bridge === undefined) return [];
    // The clients of an API name the gateway: it is their channel, whatever stands in the file.
    const channel = bridge.channelId(bridge.protocol === "api" ? gateway : endpoint.channel);
    const { direction, key } = endpoint;
    return [{ account, channel, written: endpoint.channel, direction, key }];
  };
  return config.gateways.map((gateway) => ({
    name: gateway.name,
    endpoints: gateway.endpoints.flatMap((endpoint) => place(endpoint, gateway.name)),
  }));
}
