import { isLoopback } from "../../base/loopback.ts";
import { quote } from "../../base/text.ts";
import type { Findings, Place } from "../file/fault.ts";
import type { GeneralConfig, IrcAccountConfig } from "../options/config.ts";
import { GENERAL_OPTIONS } from "../options/general.ts";
import { IRC_OPTIONS } from "../options/irc.ts";
import { parseUrl } from "../values/net.ts";
import { shown } from "../values/show.ts";
import type { Lookup } from "./section.ts";

type IrcValues = Omit<IrcAccountConfig, "protocol" | "id" | "name" | "line">;

/** A key, when it has no effect, and what it would need. */
const NEEDS: readonly (readonly [
  key: keyof typeof IRC_OPTIONS,
  idle: (values: IrcValues) => boolean,
  needs: string,
])[] = [
  ["skipTlsVerify", (values) => values.skipTlsVerify && !values.useTls, "UseTLS=true"],
  ["tlsFingerprint", (values) => values.tlsFingerprint !== null && !values.useTls, "UseTLS=true"],
  [
    "tlsClientCertificate",
    (values) => values.tlsClientCertificate !== null && !values.useTls,
    "UseTLS=true",
  ],
  ["saslMechanism", (values) => values.saslMechanism !== "auto" && !values.useSasl, "UseSASL=true"],
  ["saslLogin", (values) => values.saslLogin !== null && !values.useSasl, "UseSASL=true"],
  ["saslPassword", (values) => values.saslPassword !== null && !values.useSasl, "UseSASL=true"],
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

/** Looks at keys that belong together: what can't work is a fault, what has no effect a warning. */
export function checkIrc(values: IrcValues, lookup: Lookup, findings: Findings): void {
  for (const [name, isIdle, needs] of NEEDS) {
    const place = lookup.find(IRC_OPTIONS[name])?.place;
    if (place !== undefined && isIdle(values)) {
      findings.warn(place, `has no effect without ${needs}`);
    }
  }
  checkSasl(values, lookup, findings);
  warnOfPlainText(values, lookup, findings);
  warnOfOddPort(values, lookup, findings);
}

function checkSasl(values: IrcValues, lookup: Lookup, findings: Findings): void {
  const hasPassword = values.saslPassword !== null || values.nickServPassword !== null;
  const hasCertificate = values.tlsClientCertificate !== null && values.useTls;
  if (!values.useSasl) return;
  if (values.saslMechanism === "external" && !hasCertificate) {
    const place = lookup.find(IRC_OPTIONS.saslMechanism)?.place ?? lookup.place;
    findings.fault(place, 'found "external", which needs UseTLS=true and a TLSClientCertificate');
  } else if (
    !hasPassword && (!hasCertificate || values.saslMechanism !== "auto") &&
    values.saslMechanism !== "external"
  ) {
    const place = lookup.find(IRC_OPTIONS.useSasl)?.place ?? lookup.place;
    findings.fault(
      place,
      "needs SASLPassword (or NickServPassword), or UseTLS=true and a TLSClientCertificate",
    );
  }
}

/** Secrets that everybody on the way could read. */
function warnOfPlainText(values: IrcValues, lookup: Lookup, findings: Findings): void {
  if (values.useTls || isLoopback(values.server.host)) return;
  const keys = ["password", "saslPassword", "nickServPassword", "puppetWebIrcPassword"] as const;
  for (const key of keys) {
    const place = lookup.find(IRC_OPTIONS[key])?.place;
    if (place !== undefined && values[key] !== null) {
      findings.warn(
        place,
        "goes to the server in plain text, where others can read it: set UseTLS=true",
      );
    }
  }
}

function warnOfOddPort({ server, useTls }: IrcValues, lookup: Lookup, findings: Findings): void {
  const place = lookup.find(IRC_OPTIONS.server)?.place ?? lookup.place;
  if (server.port === 6697 && !useTls) {
    findings.warn(
      place,
      "port 6697 is for TLS nearly everywhere: set UseTLS=true, or the connection will fail",
    );
  }
  if (server.port === 6667 && useTls) {
    findings.warn(place, "port 6667 is without TLS nearly everywhere: with UseTLS=true use 6697");
  }
}

/** What nobody guesses who may try for months. */
const SHORTEST_TOKEN = 16;

/** Looks at keys of `[general]` that belong together: what can't work is a fault, what has no effect a warning. */
export function checkGeneral(values: GeneralConfig, lookup: Lookup, findings: Findings): void {
  const { statusListen, statusToken } = values;
  if (statusListen === null) return warnOfIdle(lookup, findings);
  if (isLoopback(statusListen.host)) return;
  const placeOf = (name: "statusListen" | "statusToken") =>
    lookup.find(GENERAL_OPTIONS[name])?.place ?? lookup.place;
  if (statusToken === null) {
    findings.fault(
      placeOf("statusListen"),
      `found ${
        JSON.stringify(statusListen.host)
      }, which others can reach: set StatusToken, or listen on 127.0.0.1`,
    );
  } else if (statusToken.length < SHORTEST_TOKEN) {
    findings.warn(
      placeOf("statusToken"),
      `is short for an address that others can reach: take ${SHORTEST_TOKEN} random characters or more`,
    );
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
export function checkRoom(written: string, appUrl: string, place: Place, findings: Findings): void {
  const id = roomIdOf(written);
  if (id === null) {
    findings.fault(place, unlikeRoom(written, appUrl));
    return;
  }
  const room = parseUrl(written);
  const app = parseUrl(appUrl);
  if (!written.includes("/") || room === null || app === null || room.host === app.host) return;
  // Whoever points AppURL elsewhere may well keep the address that the browser shows.
  if (room.host === LIVE_HOST) return;
  findings.warn(
    place,
    `found a room of ${shown(room.host)}, not of ${app.host} (AppURL): its id ${shown(id)} is used`,
  );
}

/** The room's id, to tell whether two spellings mean the same room; null when there is none. */
export function roomIdOf(written: string): string | null {
  if (!written.includes("/")) return isRoomId(written) ? written : null;
  const url = parseUrl(written);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  const id = decoded(/\/room\/([^/]+)\/?$/.exec(url.pathname)?.[1] ?? "");
  return isRoomId(id) ? id : null;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

function isRoomId(id: string): boolean {
  return /^@?[^\s/?#@:]{1,200}$/u.test(id);
}

function unlikeRoom(written: string, appUrl: string): string {
  const found = written === "" ? "empty text" : `"${shown(written.replace(/[?#].*$/s, ""))}"`;
  const site = appUrl.replace(/\/+$/, "");
  return `found ${found}, expected a room's address such as "${site}/room/@name", or its id such as "@name"`;
}

/** Whoever is named for an account that the file does not have can give no command. */
export function checkCommandUsers(
  { commandUsers }: GeneralConfig,
  { known, lookup }: { readonly known: ReadonlySet<string>; readonly lookup: Lookup },
  findings: Findings,
): void {
  const place = lookup.find(GENERAL_OPTIONS.commandUsers)?.place ?? lookup.place;
  for (const account of new Set(commandUsers.map((user) => user.account))) {
    if (!known.has(account)) {
      findings.warn(place, `there is no account ${quote(account)}: nobody there can give commands`);
    }
  }
}
