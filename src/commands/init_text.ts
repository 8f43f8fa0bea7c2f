import { parseHostPort } from "../config/net_types.ts";
import type { InitAnswers } from "./init_answers.ts";

const TLS_PORT = 6697;

/** The configuration that the answers make, with a word on each line that people may want to change. */
export function configText(answers: InitAnswers): string {
  const { nick, channel, room, login } = answers;
  const { address, tls } = serverOf(answers.server);
  const irc = `irc.${networkName(answers.server)}`;
  const signIn = login === null
    ? [
      "# Without these two the relay is an anonymous visitor, who can't enter private rooms.",
      '#Email = "you@example.com"',
      '#Password = ""',
    ]
    : [
      "# The first start logs in with a Chromium or Chrome of this machine, and keeps the token for a year.",
      `Email = ${toml(login.email)}`,
      `Password = ${toml(login.password)}`,
    ];
  return [
    "# Made by kosmi-relay init. Every key is explained in docs/configuration.md.",
    "# After a change: kosmi-relay check && kosmi-relay reload",
    "",
    "[general]",
    "# What stands before a relayed text.",
    'RemoteNickFormat = "[{PROTOCOL}] <{NICK}> "',
    "",
    `[${irc}]`,
    `Server = ${toml(address)}`,
    `UseTLS = ${tls}`,
    `Nick = ${toml(nick)}`,
    "# For a registered nick: log in by SASL.",
    "#UseSASL = true",
    '#NickServNick = ""',
    '#NickServPassword = ""',
    "",
    "[kosmi.room]",
    `RoomURL = ${toml(room)}`,
    ...signIn,
    "",
    "[[gateway]]",
    'name = "main"',
    "enable = true",
    "",
    "[[gateway.inout]]",
    `account = ${toml(irc)}`,
    `channel = ${toml(channel)}`,
    "",
    "[[gateway.inout]]",
    'account = "kosmi.room"',
    '# "main" is the RoomURL above.',
    'channel = "main"',
    "",
  ].join("\n");
}

/** TLS unless the port is one of those for plain text, or the server is on this machine. */
function serverOf(written: string): { readonly address: string; readonly tls: boolean } {
  const parsed = parseHostPort(written);
  const host = parsed?.host ?? written;
  const isHere = /^(localhost$|127\.|::1$)/.test(host);
  const port = parsed?.port ?? TLS_PORT;
  const shown = host.includes(":") ? `[${host}]` : host;
  return { address: `${shown}:${port}`, tls: !isHere && !(port >= 6660 && port <= 6669) };
}

/** "libera" of irc.libera.chat; for people, so that a log line says which network is meant. */
function networkName(written: string): string {
  const host = parseHostPort(written)?.host ?? "";
  const labels = host.toLowerCase().split(".");
  const name = labels.length >= 2 ? labels.at(-2) ?? "" : labels[0] ?? "";
  return /^[a-z][a-z0-9-]{0,30}$/.test(name) ? name : "network";
}

/** A TOML basic string. */
function toml(value: string): string {
  return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}
