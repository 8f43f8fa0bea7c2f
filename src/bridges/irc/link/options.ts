import { isLoopback } from "../../../base/loopback.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type { AccountId } from "../../../relay/port/ids.ts";
import type { IrcMessage } from "../wire/message.ts";
import type { Inspection } from "./inspection.ts";
import type { SocksProxy } from "../wire/socket.ts";

/** Everything an IRC account needs. Defaults stand in the table of options (config/options/irc.ts). */
export interface IrcBridgeOptions {
  readonly account: AccountId;
  readonly host: string;
  readonly port: number;
  readonly nick: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;

  /** Further servers of the same network: tried in turn, the one that let us in last first. */
  readonly moreServers: readonly { readonly host: string; readonly port: number }[];
  /** Local address to connect from; null: the system chooses. */
  readonly bind: string | null;
  /** Through which all connections go, names looked up by it. */
  readonly proxy: SocksProxy | null;
  /** Null: plain text. */
  readonly tls: IrcTls | null;
  /** Pins and certificate for a server that we reach in plain text and that wants TLS (STS). */
  readonly stsTls: Omit<IrcTls, "verify">;
  /** Null: the nick. */
  readonly userName: string | null;
  /** Null: the nick. */
  readonly realName: string | null;
  /** The server's password. */
  readonly password: string | null;
  readonly sasl: IrcSasl | null;
  readonly nickServ: IrcNickServ | null;
  /** True: passwords may go where somebody on the way, or in the server's place, could read them. */
  readonly allowPlainText: boolean;
  /** Lines sent as they are after logging in; `{BOTNICK}` stands for our nick. */
  readonly runCommands: readonly string[];

  /** Pace after the burst: one line each. 0: without limit. */
  readonly messageDelayMs: number;
  /** Lines that may leave at once. */
  readonly burst: number;
  /** Most bytes of one message line, prefix included, where that is less than the server takes. */
  readonly messageLength: number | null;
  /** False: a line that is too long is cut and ends in `messageClipped`. */
  readonly messageSplit: boolean;
  readonly messageClipped: string;
  /** Most lines of one message; the rest becomes "… N more lines". */
  readonly maxLines: number;
  /** Wait before entering again after a kick. */
  readonly rejoinDelayMs: number;
  /** Wait between two JOINs. 0: several channels in one line. */
  readonly joinDelayMs: number;
  /** Silence after which we ask whether the server is still there. 0: the longest there is, 60,000. */
  readonly pingDelayMs: number;
  /** Charset of lines that are not UTF-8, and of what we send; null: windows-1252, and we send UTF-8. */
  readonly charset: string | null;
  /** True: send plain text only. */
  readonly stripMarkup: boolean;
  /** True: show the sender's own name by RELAYMSG where the server offers it. */
  readonly useRelayMsg: boolean;
  /** True: what is said under our nick by another client of the same account is relayed; null: behind a bouncer only. */
  readonly relayOwnLines: boolean | null;
  /** True: NOTICEs to a channel are relayed as messages. */
  readonly relayNotices: boolean;
  readonly quitMessage: string;
  /** Mark ourselves as a program where the server knows such a mode. */
  readonly botMode: boolean;
  /** Answer to CTCP VERSION. */
  readonly version: string;
  /** Own connections for those who are relayed; null: all is said under the relay's own nick. */
  readonly puppets: IrcPuppets | null;
  /** Answer to CTCP USERINFO; null: none. */
  readonly userInfo: string | null;
  readonly history: IrcHistoryLimits;
  /** Where the servers' demands for TLS are kept. Default: in memory. */
  readonly sts?: StsPolicies;
  readonly limits?: Partial<IrcLimits>;
  /** Hears every connection, for a check. Default: nobody does. */
  readonly inspection?: Inspection | null;
}

interface IrcTls {
  /** False: any certificate will do. */
  readonly verify: boolean;
  /** Certificate and private key in one PEM text. */
  readonly clientCertificatePem?: string | null;
  /** The server's certificate must have one of these fingerprints, in place of a known authority. */
  readonly pinSha256?: readonly string[];
  /** Further authorities in PEM. */
  readonly caPem?: readonly string[];
}

export type SaslMechanism =
  | "PLAIN"
  | "EXTERNAL"
  | ScramMechanism
  | "ECDSA-NIST256P-CHALLENGE";

/** With -PLUS the proof holds for this TLS connection alone. */
export type ScramMechanism = `SCRAM-SHA-${256 | 512}${"" | "-PLUS"}`;

export interface IrcSasl {
  /** True: without SASL the account does not come up. False: it goes on with a warning. */
  readonly required: boolean;
  /** null: the strongest that the server and our means have in common. */
  readonly mechanism: SaslMechanism | null;
  readonly login: string;
  /** "" where there is none. */
  readonly password: string;
  /** Private key for ECDSA-NIST256P-CHALLENGE; null: none. */
  readonly keyPem?: string | null;
}

/** Login by message to a service, for networks without SASL. */
export interface IrcNickServ {
  /** The service's nick, usually "NickServ". */
  readonly nick: string;
  readonly password: string;
  /** QuakeNet's Q wants a user name too. */
  readonly username?: string | null;
}

/** One connection for each person who speaks. */
export interface IrcPuppets {
  /** Ends every puppet's nick, so that nobody takes it for a person of the network. Not empty. */
  readonly suffix: string;
  /** A puppet that has said nothing for this long quits. */
  readonly idleMs: number;
  /** Most puppets at a time. */
  readonly max: number;
  /** Wait between two connections. */
  readonly connectDelayMs: number;
  /** What the server's WEBIRC block knows us by; null: all puppets come from our own address. */
  readonly webirc: { readonly gateway: string; readonly password: string } | null;
}

/** What makes a connection a puppet's; set by the bridge itself, never by its options. */
interface PuppetRole {
  /** Asks the server for these only. */
  readonly capabilities: ReadonlySet<string>;
  readonly webirc: {
    readonly gateway: string;
    readonly password: string;
    readonly host: string;
    readonly address: string;
  } | null;
  /** What is said to the puppet alone. */
  readonly hear: (message: IrcMessage) => void;
}

/** A server's wish that clients come by TLS only (IRCv3 strict transport security). */
interface StsPolicy {
  readonly port: number;
  /** Until when it holds, milliseconds since the UNIX epoch. */
  readonly untilMs: number;
  /** How long the server wants it to hold after each connection. */
  readonly durationMs: number;
}

/** Where policies are kept between connections; by host name. */
export interface StsPolicies {
  get(host: string): StsPolicy | null;
  /** null: the server took its policy back. */
  set(host: string, policy: StsPolicy | null): void;
}

/** Keeps policies as long as the program runs. */
class MemoryStsPolicies implements StsPolicies {
  readonly #policies = new Map<string, StsPolicy>();

  get(host: string): StsPolicy | null {
    return this.#policies.get(host) ?? null;
  }

  set(host: string, policy: StsPolicy | null): void {
    if (policy === null) this.#policies.delete(host);
    else this.#policies.set(host, policy);
  }
}

/** Bounds of what is read from the server's history after a reconnect. What of it is relayed is the core's to say. */
interface IrcHistoryLimits {
  readonly maxMessages: number;
}

/** Waits of the protocol itself; only tests change them. */
interface IrcLimits {
  /** From dialling to the open socket. */
  readonly connectMs: number;
  /** From the open socket to the end of registration. */
  readonly registrationMs: number;
  readonly saslMs: number;
  /** How long we wait for NickServ before entering the channels. */
  readonly identifyMs: number;
  /** Silence after which the link is given up. */
  readonly deadMs: number;
  /** No echo for this long: ask with a PING. */
  readonly echoMs: number;
  /** No answer of the network behind a bouncer for this long: its connection is gone. */
  readonly throughMs: number;
  /** An earlier connection of ours that has said nothing for this long will say nothing any more. */
  readonly ghostMs: number;
  /** First wait after a refusal that passes by itself; doubles up to a minute. */
  readonly refusedMs: number;
  /** First retry of a refused JOIN; doubles up to `rejoinMaxMs`. */
  readonly rejoinMs: number;
  readonly rejoinMaxMs: number;
  /** No answer to a JOIN for this long counts as refused. */
  readonly joinMs: number;
  readonly historyMs: number;
  /** How often we try to get the configured nick back. */
  readonly regainMs: number;
  readonly quitMs: number;
  readonly ctcpMs: number;
}

const DEFAULT_LIMITS: IrcLimits = {
  connectMs: 15_000,
  registrationMs: 45_000,
  saslMs: 10_000,
  identifyMs: 3_000,
  deadMs: 90_000,
  echoMs: 10_000,
  throughMs: 45_000,
  ghostMs: 20_000,
  refusedMs: 5_000,
  rejoinMs: 5_000,
  rejoinMaxMs: 300_000,
  joinMs: 30_000,
  historyMs: 20_000,
  regainMs: 60_000,
  quitMs: 1_500,
  ctcpMs: 3_000,
};

/** The options with every default filled in. */
export type IrcSettings =
  & Required<Omit<IrcBridgeOptions, "tls" | "stsTls" | "limits" | "userName" | "realName">>
  & {
    readonly userName: string;
    readonly realName: string;
    readonly tls: Required<IrcTls> | null;
    readonly stsTls: Omit<Required<IrcTls>, "verify">;
    readonly limits: IrcLimits;
    /** Null for the relay's own connection. */
    readonly puppet: PuppetRole | null;
  };

const NO_TLS_FILES = { clientCertificatePem: null, pinSha256: [], caPem: [] };

export function settingsOf(options: IrcBridgeOptions): IrcSettings {
  return {
    puppet: null,
    sts: new MemoryStsPolicies(),
    inspection: null,
    ...options,
    userName: options.userName || options.nick,
    realName: options.realName || options.nick,
    // Longer silence would let a dead link pass unnoticed for more than `deadMs`.
    pingDelayMs: Math.min(options.pingDelayMs || 60_000, 60_000),
    tls: options.tls ? { ...NO_TLS_FILES, ...options.tls } : null,
    stsTls: { ...NO_TLS_FILES, ...options.stsTls },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
}

/** Why it may not, for people. */
export const UNTOLD =
  "the server's certificate is not verified. Set TLSFingerprint, or AllowPlainText=true";

/** May the server be told a password as it stands? Only one that has proven who it is, or where the configuration says so. */
export function mayTellPassword({ host, tls, allowPlainText }: IrcSettings): boolean {
  const isVerified = tls !== null && (tls.verify || tls.pinSha256.length > 0);
  return isVerified || allowPlainText || isLoopback(host);
}
