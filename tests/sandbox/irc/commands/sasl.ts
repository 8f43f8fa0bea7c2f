import { Buffer } from "node:buffer";
import { type Commands, type Context, reply } from "../context.ts";
import { Message } from "../message.ts";
import { fromWire, type Wire } from "../wire.ts";

/** AUTHENTICATE: SASL PLAIN and its failures. */
export const saslCommands: Commands = {
  AUTHENTICATE: { params: 1, early: true, run: authenticate },
};

/** A response of exactly this length goes on in the next line. */
const CHUNK_BYTES = 400;

function authenticate(context: Context, [argument = ""]: readonly Wire[]): void {
  const { session, faults } = context;
  if (!session.caps.has("sasl")) return reply(context, "904", ":SASL authentication failed");
  if (faults.sasl === "silent") return session.muteAnswer();
  if (session.user.account !== null) {
    return reply(context, "907", ":You have already authenticated");
  }
  if (argument === "*") return end(context, "906", ":SASL authentication aborted");
  if (session.saslMechanism === null) return begin(context, argument.toUpperCase());
  session.saslResponse += argument === "+" ? "" : argument;
  if (argument.length === CHUNK_BYTES) return;
  finish(context);
}

function begin(context: Context, mechanism: string): void {
  const { session } = context;
  if (mechanism !== "PLAIN") {
    reply(context, "908", "PLAIN", ":are available SASL mechanisms");
    return end(context, "904", ":SASL authentication failed");
  }
  session.saslMechanism = mechanism;
  session.saslResponse = "";
  session.send(new Message("", "AUTHENTICATE +"));
}

function finish(context: Context): void {
  const { session, faults, options } = context;
  const response = Buffer.from(session.saslResponse, "base64").toString("latin1");
  const [, account = "", password = ""] = response.split("\0");
  if (faults.sasl === "aborts") return end(context, "906", ":SASL authentication aborted");
  const right = options.accounts?.[fromWire(account)];
  if (faults.sasl === "fails" || right === undefined || right !== fromWire(password)) {
    return end(context, "904", ":SASL authentication failed");
  }
  const { user } = session;
  user.account = account;
  reply(context, "900", user.mask, account, `:You are now logged in as ${account}`);
  end(context, "903", ":SASL authentication successful");
}

function end(context: Context, numeric: string, text: Wire): void {
  context.session.saslMechanism = null;
  context.session.saslResponse = "";
  reply(context, numeric, text);
}
