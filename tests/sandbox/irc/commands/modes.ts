import type { Channel } from "../channel.ts";
import { type Commands, type Context, reply } from "../context.ts";
import { Message } from "../message.ts";
import { fullMask } from "../names.ts";
import type { Network } from "../network.ts";
import type { User } from "../user.ts";
import type { Wire } from "../wire.ts";
import { operatedChannel } from "./channels.ts";

/** MODE of channels and of oneself. */
export const modeCommands: Commands = {
  MODE: { params: 1, run: mode },
};

export const CHANNEL_FLAGS = "CMRcimnst";
export const USER_MODES = "Bi";

function mode(context: Context, [target = "", ...change]: readonly Wire[]): void {
  if (!/^[#&]/.test(target)) return userMode(context, target, change[0]);
  const { network, session: { user } } = context;
  const channel = network.channel(target);
  if (channel === null) return reply(context, "403", target, ":No such channel");
  if (change.length === 0) {
    reply(context, "324", channel.name, channel.modes(channel.members.has(user)));
    return reply(context, "329", channel.name, String(Math.floor(channel.createdAtMs / 1_000)));
  }
  if (/^\+?b$/.test(change[0] ?? "") && change.length === 1) return listBans(context, channel);
  if (operatedChannel(context, target) === null) return;
  for (const letter of changeModes(network, channel, user.mask, change)) {
    reply(context, "472", letter, ":is not a recognised channel mode.");
  }
}

function listBans(context: Context, channel: Channel): void {
  for (const [mask, { by, atMs }] of channel.bans) {
    reply(context, "367", channel.name, mask, by, String(Math.floor(atMs / 1_000)));
  }
  reply(context, "368", channel.name, ":End of channel ban list");
}

/** Applies `+ov-b nick nick mask`, tells the members what changed and answers unknown letters. */
export function changeModes(
  network: Network,
  channel: Channel,
  by: Wire,
  change: readonly Wire[],
): string[] {
  const [letters = "", ...params] = change;
  const applied: { sign: string; letter: string; param: Wire | null }[] = [];
  const unknown: string[] = [];
  let sign = "+";
  for (const letter of letters) {
    if (letter === "+" || letter === "-") sign = letter;
    else if (CHANNEL_FLAGS.includes(letter)) {
      if (setFlag(channel, sign, letter)) applied.push({ sign, letter, param: null });
    } else if ("bklov".includes(letter)) {
      const param = letter === "l" && sign === "-" ? null : params.shift() ?? null;
      const shown = setWithParam(network, channel, { by, sign, letter, param });
      if (shown !== false) applied.push({ sign, letter, param: shown });
    } else unknown.push(letter);
  }
  if (applied.length > 0) {
    const shown = applied.map(({ sign, letter }) => sign + letter).join("");
    const rest = applied.flatMap(({ param }) => param ?? []);
    network.tellMode(channel, by, [shown, ...rest].join(" "));
  }
  return unknown;
}

function setFlag(channel: Channel, sign: string, letter: string): boolean {
  if (channel.flags.has(letter) === (sign === "+")) return false;
  if (sign === "+") channel.flags.add(letter);
  else channel.flags.delete(letter);
  return true;
}

/** Answers the parameter to show (null for none), or false when nothing changed. */
function setWithParam(
  network: Network,
  channel: Channel,
  change: { by: Wire; sign: string; letter: string; param: Wire | null },
): Wire | null | false {
  const { by, sign, letter, param } = change;
  if (letter === "k") return setKey(channel, sign, param);
  if (letter === "l") {
    channel.limit = sign === "+" ? Number(param) || 1 : null;
    return channel.limit === null ? null : String(channel.limit);
  }
  if (param === null) return false;
  if (letter === "b") {
    const mask = fullMask(param);
    if (sign === "-") return channel.bans.delete(mask) && mask;
    channel.bans.set(mask, { by, atMs: network.clock.now() });
    return mask;
  }
  return setRank(channel, network.user(param), sign, letter);
}

function setKey(channel: Channel, sign: string, param: Wire | null): Wire | false {
  if (sign === "+" && param === null) return false;
  const shown = param ?? channel.key ?? "*";
  channel.key = sign === "+" ? shown : null;
  return shown;
}

function setRank(channel: Channel, user: User | null, sign: string, letter: string): Wire | false {
  const rank = user === null ? undefined : channel.members.get(user);
  if (user === null || rank === undefined) return false;
  if (letter === "o") rank.op = sign === "+";
  else rank.voice = sign === "+";
  return user.nick;
}

function userMode(context: Context, target: Wire, change: Wire | undefined): void {
  const { network, session: { user } } = context;
  if (network.user(target) !== user) {
    return reply(context, "502", ":Can't change mode for other users");
  }
  if (change === undefined) return reply(context, "221", `+${[...user.modes].sort().join("")}`);
  let sign = "+";
  let shown = "";
  for (const letter of change) {
    if (letter === "+" || letter === "-") sign = letter;
    else if (!USER_MODES.includes(letter)) reply(context, "501", letter, ":is not a user mode.");
    else if (user.modes.has(letter) !== (sign === "+")) {
      if (sign === "+") user.modes.add(letter);
      else user.modes.delete(letter);
      shown += sign + letter;
    }
  }
  if (shown !== "") user.deliver(new Message(user.mask, `MODE ${user.nick} :${shown}`));
}
