import { Message } from "../message.ts";
import { isNick } from "../names.ts";
import { type Commands, type Context, reply } from "../context.ts";
import { toWire, type Wire } from "../wire.ts";
import { sendIsupport, sendLusers, sendMotd } from "./server_info.ts";

/** NICK, USER, PASS, PING, PONG, QUIT. */
export const registrationCommands: Commands = {
  PASS: { params: 1, early: true, run: ({ session }, [word = ""]) => session.password = word },
  NICK: { params: 0, early: true, run: changeNick },
  USER: { params: 4, early: true, run: setUser },
  PING: { params: 1, early: true, run: answerPing },
  PONG: { params: 0, early: true, run: () => {} },
  QUIT: { params: 0, early: true, run: quit },
};

function quit({ session }: Context, [reason]: readonly Wire[]): void {
  session.close(reason === undefined ? "Client Quit" : `Quit: ${reason}`);
}

function answerPing(context: Context, [token = ""]: readonly Wire[]): void {
  const { network, session, faults } = context;
  if (faults.ignorePings) return session.muteAnswer();
  session.send(new Message(network.serverName, `PONG ${network.serverName} :${token}`));
}

function changeNick(context: Context, [asked = ""]: readonly Wire[]): void {
  const { network, session: { user }, options, faults } = context;
  const wanted = options.longNicks === "truncate"
    ? asked.slice(0, options.nickLength ?? 30)
    : asked;
  if (wanted === "") return reply(context, "431", ":No nickname given");
  if (!isNick(wanted, options.nickLength ?? 30)) {
    return reply(context, "432", wanted, ":Erroneous Nickname");
  }
  const refused = faults.refuseNicks.get(network.fold(wanted));
  if (refused !== undefined) return reply(context, refused, wanted, ":Nickname is unavailable");
  const holder = network.user(wanted);
  if (holder !== null && holder !== user) {
    return reply(context, "433", wanted, ":Nickname is already in use.");
  }
  if (user.registered) {
    if (wanted !== user.nick) network.rename(user, wanted);
    return;
  }
  user.nick = wanted;
  welcomeIfReady(context);
}

function setUser(context: Context, [name = "user", , , realName = ""]: readonly Wire[]): void {
  const { user } = context.session;
  if (user.registered) return reply(context, "462", ":You may not reregister");
  user.user = name.replace(/[^A-Za-z0-9._-]/g, "").slice(0, 10) || "user";
  user.realName = realName;
  context.session.hasUser = true;
  welcomeIfReady(context);
}

/** Registers the client once NICK, USER and the end of CAP are there. */
export function welcomeIfReady(context: Context): void {
  const { session, faults } = context;
  const { user, negotiating, hasUser, welcoming } = session;
  if (user.registered || negotiating || !hasUser || user.nick === "*" || welcoming) return;
  session.welcoming = true;
  if (faults.registrationDelayMs === 0) return register(context);
  session.after(faults.registrationDelayMs, () => register(context));
}

function register(context: Context): void {
  const { session, faults, options, network } = context;
  const { user } = session;
  session.welcoming = false;
  if (options.password !== undefined && session.password !== toWire(options.password)) {
    reply(context, "464", ":Password incorrect");
    return session.close("Access denied: Bad password?");
  }
  const refusal = faults.refuseRegistration;
  if (refusal !== null) {
    reply(context, refusal.numeric, `:${toWire(refusal.text)}`);
    return session.close(toWire(refusal.text));
  }
  if (options.requireSasl === true && user.account === null) {
    return session.close("You need to identify via SASL to use this server");
  }
  // Somebody may have taken it since: also a second client whose welcome was delayed.
  if (network.user(user.nick) !== null) {
    const taken = user.nick;
    user.nick = "*";
    return reply(context, "433", taken, ":Nickname is already in use.");
  }
  network.addUser(user);
  sendWelcome(context);
  context.registered();
}

function sendWelcome(context: Context): void {
  const { network, session: { user }, options } = context;
  const { serverName } = network;
  reply(context, "001", `:Welcome to the ${options.network ?? "Sandbox"} network ${user.mask}`);
  reply(context, "002", `:Your host is ${serverName}, running sandbox-1`);
  reply(context, "003", ":This server was created for tests");
  reply(context, "004", `${serverName} sandbox-1 Bio CMRbciklmnostv bklov`);
  sendIsupport(context);
  sendLusers(context);
  sendMotd(context);
}
