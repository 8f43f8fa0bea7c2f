import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { IrcBridge } from "../../bridges/irc/bridge.ts";
import type {
  IrcBridgeOptions,
  IrcNickServ,
  IrcPuppets,
  IrcSasl,
  SaslMechanism,
} from "../../bridges/irc/link/options.ts";
import type { StsPolicies } from "../../bridges/irc/login/sts.ts";
import type { GeneralConfig, IrcAccountConfig } from "../../config/options/config.ts";
import type { AccountId } from "../../relay/port/ids.ts";
import { VERSION } from "../shared/build_info.ts";

interface IrcWiring {
  readonly general: GeneralConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Where the servers' demands for TLS are kept; in memory where left out. */
  readonly sts?: StsPolicies;
  /** Content of the file that TLSClientCertificate names. */
  readonly clientCertificatePem: string | null;
}

/** An IRC account of the configuration as a bridge. */
export function wireIrc(account: IrcAccountConfig, wiring: IrcWiring): IrcBridge {
  return new IrcBridge(ircOptionsOf(account, wiring));
}

/** What the configuration says of an IRC account, in the bridge's terms. */
export function ircOptionsOf(account: IrcAccountConfig, wiring: IrcWiring): IrcBridgeOptions {
  const { clock, random, log, general, clientCertificatePem } = wiring;
  return {
    account: account.id as AccountId,
    host: account.server.host,
    port: account.server.port,
    nick: account.nick,
    userName: account.userName,
    realName: account.realName,
    password: account.password,
    bind: account.bind,
    tls: account.useTls
      ? {
        verify: !account.skipTlsVerify,
        clientCertificatePem,
        pinSha256: account.tlsFingerprint === null ? [] : [account.tlsFingerprint],
      }
      : null,
    sasl: saslOf(account),
    nickServ: nickServOf(account),
    runCommands: account.runCommands,
    messageDelayMs: account.messageDelayMs,
    burst: account.burst,
    messageLength: account.messageLength === 0 ? null : account.messageLength,
    messageSplit: account.messageSplit,
    messageClipped: account.messageClipped,
    maxLines: account.maxLines,
    rejoinDelayMs: account.rejoinDelayMs,
    joinDelayMs: account.joinDelayMs,
    pingDelayMs: account.pingDelayMs,
    charset: account.charset,
    stripMarkup: account.stripMarkdown,
    useRelayMsg: account.useRelayMsg,
    version: `kosmi-relay ${VERSION}`,
    userInfo: account.userInfo,
    quitMessage: account.quitMessage,
    botMode: account.botMode,
    relayNotices: account.relayNotices,
    puppets: puppetsOf(account),
    history: { maxMessages: general.catchUpMaxMessages, maxAgeMs: general.catchUpMaxAgeMs },
    ...(wiring.sts === undefined ? {} : { sts: wiring.sts }),
    clock,
    random,
    log,
  };
}

function puppetsOf(account: IrcAccountConfig): IrcPuppets | null {
  if (!account.puppets) return null;
  const password = account.puppetWebIrcPassword;
  return {
    suffix: account.puppetSuffix,
    idleMs: account.puppetIdleMs,
    max: account.puppetMax,
    connectDelayMs: account.puppetDelayMs,
    webirc: password === null
      ? null
      : { gateway: account.puppetWebIrcGateway ?? account.nick, password },
  };
}

const MECHANISMS: Readonly<Record<string, SaslMechanism>> = {
  plain: "PLAIN",
  external: "EXTERNAL",
  "scram-sha-256": "SCRAM-SHA-256",
};

/** Matterbridge has one pair of keys for SASL and NickServ; ours for SASL alone come first. */
function saslOf(account: IrcAccountConfig): IrcSasl | null {
  if (!account.useSasl) return null;
  return {
    required: true,
    mechanism: MECHANISMS[account.saslMechanism] ?? null,
    login: account.saslLogin ?? account.nickServNick ?? account.nick,
    password: account.saslPassword ?? account.nickServPassword ?? "",
  };
}

function nickServOf(account: IrcAccountConfig): IrcNickServ | null {
  if (account.useSasl || account.nickServPassword === null) return null;
  return {
    nick: account.nickServNick ?? "NickServ",
    password: account.nickServPassword,
    username: account.nickServUsername,
  };
}
