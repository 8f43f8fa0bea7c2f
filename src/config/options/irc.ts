import {
  addressFault,
  charsetFault,
  fingerprintFault,
  nickFault,
  plainCharset,
  plainFingerprint,
  puppetSuffixFault,
  wordFault,
} from "../values/irc.ts";
import { hostPorts, socksProxy } from "../values/net.ts";
import {
  boolean,
  choice,
  duration,
  integer,
  optionalText,
  secretText,
  text,
  textList,
  turned,
  type ValueType,
} from "../values/values.ts";
import { type ForeignKey, option } from "./option.ts";

const LONGEST_PING_MS = 60_000;
const longPing = duration({ unit: null, minMs: 1_000, maxMs: 86_400_000 });

/** Matterbridge takes any; a longer silence would let a dead link pass unnoticed. */
const pingDelay: ValueType<number> = {
  ...longPing,
  read: (raw) => {
    const reading = longPing.read(raw);
    if ("fault" in reading || reading.value <= LONGEST_PING_MS) return reading;
    return {
      value: LONGEST_PING_MS,
      warning: "is taken as 1m, so that a dead link is noticed in time",
    };
  },
};

const USUAL_DELAY_MS = 1_300;
const anyDelay = duration({ unit: "ms", maxMs: 3_600_000 });

/** Matterbridge takes 0 for "not set". */
const messageDelay: ValueType<number> = {
  ...anyDelay,
  read: (raw) => {
    const reading = anyDelay.read(raw);
    if ("fault" in reading || reading.value !== 0) return reading;
    return {
      value: USUAL_DELAY_MS,
      warning: `is taken as ${USUAL_DELAY_MS}, as in Matterbridge; 1 is hardly a limit`,
    };
  },
};

/** Keys of `[irc.NAME]` about puppets; all are ours, not Matterbridge's. */
const PUPPET_OPTIONS = {
  puppets: option({
    key: "Puppets",
    type: boolean,
    fallback: false,
    doc:
      "Gives each Kosmi member who speaks a connection and nick of their own. Ask the network first: see docs/irc.md (ours, not Matterbridge's).",
  }),
  puppetSuffix: option({
    key: "PuppetSuffix",
    type: text({ check: puppetSuffixFault }),
    fallback: "[k]",
    doc: "Ends the nick of every puppet (ours, not Matterbridge's).",
  }),
  puppetMax: option({
    key: "PuppetMax",
    type: integer({ min: 1, max: 500 }),
    fallback: 20,
    doc:
      "The most puppets at a time; whoever comes later is shown by the relay itself (ours, not Matterbridge's).",
  }),
  puppetIdleMs: option({
    key: "PuppetIdle",
    type: duration({ unit: null, minMs: 10_000, maxMs: 30 * 86_400_000 }),
    fallback: 1_800_000,
    doc: "After how long a silence a puppet leaves (ours, not Matterbridge's).",
  }),
  puppetDelayMs: option({
    key: "PuppetDelay",
    type: duration({ unit: "ms", maxMs: 600_000 }),
    fallback: 1_000,
    doc: "How long to wait between the connections of two puppets (ours, not Matterbridge's).",
  }),
  puppetWebIrcGateway: option({
    key: "PuppetWebIRCGateway",
    type: optionalText({ check: wordFault }),
    fallback: null,
    fallbackText: "the nick",
    doc: "The gateway's name in WEBIRC, as the network wants it (ours, not Matterbridge's).",
  }),
  puppetWebIrcPassword: option({
    key: "PuppetWebIRCPassword",
    type: secretText,
    fallback: null,
    fallbackText: "none: puppets come from this machine's address",
    doc:
      "The password of WEBIRC; puppets then show a made-up address each, in fd6b:6f73:6d69::/48 (ours, not Matterbridge's).",
  }),
} as const;

/** Keys of `[irc.NAME]` besides those of every account. */
export const IRC_OPTIONS = {
  server: option({
    key: "Server",
    type: hostPorts("irc.libera.chat:6697"),
    fallback: null,
    fallbackText: "none; the port is 6697 with UseTLS, else 6667",
    doc:
      "The IRC server as host:port, an IPv6 address in brackets; several of one network as a list, tried in turn.",
    required: true,
  }),
  nick: option({
    key: "Nick",
    type: text({ check: nickFault }),
    fallback: "",
    fallbackText: "none",
    doc: "The relay's own nick.",
    required: true,
  }),
  userName: option({
    key: "UserName",
    type: optionalText({
      check: (name) => /[\s@]/.test(name) ? "a name without spaces and @" : null,
    }),
    fallback: null,
    fallbackText: "the nick",
    doc: "The user name (ident) that others see before the @.",
  }),
  realName: option({
    key: "RealName",
    type: optionalText(),
    fallback: null,
    fallbackText: "the nick",
    doc: "The real name that WHOIS shows.",
  }),
  password: option({
    key: "Password",
    type: secretText,
    fallback: null,
    doc: "The server's password (PASS); not the one for NickServ.",
  }),
  useTls: option({
    key: "UseTLS",
    type: boolean,
    fallback: false,
    doc: "Connects with TLS.",
  }),
  skipTlsVerify: option({
    key: "SkipTLSVerify",
    type: boolean,
    fallback: false,
    doc: "Accepts any certificate, including a forged one.",
  }),
  allowPlainText: option({
    key: "AllowPlainText",
    type: boolean,
    fallback: false,
    doc: "Sends passwords without TLS too, where others can read them (ours, not Matterbridge's).",
  }),
  tlsFingerprint: option({
    key: "TLSFingerprint",
    type: turned(
      optionalText({ name: "fingerprint", check: fingerprintFault }),
      (written) => written === null ? null : plainFingerprint(written),
    ),
    fallback: null,
    doc: "SHA-256 fingerprint of the one certificate that is taken (ours, not Matterbridge's).",
  }),
  tlsClientCertificate: option({
    key: "TLSClientCertificate",
    type: optionalText({ name: "path" }),
    fallback: null,
    doc: "PEM file with a certificate and its key, to log in with.",
  }),
  useSasl: option({
    key: "UseSASL",
    type: boolean,
    fallback: false,
    doc: "Requires SASL; without it the relay does not connect.",
  }),
  saslMechanism: option({
    key: "SASLMechanism",
    type: choice([
      "auto",
      "plain",
      "scram-sha-256",
      "scram-sha-512",
      "external",
      "ecdsa-nist256p-challenge",
    ]),
    fallback: "auto",
    doc:
      "How SASL proves who we are; auto takes the best that the server offers (ours, not Matterbridge's).",
  }),
  saslKey: option({
    key: "SASLKey",
    type: optionalText({ name: "path" }),
    fallback: null,
    doc:
      "PEM file with the private key (P-256) for SASL's ecdsa-nist256p-challenge (ours, not Matterbridge's).",
  }),
  saslLogin: option({
    key: "SASLLogin",
    type: optionalText(),
    fallback: null,
    fallbackText: "NickServNick",
    doc: "The account's name for SASL.",
  }),
  saslPassword: option({
    key: "SASLPassword",
    type: secretText,
    fallback: null,
    fallbackText: "NickServPassword",
    doc: "The account's password for SASL.",
  }),
  nickServNick: option({
    key: "NickServNick",
    type: optionalText(),
    fallback: null,
    doc:
      "Whom to send IDENTIFY to, mostly nickserv; with UseSASL the account's name (see SASLLogin).",
  }),
  nickServPassword: option({
    key: "NickServPassword",
    type: secretText,
    fallback: null,
    doc: "The password for NickServ, or for SASL.",
  }),
  nickServUsername: option({
    key: "NickServUsername",
    type: optionalText(),
    fallback: null,
    doc: "The account's name where services want it with the password (QuakeNet's Q).",
  }),
  bind: option({
    key: "Bind",
    type: optionalText({ name: "IP address", check: addressFault }),
    fallback: null,
    doc: "The address of this machine to connect from.",
  }),
  proxy: option({
    key: "Proxy",
    type: socksProxy,
    fallback: null,
    fallbackText: "none: straight to the server",
    doc:
      "A SOCKS5 proxy for all connections of this account, such as Tor's socks5://127.0.0.1:9050; it looks names up, too (ours, not Matterbridge's).",
  }),
  charset: option({
    key: "Charset",
    type: turned(
      optionalText({ name: "character set", check: charsetFault }),
      (written) => written === null ? null : plainCharset(written),
    ),
    fallback: null,
    fallbackText: "UTF-8",
    doc: "The character set of the channels where it is not UTF-8, such as windows-1251.",
  }),
  messageDelayMs: option({
    key: "MessageDelay",
    type: messageDelay,
    fallback: USUAL_DELAY_MS,
    doc:
      "The steady distance between two lines, once Burst is used up; 0 means 1300, as in Matterbridge, and 1 is hardly a limit.",
  }),
  burst: option({
    key: "Burst",
    type: integer({ min: 1, max: 1_000 }),
    fallback: 5,
    doc:
      "How many lines may leave at once before MessageDelay sets the pace (ours, not Matterbridge's).",
  }),
  messageLength: option({
    key: "MessageLength",
    type: integer({ min: 0, max: 8_191 }),
    fallback: 0,
    fallbackText: "0: what the server takes",
    doc:
      "The most bytes of text in one line (at least 64), where that is less than the server takes.",
  }),
  messageSplit: option({
    key: "MessageSplit",
    type: boolean,
    fallback: true,
    doc: "Splits a long message into several lines; false clips it.",
  }),
  messageClipped: option({
    key: "MessageClipped",
    type: text({ empty: "allowed" }),
    fallback: "<clipped message>",
    doc: "What stands at the end of a clipped message.",
  }),
  maxLines: option({
    key: "MaxLines",
    type: integer({ min: 1, max: 1_000 }),
    fallback: 12,
    doc:
      "How many lines one message may become; the rest is told as a count (ours, not Matterbridge's).",
  }),
  rejoinDelayMs: option({
    key: "RejoinDelay",
    type: duration({ unit: "s", maxMs: 86_400_000 }),
    fallback: 0,
    doc: "How long to wait before entering a channel again after a kick.",
  }),
  joinDelayMs: option({
    key: "JoinDelay",
    type: duration({ unit: "ms", maxMs: 600_000 }),
    fallback: 0,
    doc: "How long to wait between entering two channels.",
  }),
  pingDelayMs: option({
    key: "PingDelay",
    type: pingDelay,
    fallback: 60_000,
    doc: "Idle time before the relay sends PING; at most 1m.",
  }),
  runCommands: option({
    key: "RunCommands",
    type: textList({ secret: true }),
    fallback: [],
    doc: "Raw IRC lines to send after connecting; {BOTNICK} is the relay's nick.",
  }),
  colorNicks: option({
    key: "ColorNicks",
    type: boolean,
    fallback: false,
    doc: "Colours the nicks that are relayed to this account, each always the same.",
  }),
  stripMarkdown: option({
    key: "StripMarkdown",
    type: boolean,
    fallback: false,
    doc: "Takes Markdown out of texts that are relayed to this account.",
  }),
  useRelayMsg: option({
    key: "UseRelayMsg",
    type: boolean,
    fallback: false,
    doc: "Shows the remote nick as the sender where the server offers RELAYMSG.",
  }),
  relayOwnLines: option({
    key: "RelayOwnLines",
    type: choice(["auto", "true", "false"]),
    fallback: "auto",
    doc:
      "Relays what another client says under the relay's own nick; auto: behind a bouncer (ours, not Matterbridge's).",
  }),
  userInfo: option({
    key: "UserInfo",
    type: optionalText(),
    fallback: null,
    fallbackText: "no answer",
    doc: "What CTCP USERINFO is answered with.",
  }),
  quitMessage: option({
    key: "QuitMessage",
    type: text({ empty: "allowed" }),
    fallback: "kosmi-relay",
    doc: "What the relay says when it leaves the server (ours, not Matterbridge's).",
  }),
  botMode: option({
    key: "BotMode",
    type: boolean,
    fallback: true,
    doc:
      "Marks the relay as a program where the server has a mode for it (ours, not Matterbridge's).",
  }),
  relayNotices: option({
    key: "RelayNotices",
    type: boolean,
    fallback: false,
    doc: "Relays NOTICEs to a channel as well; most come from programs (ours, not Matterbridge's).",
  }),
  ...PUPPET_OPTIONS,
} as const;

/** Matterbridge's keys of `[irc.NAME]` that have no effect here. */
export const FOREIGN_IRC_KEYS: readonly ForeignKey[] = [
  { key: "DebugLevel", instead: "set Debug or LogLevel in [general]" },
  { key: "NoTLS", instead: "UseTLS=false, which is the default" },
  { key: "UseRelayFallback", instead: "no message is dropped for its nick" },
  { key: "RelayFallbackNick", instead: "every nick is made one that the server takes" },
  { key: "RelayMsgSep", instead: "the server says it itself" },
  { key: "Casemapping", instead: "the server says it itself" },
  { key: "DoubleColonPrefix", instead: "a text that begins with a colon arrives as it is" },
];
