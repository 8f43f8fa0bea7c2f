import { type Channel, prefixOf } from "../channel.ts";
import { type Commands, type Context, reply } from "../context.ts";
import { Message } from "../message.ts";
import { isChannelName } from "../names.ts";
import type { User } from "../user.ts";
import type { Wire } from "../wire.ts";

/** JOIN, PART, TOPIC, NAMES, KICK, INVITE, LIST. */
export const channelCommands: Commands = {
  JOIN: { params: 1, run: join },
  PART: { params: 1, run: part },
  TOPIC: { params: 1, run: topic },
  NAMES: { params: 0, run: names },
  KICK: { params: 2, run: kick },
  INVITE: { params: 2, run: invite },
  LIST: { params: 0, run: list },
};

function join(context: Context, [channels = "", keys = ""]: readonly Wire[]): void {
  const { network, session: { user } } = context;
  if (channels === "0") {
    for (const channel of [...user.channels]) network.part(user, channel, "");
    return;
  }
  const keyList = keys.split(",");
  channels.split(",").forEach((name, index) => joinOne(context, name, keyList[index] ?? ""));
}

function joinOne(context: Context, name: Wire, key: Wire): void {
  const { network, session: { user } } = context;
  if (!isChannelName(name)) return reply(context, "403", name, ":No such channel");
  const existing = network.channel(name);
  if (existing?.members.has(user)) return;
  const refusal = refusalOf(context, name, existing, key);
  if (refusal !== null) return reply(context, refusal[0], existing?.name ?? name, refusal[1]);
  const channel = network.join(user, name);
  if (channel.topic !== null) sendTopic(context, channel);
  sendNames(context, channel);
}

function refusalOf(
  context: Context,
  name: Wire,
  channel: Channel | null,
  key: Wire,
): [numeric: string, text: Wire] | null {
  const { network, faults, session: { user } } = context;
  const forced = faults.refuseJoins.get(network.fold(name));
  if (forced !== undefined) return [forced, ":Cannot join channel"];
  if (channel === null || channel.invited.has(user)) return null;
  if (channel.key !== null && channel.key !== key) return ["475", ":Cannot join channel (+k)"];
  if (channel.flags.has("i")) return ["473", ":Cannot join channel (+i)"];
  if (channel.limit !== null && channel.members.size >= channel.limit) {
    return ["471", ":Cannot join channel (+l)"];
  }
  if (channel.flags.has("R") && user.account === null) {
    return ["477", ":You need to be identified to a registered account to join this channel"];
  }
  return network.isBanned(user, channel) ? ["474", ":Cannot join channel (+b)"] : null;
}

/** The channel when the client is in it; else says why not. */
function ownChannel(context: Context, name: Wire): Channel | null {
  const channel = context.network.channel(name);
  if (channel === null) reply(context, "403", name, ":No such channel");
  else if (!channel.members.has(context.session.user)) {
    reply(context, "442", channel.name, ":You're not on that channel");
  } else return channel;
  return null;
}

/** The same when the client is its operator. */
export function operatedChannel(context: Context, name: Wire): Channel | null {
  const channel = ownChannel(context, name);
  if (channel === null || channel.isOp(context.session.user)) return channel;
  reply(context, "482", channel.name, ":You must be a channel operator");
  return null;
}

function part(context: Context, [channels = "", reason = ""]: readonly Wire[]): void {
  for (const name of channels.split(",")) {
    const channel = ownChannel(context, name);
    if (channel !== null) context.network.part(context.session.user, channel, reason);
  }
}

function topic(context: Context, [name = "", text]: readonly Wire[]): void {
  const { network, session: { user } } = context;
  const channel = text === undefined ? network.channel(name) : ownChannel(context, name);
  if (channel === null) {
    if (text === undefined) reply(context, "403", name, ":No such channel");
  } else if (text === undefined) {
    if (channel.topic === null) reply(context, "331", channel.name, ":No topic is set.");
    else sendTopic(context, channel);
  } else if (channel.flags.has("t") && !channel.isOp(user)) {
    reply(context, "482", channel.name, ":You must be a channel operator");
  } else network.setTopic(channel, text.slice(0, 307), user.mask);
}

function sendTopic(context: Context, channel: Channel): void {
  if (channel.topic === null) return;
  const { text, by, atMs } = channel.topic;
  reply(context, "332", channel.name, `:${text}`);
  reply(context, "333", channel.name, by, String(Math.floor(atMs / 1_000)));
}

function names(context: Context, [channels = ""]: readonly Wire[]): void {
  for (const name of channels.split(",")) {
    const channel = context.network.channel(name);
    if (channel === null) reply(context, "366", name === "" ? "*" : name, ":End of /NAMES list.");
    else sendNames(context, channel);
  }
}

/** In lines of about 400 bytes. */
function sendNames(context: Context, channel: Channel): void {
  const { caps } = context.session;
  const all = caps.has("multi-prefix");
  const show = (user: User) => caps.has("userhost-in-names") ? user.mask : user.nick;
  let line = "";
  const flush = () => {
    reply(context, "353", channel.flags.has("s") ? "@" : "=", channel.name, `:${line.trimEnd()}`);
    line = "";
  };
  for (const [user, rank] of channel.members) {
    line += `${prefixOf(rank, all)}${show(user)} `;
    if (line.length > 350) flush();
  }
  if (line !== "") flush();
  reply(context, "366", channel.name, ":End of /NAMES list.");
}

function kick(context: Context, [name = "", nick = "", reason]: readonly Wire[]): void {
  const { network, session: { user } } = context;
  const channel = operatedChannel(context, name);
  if (channel === null) return;
  const target = network.user(nick);
  if (target === null || !channel.members.has(target)) {
    return reply(context, "441", nick, channel.name, ":They are not on that channel");
  }
  network.kick(user.mask, target, channel, reason ?? user.nick);
}

function invite(context: Context, [nick = "", name = ""]: readonly Wire[]): void {
  const { network, session: { user } } = context;
  const target = network.user(nick);
  if (target === null) return reply(context, "401", nick, ":No such nick");
  const channel = operatedChannel(context, name);
  if (channel === null) return;
  channel.invited.add(target);
  reply(context, "341", target.nick, channel.name);
  target.deliver(new Message(user.mask, `INVITE ${target.nick} :${channel.name}`));
}

function list(context: Context): void {
  reply(context, "321", "Channel", ":Users Name");
  for (const channel of context.network.channels.values()) {
    const hidden = channel.flags.has("s") && !channel.members.has(context.session.user);
    if (hidden || channel.members.size === 0) continue;
    const text = `:[${channel.modes(false)}] ${channel.topic?.text ?? ""}`;
    reply(context, "322", channel.name, String(channel.members.size), text);
  }
  reply(context, "323", ":End of channel list.");
}
