import type { Channel } from "../channel.ts";
import { type Commands, type Context, reply } from "../context.ts";
import type { Said } from "../history.ts";
import { Message } from "../message.ts";
import type { Multiline } from "../session.ts";
import type { User } from "../user.ts";
import { type ClientLine, toWire, type Wire } from "../wire.ts";

/** PRIVMSG, NOTICE, TAGMSG, REDACT; BATCH with a message of several lines. */
export const messageCommands: Commands = {
  PRIVMSG: { params: 0, run: (context, params, line) => say(context, "PRIVMSG", params, line) },
  NOTICE: { params: 0, run: (context, params, line) => say(context, "NOTICE", params, line) },
  BATCH: { params: 1, run: batch },
  TAGMSG: { params: 1, run: tagMessage },
  REDACT: { params: 2, run: redact },
};

function say(
  context: Context,
  command: Said["command"],
  [targets, text = ""]: readonly Wire[],
  line: ClientLine,
): void {
  const { multiline } = context.session;
  if (multiline !== null && line.tags.get("batch") === multiline.reference) {
    multiline.lines.push({ text, concat: line.tags.has("draft/multiline-concat") });
    return context.session.muteAnswer();
  }
  if (targets === undefined) return reply(context, "411", `:No recipient given (${command})`);
  if (text === "") return reply(context, "412", ":No text to send");
  for (const target of targets.split(",")) sayTo(context, command, { target, text, line });
}

function sayTo(
  context: Context,
  command: Said["command"],
  { target, text, line }: { target: Wire; text: Wire; line: ClientLine },
): void {
  const { network, session, faults } = context;
  const { user } = session;
  const channel = network.channel(target);
  const person = network.user(target);
  if (channel === null && person === null) return unknownTarget(context, target);
  const refusal = channel === null ? null : refusalOf(context, channel, text);
  if (refusal !== null) return refuse(context, command, channel?.name ?? target, refusal);
  if (faults.dropMessages > 0) {
    faults.dropMessages--;
    return session.muteAnswer();
  }
  const shown = channel?.name ?? person?.nick ?? target;
  const said = network.say(user, command, shown, text, { client: clientTags(line) });
  if (channel !== null) network.toChannel(user, channel, said);
  else if (person !== null) toPerson(context, person, said);
  echo(context, said);
}

/** A client's message of several lines: gathered until its end. */
function batch(
  context: Context,
  [mark = "", type = "", target = ""]: readonly Wire[],
  line: ClientLine,
): void {
  const { offered, session } = context;
  if (!offered.has("draft/multiline")) return reply(context, "421", "BATCH", ":Unknown command");
  if (mark.startsWith("+") && type === "draft/multiline") {
    session.multiline = { reference: mark.slice(1), target, opening: line, lines: [] };
    return session.muteAnswer();
  }
  const { multiline } = session;
  session.multiline = null;
  if (multiline === null || mark !== `-${multiline.reference}`) {
    return failBatch(context, "INVALID_REFTAG", "No such batch");
  }
  sayLines(context, multiline);
}

function sayLines(context: Context, { target, opening, lines }: Multiline): void {
  const { network, offered, session: { user } } = context;
  const channel = network.channel(target);
  if (channel === null) return unknownTarget(context, target);
  const limit = (name: string) =>
    Number(
      new RegExp(`${name}=(\\d+)`).exec(offered.get("draft/multiline") ?? "")?.[1] ?? Infinity,
    );
  const bytes = lines.reduce((sum, { text }) => sum + text.length + 1, -1);
  if (context.faults.refuseMultiline) return failBatch(context, "MULTILINE_INVALID", "No");
  if (lines.length > limit("max-lines")) return failBatch(context, "MULTILINE_MAX_LINES", "lines");
  if (bytes > limit("max-bytes")) return failBatch(context, "MULTILINE_MAX_BYTES", "bytes");
  const refusal = lines.map(({ text }) => refusalOf(context, channel, text)).find(Boolean);
  if (refusal) return refuse(context, "PRIVMSG", channel.name, refusal);
  const said = network.sayLines(user, channel.name, lines, { client: clientTags(opening) });
  network.toChannel(user, channel, said);
  echo(context, said);
}

function failBatch({ network, session }: Context, code: string, text: string): void {
  session.send(new Message(network.serverName, `FAIL BATCH ${code} :${text}`));
}

function toPerson(context: Context, person: User, said: Said): void {
  context.network.toUser(person, said);
  if (said.command === "PRIVMSG" && person.away !== null) {
    reply(context, "301", person.nick, `:${person.away}`);
  }
}

function echo({ session, faults }: Context, said: Said): void {
  if (faults.cutBeforeEcho > 0) {
    faults.cutBeforeEcho--;
    session.cut("rst");
  } else if (faults.dropEchoes > 0) {
    faults.dropEchoes--;
    session.muteAnswer();
  } else if (session.caps.has("echo-message")) session.send(said.message);
}

function unknownTarget(context: Context, target: Wire): void {
  if (/^[#&]/.test(target)) reply(context, "403", target, ":No such channel");
  else reply(context, "401", target, ":No such nick");
}

type Refused = readonly [numeric: string, text: Wire];

/** A NOTICE is refused without a word on some servers; here both are answered, as on InspIRCd. */
function refuse(context: Context, _command: string, target: Wire, [numeric, text]: Refused): void {
  reply(context, numeric, target, text);
}

function refusalOf(
  { network, session: { user }, faults }: Context,
  channel: Channel,
  text: Wire,
): Refused | null {
  const forced = faults.refuseMessages;
  if (forced !== null) return [forced.numeric, `:${toWire(forced.text)}`];
  const { flags } = channel;
  if (flags.has("n") && !channel.members.has(user)) {
    return ["404", ":You cannot send external messages to this channel whilst the +n mode is set."];
  }
  if (flags.has("c") && hasColour(text)) {
    return ["404", ":Can't send colors to channel (+c is set)"];
  }
  if (flags.has("C") && text.startsWith("\x01") && !text.startsWith("\x01ACTION ")) {
    return ["404", ":Can't send CTCP to channel (+C is set)"];
  }
  if (channel.isRaised(user)) return null;
  if (flags.has("m")) return ["404", ":You cannot send messages to this channel (+m is set)"];
  if (flags.has("M") && user.account === null) {
    return ["477", ":You need to be identified to a registered account to message this channel"];
  }
  return network.isBanned(user, channel)
    ? ["404", ":Cannot send to channel (you're banned)"]
    : null;
}

/** Any formatting code, as InspIRCd's +c has it. */
function hasColour(text: Wire): boolean {
  return ["\x02", "\x03", "\x04", "\x0f", "\x11", "\x16", "\x1d", "\x1e", "\x1f"]
    .some((code) => text.includes(code));
}

/** Those that clients give each other: `+name`. */
function clientTags(line: ClientLine): ReadonlyMap<string, Wire> {
  if (line.tags.size === 0) return line.tags;
  return new Map([...line.tags].filter(([key]) => key.startsWith("+")));
}

function tagMessage(context: Context, [target = ""]: readonly Wire[], line: ClientLine): void {
  const { network, session } = context;
  const { user } = session;
  const channel = network.channel(target);
  const person = network.user(target);
  if (channel === null && person === null) return unknownTarget(context, target);
  const shown = channel?.name ?? person?.nick ?? target;
  const message = network.event(user, `TAGMSG ${shown}`, {
    client: clientTags(line),
    msgid: network.nextId(),
  });
  const recipients = channel === null ? [person] : channel.members.keys();
  for (const recipient of recipients) {
    if (recipient !== user && recipient?.caps.has("message-tags")) recipient.deliver(message);
  }
  if (session.caps.has("echo-message")) session.send(message);
}

function redact(context: Context, [target = "", msgid = "", reason = ""]: readonly Wire[]): void {
  const { network, session, offered } = context;
  const { user } = session;
  if (!offered.has("draft/message-redaction")) {
    return reply(context, "421", "REDACT", ":Unknown command");
  }
  const channel = network.channel(target);
  const own = channel?.history.all().find((said) => said.msgid === msgid);
  if (channel === null || own === undefined) {
    return fail(context, `UNKNOWN_MSGID ${target} ${msgid} :This message does not exist`);
  }
  if (own.nick !== user.nick && !channel.isOp(user)) {
    return fail(context, `REDACT_FORBIDDEN ${target} ${msgid} :This message is not yours`);
  }
  channel.history.remove((said) => said.msgid === msgid);
  const text = reason === "" ? "" : ` :${reason}`;
  const message = network.event(user, `REDACT ${channel.name} ${msgid}${text}`);
  for (const member of channel.members.keys()) {
    const sees = member.caps.has("draft/message-redaction");
    if (sees && (member !== user || session.caps.has("echo-message"))) member.deliver(message);
  }
}

function fail({ network, session }: Context, text: Wire): void {
  session.send(new Message(network.serverName, `FAIL REDACT ${text}`));
}
