import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { IrcBridge } from "../../bridges/irc/bridge.ts";
import type {
  IrcBridgeOptions,
  IrcNickServ,
  IrcPuppets,
  IrcSasl,
  SaslMechanism,
  StsPolicies,
} from "../../bridges/irc/link/options.ts";
import type {
  GeneralConfig,
  IrcAccountConfig,
  IrcOptionValues,
} from "../../config/options/config.ts";
import { parseSocksProxy } from "../../config/values/net.ts";
import { LEAST_HISTORY } from "../../relay/port/bridge.ts";
import type { AccountId } from "../../relay/port/ids.ts";
import { VERSION } from "../shared/build_info.ts";

interface IrcSetup {
  readonly general: GeneralConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Where the servers' demands for TLS are kept; in memory where left out. */
  readonly sts?: StsPolicies;
  /** Content of the file that TLSClientCertificate names. */
  readonly clientCertificatePem: string | null;
  /** Content of the file that SASLKey names. */
  readonly saslKeyPem?: string | null;
}

/** An IRC account of the configuration as a bridge. */
export function ircBridge(account: IrcAccountConfig, setup: IrcSetup): IrcBridge {
  return new IrcBridge(ircOptionsOf(account, setup));
}

/** What the configuration says of an IRC account, in the bridge's terms: options of one name are passed on as they are. */
export function ircOptionsOf(
  account: Pick<IrcAccountConfig, "id" | "options">,
  setup: IrcSetup,
): IrcBridgeOptions {
  const { clock, random, log, general, clientCertificatePem, saslKeyPem = null } = setup;
  const { options } = account;
  const pinSha256 = options.tlsFingerprint === null ? [] : [options.tlsFingerprint];
  return {
    ...options,
    account: account.id as AccountId,
    host: options.server.host,
    port: options.server.port,
    proxy: options.proxy === null ? null : parseSocksProxy(options.proxy),
    tls: options.useTls
      ? { verify: !options.skipTlsVerify, clientCertificatePem, pinSha256 }
      : null,
    stsTls: { clientCertificatePem, pinSha256 },
    sasl: saslOf(options, saslKeyPem),
    relayOwnLines: options.relayOwnLines === "auto" ? null : options.relayOwnLines === "true",
    nickServ: nickServOf(options),
    messageLength: options.messageLength === 0 ? null : options.messageLength,
    stripMarkup: options.stripMarkdown,
    version: `kosmi-relay ${VERSION}`,
    puppets: puppetsOf(options),
    history: { maxMessages: Math.max(LEAST_HISTORY, general.catchUpMaxMessages) },
    ...(setup.sts === undefined ? {} : { sts: setup.sts }),
    clock,
    random,
    log,
  };
}

function puppetsOf(options: IrcOptionValues): IrcPuppets | null {
  if (!options.puppets) return null;
  const password = options.puppetWebIrcPassword;
  return {
    suffix: options.puppetSuffix,
    idleMs: options.puppetIdleMs,
    max: options.puppetMax,
    connectDelayMs: options.puppetDelayMs,
    webirc: password === null
      ? null
      : { gateway: options.puppetWebIrcGateway ?? options.nick, password },
  };
}

const MECHANISMS: Readonly<Record<string, SaslMechanism>> = {
  plain: "PLAIN",
  external: "EXTERNAL",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
  "ecdsa-nist256p-challenge": "ECDSA-NIST256P-CHALLENGE",
};

/** Matterbridge has one pair of keys for SASL and NickServ; ours for SASL alone come first. */
function saslOf(options: IrcOptionValues, keyPem: string | null): IrcSasl | null {
  if (!options.useSasl) return null;
  return {
    required: true,
    mechanism: MECHANISMS[options.saslMechanism] ?? null,
    login: options.saslLogin ?? options.nickServNick ?? options.nick,
    password: options.saslPassword ?? options.nickServPassword ?? "",
    keyPem,
  };
}

function nickServOf(options: IrcOptionValues): IrcNickServ | null {
  if (options.useSasl || options.nickServPassword === null) return null;
  return {
    nick: options.nickServNick ?? "NickServ",
    password: options.nickServPassword,
    username: options.nickServUsername,
  };
}
