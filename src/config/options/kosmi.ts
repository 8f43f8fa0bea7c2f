import { parseUrl, secretUrl, url } from "../values/net.ts";
import {
  boolean,
  choice,
  duration,
  integer,
  list,
  optionalText,
  rawTable,
  secretText,
  text,
} from "../values/values.ts";
import { option } from "./option.ts";

const SITE = "https://app.kosmi.io";
const HTTP = "https://engine.kosmi.io/";
const SOCKET = "wss://engine.kosmi.io/gql-ws";
const IMAGES = "https://img.kosmi.io/";

/** Keys of `[kosmi.NAME]` besides those of every account. */
export const KOSMI_OPTIONS = {
  roomUrl: option({
    key: "RoomURL",
    type: optionalText({ name: "URL" }),
    fallback: null,
    doc:
      'The room that the channel "main" stands for: its URL, or what follows /room/ in it, with its @.',
  }),
  email: option({
    key: "Email",
    type: optionalText(),
    fallback: null,
    fallbackText: "none: the relay is an anonymous visitor",
    doc: "The login's e-mail address.",
  }),
  password: option({
    key: "Password",
    type: secretText,
    fallback: null,
    doc: "The login's password.",
  }),
  token: option({
    key: "Token",
    type: secretText,
    fallback: null,
    doc: "A token taken from a browser, instead of Email and Password.",
  }),
  allowPlainText: option({
    key: "AllowPlainText",
    type: boolean,
    fallback: false,
    doc:
      "Uses addresses without TLS beside a login too, where others can read it (ours, not Matterbridge's).",
  }),
  messageDelayMs: option({
    key: "MessageDelay",
    type: duration({ unit: "ms", maxMs: 3_600_000 }),
    fallback: 200,
    doc:
      "The steady distance between two messages, once Burst is used up; 0 means no limit, and no waiting for " +
      "each answer either: should Kosmi refuse one in the middle, those behind it may come before it.",
  }),
  burst: option({
    key: "Burst",
    type: integer({ min: 1, max: 1_000 }),
    fallback: 10,
    doc: "How many messages may leave at once before MessageDelay sets the pace.",
  }),
  markup: option({
    key: "Markup",
    type: choice(["plain", "markdown"]),
    fallback: "plain",
    doc: "How bold, italic and the like are shown in the room.",
  }),
  uploadImages: option({
    key: "UploadImages",
    type: boolean,
    fallback: false,
    doc:
      "Uploads PNG, JPEG, GIF and WebP pictures of up to 10 MiB whose address is relayed into the room to Kosmi, and shows their address there instead; only from the public internet.",
  }),
  browserPath: option({
    key: "BrowserPath",
    type: optionalText({ name: "path" }),
    fallback: null,
    fallbackText: "CHROME_PATH, else the usual places",
    doc: "The Chromium or Chrome for the login.",
  }),
  browserUrl: option({
    key: "BrowserURL",
    type: secretUrl({ schemes: ["ws", "wss", "http", "https"], example: "ws://browser:3000" }),
    fallback: null,
    doc: "A browser elsewhere to log in with, such as one in a container.",
  }),
  loginOrigins: option({
    key: "LoginOrigins",
    type: list({
      name: "list of origins",
      item: text({ check: originFault }),
      example: '["https://login.example"]',
    }),
    fallback: [],
    fallbackText: "only that of AppURL",
    doc:
      "Further origins, such as `https://login.example`, where Email and Password may be typed; nothing is typed anywhere else.",
  }),
  appUrl: option({
    key: "AppURL",
    type: url({ schemes: ["https", "http"], example: SITE, whenEmpty: SITE }),
    fallback: SITE,
    doc: "Kosmi's web page.",
  }),
  httpEndpoint: option({
    key: "HTTPEndpoint",
    type: url({ schemes: ["https", "http"], example: HTTP, whenEmpty: HTTP }),
    fallback: HTTP,
    doc: "Kosmi's GraphQL over HTTP.",
  }),
  wsEndpoint: option({
    key: "WSEndpoint",
    type: url({ schemes: ["wss", "ws"], example: SOCKET, whenEmpty: SOCKET }),
    fallback: SOCKET,
    doc: "Kosmi's GraphQL over WebSocket.",
  }),
  imageEndpoint: option({
    key: "ImageEndpoint",
    type: url({ schemes: ["https", "http"], example: IMAGES, whenEmpty: IMAGES }),
    fallback: IMAGES,
    doc: "Where pictures are uploaded to.",
  }),
  overrides: option<Readonly<Record<string, unknown>>>({
    key: "Overrides",
    type: rawTable,
    fallback: Object.freeze({}),
    fallbackText: "none",
    doc:
      "Sub-table `[kosmi.NAME.overrides]`: replaces what is built in of Kosmi's protocol, for the day it changes.",
  }),
} as const;

function originFault(written: string): string | null {
  const url = parseUrl(written);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  return isOrigin ? null : 'an origin such as "https://login.example"';
}
