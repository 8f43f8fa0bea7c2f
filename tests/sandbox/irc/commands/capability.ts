import { type Commands, type Context, reply } from "../context.ts";
import { Message } from "../message.ts";
import type { Wire } from "../wire.ts";
import { welcomeIfReady } from "./registration.ts";

/** CAP. */
export const capabilityCommands: Commands = {
  CAP: { params: 1, early: true, run: negotiate },
};

function negotiate(context: Context, [subcommand = "", argument = ""]: readonly Wire[]): void {
  const { session, offered } = context;
  // A server without capabilities does not know the command at all.
  if (offered.size === 0) return reply(context, "421", "CAP", ":Unknown command");
  if (!session.user.registered && /^(LS|REQ)$/i.test(subcommand)) session.negotiating = true;
  switch (subcommand.toUpperCase()) {
    case "LS":
      session.capVersion = Math.max(session.capVersion, Number(argument) || 0);
      return list(context);
    case "LIST":
      return answer(context, "LIST", [...session.caps].join(" "));
    case "REQ":
      return request(context, argument);
    case "END":
      session.negotiating = false;
      return welcomeIfReady(context);
    default:
      return reply(context, "410", subcommand, ":Invalid CAP command");
  }
}

function answer({ network, session }: Context, kind: string, text: Wire): void {
  const body = `CAP ${session.user.nick} ${kind} :${text}`;
  session.send(new Message(network.serverName, body));
}

/** In lines that fit 512 bytes; version 302 marks all but the last with `*`. */
function list(context: Context): void {
  const { offered, session } = context;
  const modern = session.capVersion >= 302;
  const lines: string[] = [""];
  for (const [name, value] of offered) {
    const word = modern && value !== "" ? `${name}=${value}` : name;
    const last = lines.at(-1) ?? "";
    if (last.length + word.length > 380) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  lines.forEach((line, index) => {
    const more = modern && index < lines.length - 1;
    answer(context, more ? "LS *" : "LS", line);
  });
  if (modern && offered.has("cap-notify")) session.caps.add("cap-notify");
}

/** All or nothing, as the specification has it. */
function request(context: Context, argument: Wire): void {
  const { session, offered } = context;
  const words = argument.split(" ").filter((word) => word !== "");
  const known = words.every((word) => offered.has(word.replace(/^-/, "")));
  if (!known) return answer(context, "NAK", argument);
  answer(context, "ACK", argument);
  for (const word of words) {
    if (word.startsWith("-")) session.caps.delete(word.slice(1));
    else session.caps.add(word);
  }
}
