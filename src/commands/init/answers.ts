import { describeError } from "../../base/errors.ts";
import { channelIdOf } from "../../bridges/irc/channels/channel_name.ts";
import { roomIdOf } from "../../bridges/kosmi/room/room_id.ts";
import { parseHostPort } from "../../config/values/net.ts";
import { printLine } from "../../log/terminal.ts";
import type { Asker } from "../shared/ask.ts";

/** What `init` asks. */
interface InitAnswers {
  /** As written: host or host:port. */
  readonly server: string;
  readonly nick: string;
  readonly channel: string;
  readonly room: string;
  /** Null: an anonymous visitor. */
  readonly login: { readonly email: string; readonly password: string } | null;
}

/** Answers what is wrong with an answer; null when it will do. */
type Check = (answer: string) => string | null;

/** The five questions, each again until its answer can be right. */
export async function askForAnswers(asker: Asker): Promise<InitAnswers> {
  printLine("Five questions; Ctrl+C leaves everything as it is.\n");
  const server = await ask(asker, "1. IRC server (such as irc.libera.chat): ", serverFault);
  const nick = await ask(asker, "2. The relay's nick there: ", nickFault);
  const channel = await ask(asker, "3. IRC channel (such as #cinema): ", channelFault);
  const room = await ask(asker, "4. Kosmi room, as the browser shows its address: ", roomFault);
  const email = await ask(
    asker,
    "5. E-mail of the relay's Kosmi login (Enter for an anonymous visitor): ",
    emailFault,
  );
  const login = email === "" ? null : { email, password: await askForPassword(asker, email) };
  return { server, nick, channel: channel.startsWith("#") ? channel : `#${channel}`, room, login };
}

async function ask(asker: Asker, question: string, check: Check): Promise<string> {
  while (true) {
    const answer = await asker.line(question);
    const fault = check(answer);
    if (fault === null) return answer;
    printLine(`   ${fault}`);
  }
}

async function askForPassword(asker: Asker, email: string): Promise<string> {
  while (true) {
    const password = await asker.secret(`   Password of ${email} (not shown): `);
    if (password !== "") return password;
    printLine("   An e-mail needs its password.");
  }
}

const serverFault: Check = (answer) =>
  parseHostPort(answer) === null ? "Enter a host name, or host:port." : null;

const nickFault: Check = (answer) =>
  /^[A-Za-z[\]\\`_^{|}][\w[\]\\`^{|}-]{0,29}$/.test(answer)
    ? null
    : "A nick has letters, digits, - and _, no spaces, and begins with a letter.";

const channelFault: Check = (answer) => {
  if (answer === "") return "Write the channel's name, such as #cinema.";
  try {
    channelIdOf(/^[#&+!]/.test(answer) ? answer : `#${answer}`);
    return null;
  } catch (error) {
    return `${describeError(error)}.`;
  }
};

const roomFault: Check = (answer) => {
  try {
    roomIdOf(answer, null);
    return null;
  } catch {
    return "Enter the room's address from the browser, such as https://app.kosmi.io/room/@name.";
  }
};

const emailFault: Check = (answer) =>
  answer === "" || /^[^\s@]+@[^\s@]+$/.test(answer) ? null : "This is no e-mail address.";

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
