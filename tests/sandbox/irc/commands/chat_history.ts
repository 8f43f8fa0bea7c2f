import { type Commands, type Context, reply } from "../context.ts";
import { parseReference, selectHistory } from "../history.ts";
import { Message } from "../message.ts";
import type { Wire } from "../wire.ts";

/** CHATHISTORY (draft/chathistory): LATEST, BEFORE, AFTER, AROUND, BETWEEN. */
export const chatHistoryCommands: Commands = {
  CHATHISTORY: { params: 4, run: chatHistory },
};

const SUBCOMMANDS = ["LATEST", "BEFORE", "AFTER", "AROUND", "BETWEEN"];

function chatHistory(context: Context, params: readonly Wire[]): void {
  const { network, session, offered } = context;
  if (!offered.has("draft/chathistory")) {
    return reply(context, "421", "CHATHISTORY", ":Unknown command");
  }
  const [word = "", target = "", ...rest] = params;
  const subcommand = word.toUpperCase();
  if (!SUBCOMMANDS.includes(subcommand)) {
    return fail(context, `INVALID_PARAMS ${word} :Unknown subcommand`);
  }
  const channel = network.channel(target);
  if (channel === null || !channel.members.has(session.user)) {
    return fail(context, `INVALID_TARGET ${subcommand} ${target} :Messages could not be retrieved`);
  }
  const limit = Number(rest.pop());
  const references = rest.map(parseReference).filter((reference) => reference !== null);
  const bounded = limit > 0 && Number.isInteger(limit);
  if (!bounded || references.length !== rest.length || rest.length === 0) {
    return fail(context, `INVALID_PARAMS ${subcommand} :Invalid reference or limit`);
  }
  const most = Math.min(limit, context.options.chatHistoryLimit ?? 100);
  const said = selectHistory(channel.history.all(), subcommand, references, most);
  if (said === null) {
    return fail(context, `MESSAGE_ERROR ${subcommand} ${target} :Unknown message`);
  }
  sendBatch(context, channel.name, said.map(({ message }) => message));
}

function sendBatch(
  { network, session }: Context,
  target: Wire,
  messages: readonly Message[],
): void {
  const batch = network.nextId();
  const { serverName } = network;
  session.send(new Message(serverName, `BATCH +${batch} chathistory ${target}`));
  for (const message of messages) session.send(message, batch);
  session.send(new Message(serverName, `BATCH -${batch}`));
}

function fail({ network, session }: Context, text: Wire): void {
  session.send(new Message(network.serverName, `FAIL CHATHISTORY ${text}`));
}
