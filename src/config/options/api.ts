import { listenAddress, parseUrl, url } from "../values/net.ts";
import { boolean, integer, optionalText, secretText, textList } from "../values/values.ts";
import { nickAlone } from "./account.ts";
import { option } from "./option.ts";

/** Where Matterbridge's documentation lets its API listen. */
const ADDRESS = Object.freeze({ host: "127.0.0.1", port: 4242 });
const URL_THERE = "http://127.0.0.1:4242";
const DEFAULT_BUFFER = 1_000;

/** The name alone: the text is a field of its own. */
const remoteNickFormat = option({
  key: "RemoteNickFormat",
  type: nickAlone,
  fallback: "{NICK}",
  doc: "Sets the field `username`, with the placeholders of every account.",
});

/** Keys of `[api.NAME]` besides those of every account. */
export const API_OPTIONS = {
  remoteNickFormat,
  bindAddress: option({
    key: "BindAddress",
    type: listenAddress,
    fallback: null,
    fallbackText: `\`${ADDRESS.host}:${ADDRESS.port}\``,
    doc: "Sets the address that the API listens on; one that others can reach needs Token.",
  }),
  token: option({
    key: "Token",
    type: secretText,
    fallback: null,
    doc: "Requires clients to send `Authorization: Bearer` with this token.",
  }),
  buffer: option({
    key: "Buffer",
    type: integer({ min: 0, max: 100_000 }),
    fallback: DEFAULT_BUFFER,
    doc:
      "Keeps this many messages readable in memory; what no client has read waits in the outbox.",
  }),
  allowOrigins: option({
    key: "AllowOrigins",
    type: textList({ check: originFault }),
    fallback: [],
    fallbackText: "none",
    doc:
      "Lets web pages of these origins use the API, such as `https://example.org` (not in Matterbridge).",
  }),
} as const;

/** Keys of `[matterbridge.NAME]` besides those of every account. */
export const MATTERBRIDGE_OPTIONS = {
  remoteNickFormat,
  url: option({
    key: "URL",
    type: url({ schemes: ["http", "https"], example: URL_THERE, whenEmpty: URL_THERE }),
    fallback: URL_THERE,
    doc: "Sets the address of the `[api.NAME]` of a running Matterbridge.",
  }),
  token: option({
    key: "Token",
    type: secretText,
    fallback: null,
    doc: "Sets the Token of that `[api.NAME]`.",
  }),
  gateway: option({
    key: "Gateway",
    type: optionalText(),
    fallback: null,
    doc:
      'Names the gateway there that the channel "api" stands for; any other channel is a gateway\'s name itself.',
  }),
  allowPlainText: option({
    key: "AllowPlainText",
    type: boolean,
    fallback: false,
    doc: "Sends Token over `http://` to another machine without a warning.",
  }),
} as const;

/** Where the API listens. */
export function apiAddress(
  written: { readonly host: string; readonly port: number } | null,
): { readonly host: string; readonly port: number } {
  return written ?? ADDRESS;
}

/** Matterbridge takes 0 for its default. */
export function bufferSize(written: number): number {
  return written === 0 ? DEFAULT_BUFFER : written;
}

function originFault(written: string): string | null {
  return written === "*" || written === "null" || parseUrl(written)?.origin === written
    ? null
    : 'an origin such as "https://example.org", without a path';
}
