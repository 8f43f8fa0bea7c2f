import type { TokenSource, TokenStatus } from "../auth/token_source.ts";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { CredentialSource } from "../bridges/kosmi/options.ts";
import type { Config, EndpointConfig } from "../config/types.ts";
import type { Logging } from "../observability/logging.ts";
import type { AccountId } from "../relay/ids.ts";
import type { RelayAccount } from "../relay/intake.ts";
import type { Gateway, GatewayEndpoint } from "../relay/settings.ts";
import type { DataDirectory } from "../store/data_directory.ts";
import { accountSettings } from "./account_settings.ts";
import { mayRead, refusal } from "./refusal.ts";
import { wireIrc } from "./wire_irc.ts";
import { wireKosmi } from "./wire_kosmi.ts";
import { TokenSources } from "./wire_tokens.ts";

/** What only a bridge could find wrong in the configuration: nothing was started. */
export class WiringError extends Error {
  override readonly name = "WiringError";
  constructor(readonly faults: readonly string[]) {
    super(faults.join("; "));
  }
}

export interface Wiring {
  readonly data: DataDirectory;
  readonly logging: Logging;
  readonly clock: Clock;
}

export interface WiredAccount extends RelayAccount {
  /** What the account does beside its link, until `signal` aborts. */
  maintain(signal: AbortSignal): Promise<void>;
  /** What may be shown of its token; absent for an account that has none. */
  token?(): TokenStatus;
}

/** Makes every account of the configuration. Throws a WiringError. */
export async function wireAccounts(config: Config, wiring: Wiring): Promise<WiredAccount[]> {
  const { logging, clock } = wiring;
  const tokens = new TokenSources(config, wiring);
  const faults: string[] = [];
  const wired: WiredAccount[] = [];
  const maintained = new Set<TokenSource>();
  for (const account of config.accounts) {
    const shared = {
      general: config.general,
      clock,
      random: Math.random,
      log: logging.logger([account.protocol, account.name]),
    };
    const settings = accountSettings(account);
    try {
      if (account.protocol === "irc") {
        const clientCertificatePem = await readPem(account.tlsClientCertificate);
        const bridge = wireIrc(account, { ...shared, clientCertificatePem });
        wired.push({ bridge, settings, maintain: () => Promise.resolve() });
        continue;
      }
      const source = tokens.of(account);
      const bridge = wireKosmi(account, { ...shared, credentials: hidingTokens(source, logging) });
      wired.push({
        bridge,
        settings,
        maintain: once(maintained, source),
        token: () => source.status(),
      });
    } catch (error) {
      faults.push(`${account.id}: ${describeError(error)}`);
    }
  }
  if (faults.length > 0) throw new WiringError(faults);
  return wired;
}

/** Accounts may share a source: one of them keeps it fresh. */
function once(maintained: Set<TokenSource>, source: TokenSource): WiredAccount["maintain"] {
  if (maintained.has(source)) return () => Promise.resolve();
  maintained.add(source);
  return (signal) => source.maintain(signal);
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
export async function readPem(path: string | null): Promise<string | null> {
  if (path === null) return null;
  if (!await mayRead(path)) {
    throw new Error(refusal({ kind: "file", path, key: "TLSClientCertificate" }));
  }
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`Cannot read TLSClientCertificate ${path}`, { cause: error });
  }
}

/** The gateways with each channel in the one spelling of its bridge. Throws a WiringError. */
export function wireGateways(config: Config, accounts: readonly WiredAccount[]): Gateway[] {
  const bridges = new Map(accounts.map(({ bridge }) => [bridge.account, bridge]));
  const faults: string[] = [];
  const place = (endpoint: EndpointConfig): GatewayEndpoint[] => {
    const account = endpoint.account as AccountId;
    try {
      const channel = bridges.get(account)?.channelId(endpoint.channel);
      if (channel === undefined) return [];
      const { direction, key } = endpoint;
      return [{ account, channel, written: endpoint.channel, direction, key }];
    } catch (error) {
      const where = endpoint.line === null ? "" : `line ${endpoint.line}: `;
      faults.push(`${where}channel ${JSON.stringify(endpoint.channel)}: ${describeError(error)}`);
      return [];
    }
  };
  const gateways = config.gateways.map((gateway) => ({
    name: gateway.name,
    endpoints: gateway.endpoints.flatMap(place),
  }));
  if (faults.length > 0) throw new WiringError(faults);
  return gateways;
}
