import { type Commands, type Context, reply } from "../context.ts";
import { Message } from "../message.ts";
import { User } from "../user.ts";
import type { Wire } from "../wire.ts";

/** RELAYMSG (draft/relaymsg): `RELAYMSG #channel nick/network :text` shows that nick as the sender. */
export const relayMessageCommands: Commands = {
  RELAYMSG: { params: 3, run: relayMessage },
};

function relayMessage(context: Context, [name = "", nick = "", text = ""]: readonly Wire[]): void {
  const { network, session, offered } = context;
  if (!offered.has("draft/relaymsg")) return reply(context, "421", "RELAYMSG", ":Unknown command");
  const channel = network.channel(name);
  if (channel === null) return reply(context, "403", name, ":No such channel");
  if (!channel.isOp(session.user)) {
    return fail(context, `PRIVS_NEEDED ${nick} :You must be a channel operator`);
  }
  if (!/^[^ !@*?,:#&]+\/[^ !@*?,:#&]+$/.test(nick)) {
    return fail(context, `INVALID_NICK ${nick} :The nick must have a network after a slash`);
  }
  const speaker = new User(null, session.user.host, network.clock.now());
  speaker.nick = nick;
  speaker.user = "relay";
  const client = new Map([["draft/relaymsg", session.user.nick]]);
  const said = network.say(speaker, "PRIVMSG", channel.name, text, { client });
  // The relaying client gets it too, whether it wants echoes or not.
  network.toChannel(speaker, channel, said);
}

function fail({ network, session }: Context, text: Wire): void {
  session.send(new Message(network.serverName, `FAIL RELAYMSG ${text}`));
}
