import { boolean, rawTable, secretText, text, textList } from "../values/values.ts";
import { type ForeignKey, option } from "./option.ts";

/** Keys of `[[gateway]]`; `in`, `out` and `inout` are lists of sections of their own. */
export const GATEWAY_OPTIONS = {
  name: option({
    key: "name",
    type: text({ check: nameFault }),
    fallback: "",
    fallbackText: "none",
    doc: "The gateway's name, of your choice.",
    required: true,
  }),
  enable: option({
    key: "enable",
    type: boolean,
    fallback: false,
    doc: "Whether the gateway is used.",
  }),
} as const;

/** Keys of `[[gateway.in]]`, `[[gateway.out]]` and `[[gateway.inout]]`. */
export const ENDPOINT_OPTIONS = {
  account: option({
    key: "account",
    type: text({ check: filled('an account such as "irc.libera"') }),
    fallback: "",
    fallbackText: "none",
    doc: "The account, as its section is named: `irc.NAME` or `kosmi.NAME`.",
    required: true,
  }),
  channel: option({
    key: "channel",
    type: text({ empty: "allowed" }),
    fallback: "",
    fallbackText: "none; at Kosmi the account's RoomURL",
    doc:
      "The IRC channel with its #, or the Kosmi room: main (the account's RoomURL), a room's URL or its id.",
  }),
  sameChannel: option({
    key: "samechannel",
    type: boolean,
    fallback: false,
    doc: "Can only be false: use a `[[samechannelgateway]]` instead.",
  }),
  options: option<Readonly<Record<string, unknown>>>({
    key: "options",
    type: rawTable,
    fallback: Object.freeze({}),
    fallbackText: "none",
    doc: "Options of this channel, see below.",
  }),
} as const;

/** Keys of `[gateway.inout.options]`. */
export const CHANNEL_OPTIONS = {
  key: option({
    key: "key",
    type: secretText,
    fallback: null,
    doc: "The IRC channel's key (mode +k).",
  }),
} as const;

/** Matterbridge's channel options for other services. */
export const FOREIGN_CHANNEL_KEYS: readonly ForeignKey[] = [
  { key: "webhookurl", instead: "neither Kosmi nor IRC has webhooks" },
  { key: "topic", instead: "neither Kosmi nor IRC needs it" },
];

/** Keys of `[[samechannelgateway]]`. */
export const SAME_CHANNEL_OPTIONS = {
  ...GATEWAY_OPTIONS,
  accounts: option({
    key: "accounts",
    type: textList(),
    fallback: [],
    doc: "The accounts that share each of the channels.",
  }),
  channels: option({
    key: "channels",
    type: textList(),
    fallback: [],
    doc: "The channels; each of them is a gateway of its own between the accounts.",
  }),
} as const;

function nameFault(name: string): string | null {
  return name.trim() === "" ? "a name" : null;
}

function filled(expected: string): (given: string) => string | null {
  return (given) => given.trim() === "" ? expected : null;
}
