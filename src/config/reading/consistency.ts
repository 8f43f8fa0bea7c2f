import { describeError } from "../../base/errors.ts";
import { isLoopback } from "../../base/loopback.ts";
import { quote } from "../../base/text.ts";
import type { Findings, Place } from "../file/fault.ts";
import type {
  GeneralConfig,
  IrcOptionValues,
  KosmiAccountConfig,
  ServerAddress,
} from "../options/config.ts";
import { GENERAL_OPTIONS } from "../options/general.ts";
import { IRC_OPTIONS } from "../options/irc.ts";
import { KOSMI_OPTIONS } from "../options/kosmi.ts";
import type { Option } from "../options/option.ts";
import { parseUrl } from "../values/net.ts";
import { shown } from "../values/show.ts";
import { type Lookup, placeOf } from "./section.ts";

/** What a bridge says of the channels that the file names. */
export interface ChannelRules {
  /** The channel in its one spelling. Throws an Error that says what is wrong with it. */
  irc(written: string): string;
  /** `defaultRoom` is what "main" stands for. */
  kosmi(written: string, defaultRoom: string | null): string;
}

/** A key, when it has no effect, and what it would need. */
const NEEDS: readonly (readonly [
  key: keyof typeof IRC_OPTIONS,
  idle: (values: IrcOptionValues) => boolean,
  needs: string,
])[] = [
  ["skipTlsVerify", (values) => values.skipTlsVerify && !values.useTls, "UseTLS=true"],
  ["saslMechanism", (values) => values.saslMechanism !== "auto" && !values.useSasl, "UseSASL=true"],
  ["saslLogin", (values) => values.saslLogin !== null && !values.useSasl, "UseSASL=true"],
  ["saslPassword", (values) => values.saslPassword !== null && !values.useSasl, "UseSASL=true"],
  ["saslKey", (values) => values.saslKey !== null && !values.useSasl, "UseSASL=true"],
  [
    "nickServNick",
    (values) => values.nickServNick !== null && values.nickServPassword === null && !values.useSasl,
    "NickServPassword",
  ],
  [
    "nickServUsername",
    (values) => values.nickServUsername !== null && values.nickServPassword === null,
    "NickServPassword",
  ],
  ["puppetSuffix", (values) => !values.puppets, "Puppets=true"],
  ["puppetMax", (values) => !values.puppets, "Puppets=true"],
  ["puppetIdleMs", (values) => !values.puppets, "Puppets=true"],
  ["puppetDelayMs", (values) => !values.puppets, "Puppets=true"],
  [
    "puppetWebIrcGateway",
    (values) => values.puppetWebIrcGateway !== null && values.puppetWebIrcPassword === null,
    "PuppetWebIRCPassword",
  ],
  [
    "puppetWebIrcPassword",
    (values) => values.puppetWebIrcPassword !== null && !values.puppets,
    "Puppets=true",
  ],
  ["useRelayMsg", (values) => values.useRelayMsg && values.puppets, "Puppets=false"],
  [
    "messageClipped",
    (values) => values.messageClipped !== DEFAULT_CLIPPED && values.messageSplit,
    "MessageSplit=false",
  ],
];

const DEFAULT_CLIPPED = IRC_OPTIONS.messageClipped.fallback;

/**
 * Looks at keys that belong together: what can't work is a fault, what has no effect a warning. Answers the options
 * without the secrets that may not go out.
 */
export function checkIrc(
  options: IrcOptionValues,
  lookup: Lookup,
  findings: Findings,
): IrcOptionValues {
  for (const [name, isIdle, needs] of NEEDS) {
    const place = lookup.find(IRC_OPTIONS[name])?.place;
    if (place !== undefined && isIdle(options)) {
      findings.warn(place, `has no effect without ${needs}`);
    }
  }
  checkSasl(options, lookup, findings);
  warnOfOddPort(options, lookup, findings);
  warnOfPlaceholder(options.nick, placeOf(IRC_OPTIONS.nick, lookup), findings);
  return withoutOpenSecrets(options, lookup, findings);
}

function checkSasl(options: IrcOptionValues, lookup: Lookup, findings: Findings): void {
  const { useSasl, saslMechanism, saslPassword, nickServPassword, useTls } = options;
  if (!useSasl) return;
  const hasCertificate = options.tlsClientCertificate !== null && useTls;
  if (saslMechanism === "external" && !hasCertificate) {
    const place = placeOf(IRC_OPTIONS.saslMechanism, lookup);
    findings.fault(place, 'found "external", which needs UseTLS=true and a TLSClientCertificate');
    return;
  }
  if (saslMechanism === "ecdsa-nist256p-challenge" && options.saslKey === null) {
    const place = placeOf(IRC_OPTIONS.saslMechanism, lookup);
    findings.fault(place, `found "${saslMechanism}", which needs a SASLKey`);
    return;
  }
  const hasOther = hasCertificate || options.saslKey !== null;
  const needsPassword = saslMechanism !== "external" &&
    saslMechanism !== "ecdsa-nist256p-challenge" && !(hasOther && saslMechanism === "auto");
  if (!needsPassword || saslPassword !== null || nickServPassword !== null) return;
  const { key } = IRC_OPTIONS.nickServPassword;
  findings.warn(
    placeOf(IRC_OPTIONS.useSasl, lookup),
    `has no password, so the login will fail: set ${key} (or ${
      lookup.variable(key)
    } in the environment)`,
  );
}

/** Nobody is on the way who could read. Tor's own names lead through it to their end, or nowhere. */
function isPrivate({ host }: ServerAddress): boolean {
  return isLoopback(host) || host.toLowerCase().endsWith(".onion");
}

/** Everybody on the way could read them: they are sent only where somebody has said in words that this may be. */
function withoutOpenSecrets(
  options: IrcOptionValues,
  lookup: Lookup,
  findings: Findings,
): IrcOptionValues {
  if (options.useTls || options.allowPlainText || servers(options).every(isPrivate)) return options;
  const keys = ["password", "saslPassword", "nickServPassword", "puppetWebIrcPassword"] as const;
  const open = keys.filter((key) => options[key] !== null);
  for (const key of open) {
    findings.warn(
      placeOf(IRC_OPTIONS[key], lookup),
      "is not sent, because without TLS others can read it: set UseTLS=true, or AllowPlainText=true to send it all the same",
    );
  }
  return { ...options, ...Object.fromEntries(open.map((key) => [key, null])) };
}

function servers({ server, moreServers }: IrcOptionValues): readonly ServerAddress[] {
  return [server, ...moreServers];
}

function warnOfOddPort(options: IrcOptionValues, lookup: Lookup, findings: Findings): void {
  const { useTls } = options;
  const has = (port: number) => servers(options).some((server) => server.port === port);
  const place = placeOf(IRC_OPTIONS.server, lookup);
  if (has(6697) && !useTls) {
    findings.warn(
      place,
      "port 6697 is for TLS nearly everywhere: set UseTLS=true, or the connection will fail",
    );
  }
  if (has(6667) && useTls) {
    findings.warn(place, "port 6667 is without TLS nearly everywhere: with UseTLS=true use 6697");
  }
}

type KosmiValues = KosmiAccountConfig["options"];

/** The same for a Kosmi account. */
export function checkKosmi(
  options: KosmiValues,
  rules: ChannelRules,
  lookup: Lookup,
  findings: Findings,
): void {
  checkLogin(options, lookup, findings);
  checkPlainText(options, lookup, findings);
  if (options.email !== null) {
    warnOfPlaceholder(options.email, placeOf(KOSMI_OPTIONS.email, lookup), findings);
  }
  if (options.roomUrl === null) return;
  const place = placeOf(KOSMI_OPTIONS.roomUrl, lookup);
  if (isDefaultRoom(options.roomUrl)) {
    findings.fault(
      place,
      'found "main", which is the word for RoomURL itself; expected the room\'s address',
    );
  } else checkRoom({ written: options.roomUrl, options, rules }, place, findings);
}

function checkLogin(
  { email, password, token }: KosmiValues,
  lookup: Lookup,
  findings: Findings,
): void {
  // A fault of the other key has been told already.
  const isThere = (name: "email" | "password") => Boolean(lookup.find(KOSMI_OPTIONS[name])?.raw);
  if (email !== null && password === null && token === null && !isThere("password")) {
    findings.warn(
      placeOf(KOSMI_OPTIONS.email, lookup),
      "is set without Password: only an imported token (kosmi-relay token import) can be used; " +
        `set Password (or ${
          lookup.variable("Password")
        } in the environment) to log in, or leave both out for an anonymous visitor`,
    );
  }
  if (email === null && password !== null && !isThere("email")) {
    findings.fault(
      placeOf(KOSMI_OPTIONS.password, lookup),
      "stands without Email: set both to log in, or none for an anonymous visitor",
    );
  }
  if (email !== null && token !== null) {
    findings.warn(
      placeOf(KOSMI_OPTIONS.token, lookup),
      "stands together with Email: the token is used, and Email and Password only when it is refused",
    );
  }
}

function checkPlainText(options: KosmiValues, lookup: Lookup, findings: Findings): void {
  if (options.allowPlainText || (options.password === null && options.token === null)) return;
  for (const name of ["appUrl", "httpEndpoint", "wsEndpoint", "imageEndpoint"] as const) {
    const url = parseUrl(options[name]);
    if (url === null || !/^(?:http|ws):$/.test(url.protocol) || isLoopback(url.hostname)) continue;
    findings.fault(
      placeOf(KOSMI_OPTIONS[name], lookup),
      `found an address that begins with ${url.protocol}// beside a login, which others could read: use ${
        url.protocol.replace(":", "s:")
      }//, or set AllowPlainText=true`,
    );
  }
}

/** What nobody guesses who may try for months. */
const SHORTEST_TOKEN = 16;

/** Looks at keys of `[general]` that belong together: what can't work is a fault, what has no effect a warning. */
export function checkGeneral(values: GeneralConfig, lookup: Lookup, findings: Findings): void {
  const { statusListen, statusToken } = values;
  if (statusListen === null) return warnOfIdle(lookup, findings);
  checkReach(
    { host: statusListen.host, token: statusToken },
    { address: GENERAL_OPTIONS.statusListen, token: GENERAL_OPTIONS.statusToken },
    { lookup, findings },
  );
}

/** An address that others can reach needs a token, and a good one. */
export function checkReach(
  { host, token }: { readonly host: string; readonly token: string | null },
  options: { readonly address: Option<unknown>; readonly token: Option<unknown> },
  { lookup, findings }: { readonly lookup: Lookup; readonly findings: Findings },
): void {
  if (isLoopback(host)) return;
  if (token === null) {
    findings.fault(
      placeOf(options.address, lookup),
      `found ${
        JSON.stringify(host)
      }, which others can reach: set ${options.token.key}, or listen on 127.0.0.1`,
    );
  } else if (token.length < SHORTEST_TOKEN) {
    findings.warn(
      placeOf(options.token, lookup),
      `is short for an address that others can reach: take ${SHORTEST_TOKEN} random characters or more`,
    );
  }
}

/** Whoever is named for an account that the file does not have can give no command. */
export function checkCommandUsers(
  { commandUsers }: GeneralConfig,
  { known, lookup }: { readonly known: ReadonlySet<string>; readonly lookup: Lookup },
  findings: Findings,
): void {
  const place = placeOf(GENERAL_OPTIONS.commandUsers, lookup);
  for (const account of new Set(commandUsers.map((user) => user.account))) {
    if (!known.has(account)) {
      findings.warn(place, `there is no account ${quote(account)}: nobody there can give commands`);
    }
  }
}

function warnOfIdle(lookup: Lookup, findings: Findings): void {
  // One that could not be read has been told already.
  if ((lookup.find(GENERAL_OPTIONS.statusListen)?.raw ?? "") !== "") return;
  for (const name of ["statusToken", "statusShowMessages"] as const) {
    const found = lookup.find(GENERAL_OPTIONS[name]);
    if (found === null || found.raw === "" || found.raw === false) continue;
    findings.warn(found.place, "has no effect without StatusListen");
  }
}

const LIVE_HOST = "app.kosmi.io";

/** True where a gateway's channel means the account's RoomURL. */
export function isDefaultRoom(channel: string): boolean {
  return channel === "" || channel.toLowerCase() === "main";
}

/** Tells what is wrong with a room as written: its URL, or its id with its @. */
export function checkRoom(
  room: { readonly written: string; readonly options: KosmiValues; readonly rules: ChannelRules },
  place: Place,
  findings: Findings,
): void {
  const { written, options, rules } = room;
  let id: string;
  try {
    id = rules.kosmi(written, null);
  } catch (error) {
    findings.fault(place, describeError(error));
    return;
  }
  warnOfPlaceholder(id, place, findings);
  const url = written.includes("/") ? parseUrl(written) : null;
  const app = parseUrl(options.appUrl);
  if (url === null || app === null || url.host === app.host) return;
  // Whoever points AppURL elsewhere may well keep the address that the browser shows.
  if (url.host === LIVE_HOST) return;
  findings.warn(
    place,
    `found a room of ${shown(url.host)}, not of ${app.host} (AppURL): its id ${shown(id)} is used`,
  );
}

/** What the sample configuration has in the places that everybody must fill in. */
const PLACEHOLDERS = ["your-relay", "@your-room", "#your-channel", "you@example.com"];

/** Warns of a value that is still the sample's. */
export function warnOfPlaceholder(value: string, place: Place, findings: Findings): void {
  if (PLACEHOLDERS.includes(value.toLowerCase())) {
    findings.warn(place, `is still the sample's "${shown(value)}": write your own here`);
  }
}
