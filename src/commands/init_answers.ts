import { roomIdOf } from "../config/kosmi_room.ts";
import { parseHostPort } from "../config/net_types.ts";
import { channelIdOf } from "../bridges/irc/channel_name.ts";
import { describeError } from "../base/errors.ts";
import { printLine } from "../observability/terminal.ts";
import type { Asker } from "./ask.ts";

/** What `init` asks. */
export interface InitAnswers {
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
  parseHostPort(answer) === null ? "This is no server: write its name, or name:port." : null;

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

const roomFault: Check = (answer) =>
  roomIdOf(answer) === null
    ? "This is no room: copy its address from the browser, such as https://app.kosmi.io/room/@name."
    : null;

const emailFault: Check = (answer) =>
  answer === "" || /^[^\s@]+@[^\s@]+$/.test(answer) ? null : "This is no e-mail address.";
