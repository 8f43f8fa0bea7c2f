import { type Channel, prefixOf, type Rank } from "../channel.ts";
import { type Commands, type Context, reply } from "../context.ts";
import { matchesMask } from "../names.ts";
import type { User } from "../user.ts";
import type { Wire } from "../wire.ts";

/** WHO, WHOIS, USERHOST, ISON, MONITOR, AWAY, SETNAME. */
export const peopleCommands: Commands = {
  WHO: { params: 1, run: who },
  WHOIS: { params: 1, run: whois },
  USERHOST: { params: 1, run: userhost },
  ISON: { params: 1, run: ison },
  MONITOR: { params: 1, run: monitor },
  AWAY: { params: 0, run: away },
  SETNAME: { params: 1, run: setName },
};

function who(context: Context, [mask = ""]: readonly Wire[]): void {
  const { network } = context;
  const channel = network.channel(mask);
  if (channel !== null) {
    for (const [user, rank] of channel.members) sendWho(context, channel.name, user, rank);
  } else {
    const folded = network.fold(mask);
    for (const [name, user] of network.users) {
      if (matchesMask(name, folded)) sendWho(context, "*", user, { op: false, voice: false });
    }
  }
  reply(context, "315", mask, ":End of /WHO list.");
}

function sendWho(context: Context, channel: Wire, user: User, rank: Rank): void {
  const flags = (user.away === null ? "H" : "G") + (user.modes.has("B") ? "B" : "") +
    prefixOf(rank, context.session.caps.has("multi-prefix"));
  const place = [user.user, user.host, context.network.serverName, user.nick];
  reply(context, "352", channel, ...place, flags, `:0 ${user.realName}`);
}

function whois(context: Context, params: readonly Wire[]): void {
  const { network } = context;
  const nick = params[1] ?? params[0] ?? "";
  const user = network.user(nick);
  if (user !== null) {
    reply(context, "311", user.nick, user.user, user.host, "*", `:${user.realName}`);
    const channels = [...user.channels].map((channel) => shownChannel(channel, user));
    if (channels.length > 0) reply(context, "319", user.nick, `:${channels.join(" ")}`);
    reply(context, "312", user.nick, network.serverName, ":Sandbox");
    if (user.account !== null) reply(context, "330", user.nick, user.account, ":is logged in as");
    if (user.modes.has("B")) reply(context, "335", user.nick, ":is a bot");
    if (user.away !== null) reply(context, "301", user.nick, `:${user.away}`);
    const onSinceS = String(Math.floor(user.signedOnAtMs / 1_000));
    reply(context, "317", user.nick, "0", onSinceS, ":seconds idle, signon time");
  } else reply(context, "401", nick, ":No such nick");
  reply(context, "318", nick, ":End of /WHOIS list.");
}

function shownChannel(channel: Channel, user: User): Wire {
  const rank = channel.members.get(user);
  return `${rank === undefined ? "" : prefixOf(rank, false)}${channel.name}`;
}

function userhost(context: Context, nicks: readonly Wire[]): void {
  const found = nicks.flatMap((nick) => context.network.user(nick) ?? []);
  const shown = found.map((user) =>
    `${user.nick}=${user.away === null ? "+" : "-"}${user.user}@${user.host}`
  );
  reply(context, "302", `:${shown.join(" ")}`);
}

function ison(context: Context, params: readonly Wire[]): void {
  const nicks = params.flatMap((param) => param.split(" "));
  const there = nicks.flatMap((nick) => context.network.user(nick)?.nick ?? []);
  reply(context, "303", `:${there.join(" ")}`);
}

function monitor(context: Context, [sign = "", nicks = ""]: readonly Wire[]): void {
  const { isupport, network, session } = context;
  if (!isupport.some((token) => token.startsWith("MONITOR"))) {
    return reply(context, "421", "MONITOR", ":Unknown command");
  }
  if (sign === "+") { for (const nick of nicks.split(",")) network.monitor(session.user, nick); }
}

function away(context: Context, [reason = ""]: readonly Wire[]): void {
  const { network, session: { user } } = context;
  user.away = reason === "" ? null : reason;
  const body = reason === "" ? "AWAY" : `AWAY :${reason}`;
  network.tellWatchers(user, network.event(user, body), "away-notify");
  if (reason === "") reply(context, "305", ":You are no longer marked as being away");
  else reply(context, "306", ":You have been marked as being away");
}

function setName(context: Context, [realName = ""]: readonly Wire[]): void {
  const { network, session: { user } } = context;
  user.realName = realName.slice(0, 128);
  const message = network.event(user, `SETNAME :${user.realName}`);
  network.tellWatchers(user, message, "setname");
  if (user.caps.has("setname")) user.deliver(message);
}
