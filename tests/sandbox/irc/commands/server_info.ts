import { type Commands, type Context, reply } from "../context.ts";
import { toWire } from "../wire.ts";

/** MOTD, LUSERS, VERSION, TIME, LIST of what the server says of itself. */
export const serverInfoCommands: Commands = {
  MOTD: { params: 0, run: sendMotd },
  LUSERS: { params: 0, run: sendLusers },
  VERSION: { params: 0, run: sendVersion },
  TIME: { params: 0, run: sendTime },
};

/** Tokens of 005, at most 12 a line. */
export function sendIsupport(context: Context): void {
  for (let at = 0; at < context.isupport.length; at += 12) {
    const tokens = context.isupport.slice(at, at + 12).map((token) => toWire(token));
    reply(context, "005", ...tokens, ":are supported by this server");
  }
}

export function sendLusers(context: Context): void {
  const { network } = context;
  reply(context, "251", `:There are ${network.users.size} users and 0 invisible on 1 servers`);
  reply(context, "254", String(network.channels.size), ":channels formed");
  reply(context, "255", `:I have ${network.users.size} clients and 0 servers`);
}

export function sendMotd(context: Context): void {
  const { options, network } = context;
  const lines = options.motd ?? ["A small IRC server for tests and demonstrations."];
  if (lines.length === 0) return reply(context, "422", ":MOTD File is missing");
  reply(context, "375", `:- ${network.serverName} message of the day`);
  for (const line of lines) reply(context, "372", `:- ${toWire(line)}`);
  reply(context, "376", ":End of message of the day.");
}

function sendVersion(context: Context): void {
  reply(context, "351", "sandbox-1", context.network.serverName, ":");
  sendIsupport(context);
}

function sendTime(context: Context): void {
  const { network } = context;
  reply(context, "391", network.serverName, `:${new Date(network.clock.now()).toISOString()}`);
}
