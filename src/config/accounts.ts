import type { Findings } from "./fault.ts";
import { checkIrc } from "./irc_consistency.ts";
import { checkRoom, isDefaultRoom } from "./kosmi_room.ts";
import { ACCOUNT_OPTIONS, FOREIGN_ACCOUNT_KEYS } from "./options_account.ts";
import { FOREIGN_IRC_KEYS, IRC_OPTIONS } from "./options_irc.ts";
import { GENERAL_OPTIONS } from "./options_general.ts";
import { KOSMI_OPTIONS } from "./options_kosmi.ts";
import {
  keysOf,
  type KnownKeys,
  type Lookup,
  readOptions,
  warnOfUnknownKeys,
} from "./read_options.ts";
import type { Section } from "./section.ts";
import type { AccountConfig, IrcAccountConfig, KosmiAccountConfig } from "./types.ts";

/** The services that this relay speaks. */
export const PROTOCOLS = ["irc", "kosmi"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

const IRC_KEYS: KnownKeys = {
  keys: keysOf(ACCOUNT_OPTIONS, IRC_OPTIONS),
  foreign: [...FOREIGN_ACCOUNT_KEYS, ...FOREIGN_IRC_KEYS],
  elsewhere: [["general", keysOf(GENERAL_OPTIONS)], ["kosmi.NAME", keysOf(KOSMI_OPTIONS)]],
};

const KOSMI_KEYS: KnownKeys = {
  keys: keysOf(ACCOUNT_OPTIONS, KOSMI_OPTIONS),
  foreign: FOREIGN_ACCOUNT_KEYS,
  elsewhere: [["general", keysOf(GENERAL_OPTIONS)], ["irc.NAME", keysOf(IRC_OPTIONS)]],
};

/** One account's section, not read yet. */
export interface AccountSection {
  readonly protocol: Protocol;
  readonly name: string;
  readonly section: Section;
  readonly lookup: Lookup;
}

/** Reads one account; null when it has a fault without which it can't be. */
export function readAccount(account: AccountSection, findings: Findings): AccountConfig | null {
  switch (account.protocol) {
    case "irc":
      return readIrc(account, findings);
    case "kosmi":
      return readKosmi(account, findings);
  }
}

function readIrc(account: AccountSection, findings: Findings): IrcAccountConfig | null {
  const { name, section, lookup } = account;
  warnOfUnknownKeys(section, IRC_KEYS, findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const { server, ...values } = readOptions(IRC_OPTIONS, lookup, findings);
  if (server === null) return null;
  const port = server.port ?? (values.useTls ? 6697 : 6667);
  const all = { ...common, ...values, server: Object.freeze({ host: server.host, port }) };
  checkIrc(all, lookup, findings);
  return Object.freeze({
    protocol: "irc" as const,
    id: `irc.${name}`,
    name,
    line: section.place.line,
    ...all,
  });
}

function readKosmi(account: AccountSection, findings: Findings): KosmiAccountConfig {
  const { name, section, lookup } = account;
  warnOfUnknownKeys(section, KOSMI_KEYS, findings);
  const common = readOptions(ACCOUNT_OPTIONS, lookup, findings);
  const values = readOptions(KOSMI_OPTIONS, lookup, findings);
  checkLogin(values, lookup, findings);
  checkRoomUrl(values, lookup, findings);
  return Object.freeze({
    protocol: "kosmi" as const,
    id: `kosmi.${name}`,
    name,
    line: section.place.line,
    ...common,
    ...values,
  });
}

type KosmiLogin = Pick<KosmiAccountConfig, "email" | "password" | "token">;

function checkLogin(login: KosmiLogin, lookup: Lookup, findings: Findings): void {
  const { email, password, token } = login;
  const { email: emailOption, password: passwordOption, token: tokenOption } = KOSMI_OPTIONS;
  if (email !== null && password === null) {
    const place = lookup.find(emailOption)?.place ?? lookup.place;
    // A fault of the password itself has been told already.
    if (lookup.find(passwordOption)?.raw || token !== null) return;
    findings.warn(
      place,
      "stands without Password: only a token that was imported for it (kosmi-relay token import) can be used; " +
        "add a Password to log in, or leave both out for an anonymous visitor",
    );
  }
  if (email === null && password !== null) {
    const place = lookup.find(passwordOption)?.place ?? lookup.place;
    if (lookup.find(emailOption)?.raw) return;
    findings.fault(
      place,
      "stands without Email: set both to log in, or none for an anonymous visitor",
    );
  }
  if (email !== null && token !== null) {
    const place = lookup.find(tokenOption)?.place ?? lookup.place;
    findings.warn(
      place,
      "stands together with Email: the token is used, and Email and Password only when it is refused",
    );
  }
}

function checkRoomUrl(
  values: Pick<KosmiAccountConfig, "roomUrl" | "appUrl">,
  lookup: Lookup,
  findings: Findings,
): void {
  if (values.roomUrl === null) return;
  const place = lookup.find(KOSMI_OPTIONS.roomUrl)?.place ?? lookup.place;
  if (isDefaultRoom(values.roomUrl)) {
    findings.fault(
      place,
      'found "main", which is the word for RoomURL itself; expected the room\'s address',
    );
  } else checkRoom(values.roomUrl, values.appUrl, place, findings);
}
