import { systemClock } from "../../../src/base/clock.ts";
import { Changes } from "../../support/wait.ts";
import { changeModes } from "./commands/modes.ts";
import type { Channel } from "./channel.ts";
import type { Said } from "./history.ts";
import { Message } from "./message.ts";
import { fullMask } from "./names.ts";
import { Network } from "./network.ts";
import type { Faults, IrcServerOptions } from "./options.ts";
import { type IrcCounters, IrcServer } from "./server.ts";
import type { Session } from "./session.ts";
import { User } from "./user.ts";
import { fromWire, toWire } from "./wire.ts";

export { type Faults, type IrcServerOptions, MODERN_CAPABILITIES } from "./options.ts";
export type { IrcCounters } from "./server.ts";

/** A message as people in the channel saw it. */
export interface SandboxMessage {
  readonly nick: string;
  readonly command: "PRIVMSG" | "NOTICE";
  /** CTCP ACTION; `text` is what the sender does. */
  readonly action: boolean;
  readonly text: string;
  readonly msgid: string;
  readonly atMs: number;
  /** Client-only tags, `+draft/reply` among them. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface VirtualUserOptions {
  readonly account?: string;
  readonly bot?: boolean;
  readonly host?: string;
  readonly realName?: string;
  /** Channels to enter at once. */
  readonly channels?: readonly string[];
}

/** A line that a client sent. */
export interface ReceivedLine {
  /** The nick at that time; "*" before there was one. */
  readonly nick: string;
  readonly line: string;
}

/** Lines from clients that are remembered for tests. */
const RECEIVED_LINES = 5_000;

/**
 * A small IRC server for tests and the demo, on 127.0.0.1. Tests speak for people ("virtual users"), watch what is
 * said, and set up what goes wrong.
 */
export class IrcSandbox implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly #changes = new Changes();
  readonly #network: Network;
  readonly #server: IrcServer;
  readonly #inboxes = new WeakMap<User, SandboxMessage[]>();
  #received: ReceivedLine[] = [];

  private constructor(options: IrcServerOptions) {
    const changed = () => this.#changes.notify();
    this.#network = new Network({
      serverName: options.serverName ?? "irc.sandbox.test",
      caseMapping: options.caseMapping ?? "rfc1459",
      historyLines: options.historyLines ?? 2_000,
      msgids: options.msgids ?? true,
      clock: options.clock ?? systemClock,
      changed,
      toVirtual: (user, said) => this.#toInbox(user, said),
    });
    this.#server = new IrcServer(options, this.#network, {
      changed,
      received: (session, line) => this.#note(session, line),
    });
  }

  static async start(options: IrcServerOptions = {}): Promise<IrcSandbox> {
    const sandbox = new IrcSandbox(options);
    await sandbox.listen();
    return sandbox;
  }

  get port(): number {
    return this.#server.port;
  }

  /** Null without TLS. */
  get tlsPort(): number | null {
    return this.#server.tlsPort;
  }

  /** What goes wrong; write to it at any time. */
  get faults(): Faults {
    return this.#server.faults;
  }

  get counters(): Readonly<IrcCounters> {
    return this.#server.counters;
  }

  /** Nicks of all who are on, clients and virtual users. */
  get nicks(): string[] {
    return [...this.#network.users.values()].map((user) => fromWire(user.nick));
  }

  /** The last lines that clients sent, oldest first. */
  get received(): readonly ReceivedLine[] {
    return this.#received;
  }

  addUser(nick: string, options: VirtualUserOptions = {}): void {
    if (this.#network.user(toWire(nick)) !== null) {
      throw new Error(`Cannot add ${nick}: the nick is taken`);
    }
    const { host = "home.example.test", realName = nick } = options;
    const user = new User(null, toWire(host), this.#network.clock.now());
    user.nick = toWire(nick);
    user.user = "person";
    user.realName = toWire(realName);
    user.account = options.account === undefined ? null : toWire(options.account);
    if (options.bot === true) user.modes.add("B");
    this.#network.addUser(user);
    for (const channel of options.channels ?? []) this.join(nick, channel);
  }

  join(nick: string, channel: string): void {
    this.#network.join(this.#user(nick), toWire(channel));
  }

  part(nick: string, channel: string, reason = ""): void {
    this.#network.part(this.#user(nick), this.#channel(channel), toWire(reason));
  }

  quit(nick: string, reason = "Quit"): void {
    const user = this.#user(nick);
    if (user.link === null) this.#network.quit(user, toWire(reason));
    else user.link.close(toWire(reason));
  }

  /** A message of a virtual user (or of a client, as if it had sent it). Bytes go out as they are: invalid UTF-8, codes. Answers its msgid. */
  say(
    nick: string,
    target: string,
    text: string | Uint8Array,
    tags: Readonly<Record<string, string>> = {},
  ): string {
    return this.#say("PRIVMSG", nick, target, toWire(text), tags);
  }

  action(nick: string, target: string, text: string): string {
    return this.#say("PRIVMSG", nick, target, `\x01ACTION ${toWire(text)}\x01`, {});
  }

  notice(nick: string, target: string, text: string): string {
    return this.#say("NOTICE", nick, target, toWire(text), {});
  }

  /** What virtual users were told in private, the last 1,000. */
  inbox(nick: string): readonly SandboxMessage[] {
    return this.#inboxes.get(this.#user(nick)) ?? [];
  }

  /** Nicks in a channel. */
  members(channel: string): string[] {
    const members = this.#network.channel(toWire(channel))?.members.keys() ?? [];
    return [...members].map((user) => fromWire(user.nick));
  }

  /** The last messages of a channel (`historyLines` of the options), oldest first. */
  messages(channel: string): SandboxMessage[] {
    return (this.#network.channel(toWire(channel))?.history.all() ?? []).map(seen);
  }

  /** How many were ever said there. */
  messageCount(channel: string): number {
    return this.#network.channel(toWire(channel))?.history.total ?? 0;
  }

  topic(channel: string): string | null {
    const topic = this.#network.channel(toWire(channel))?.topic ?? null;
    return topic === null ? null : fromWire(topic.text);
  }

  /** Resolves when the probe answers something other than false, null or undefined; asked after every change. */
  waitFor<T>(
    probe: () => T,
    what: string,
    timeoutMs?: number,
  ): Promise<Exclude<T, false | null | undefined>> {
    const shown = () =>
      this.#received.slice(-20).map(({ nick, line }) => `${nick}: ${line}`).join("\n");
    return this.#changes.until(probe, what, timeoutMs, shown);
  }

  /** The first kept message of the channel whose text is `text` or matches it. */
  waitForMessage(
    channel: string,
    text: string | RegExp,
    timeoutMs?: number,
  ): Promise<SandboxMessage> {
    const fits = (message: SandboxMessage) =>
      typeof text === "string" ? message.text === text : text.test(message.text);
    return this.waitFor(
      () => this.messages(channel).find(fits),
      `${text} in ${channel}`,
      timeoutMs,
    );
  }

  /** Resolves when so many messages were ever said in the channel, with those that are kept. */
  async waitForMessages(
    channel: string,
    count: number,
    timeoutMs?: number,
  ): Promise<SandboxMessage[]> {
    const what = `${count} messages in ${channel}`;
    await this.waitFor(() => this.messageCount(channel) >= count, what, timeoutMs);
    return this.messages(channel);
  }

  async waitForMember(channel: string, nick: string, timeoutMs?: number): Promise<void> {
    const there = () => this.#isMember(channel, nick);
    await this.waitFor(there, `${nick} in ${channel}`, timeoutMs);
  }

  async waitForGone(channel: string, nick: string, timeoutMs?: number): Promise<void> {
    const gone = () => !this.#isMember(channel, nick);
    await this.waitFor(gone, `${nick} to leave ${channel}`, timeoutMs);
  }

  async waitForUser(nick: string, timeoutMs?: number): Promise<void> {
    await this.waitFor(() => this.#network.user(toWire(nick)), `${nick} to register`, timeoutMs);
  }

  /** The first kept line that a client sent and that matches. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<ReceivedLine> {
    const find = () => this.#received.find(({ line }) => pattern.test(line));
    return this.waitFor(find, `a line like ${pattern}`, timeoutMs);
  }

  kick(channel: string, nick: string, reason = "kicked", by = "staff"): void {
    const user = this.#user(nick);
    this.#network.kick(this.#mask(by), user, this.#channel(channel), toWire(reason));
  }

  /** Takes somebody off the network (KILL), by an operator. */
  kill(nick: string, reason = "killed"): void {
    const user = this.#user(nick);
    const text = `Killed (staff (${reason}))`;
    user.deliver(new Message(this.#mask("staff"), `KILL ${user.nick} :${toWire(reason)}`));
    this.quit(nick, text);
  }

  /** MODE by an operator: `mode("#c", "+ov", "ada", "bob")`. */
  mode(channel: string, ...change: string[]): void {
    const params = change.map((param) => toWire(param));
    changeModes(this.#network, this.#channel(channel), this.#mask("staff"), params);
  }

  ban(channel: string, mask: string): void {
    this.mode(channel, "+b", fullMask(mask));
  }

  unban(channel: string, mask: string): void {
    this.mode(channel, "-b", fullMask(mask));
  }

  setTopic(channel: string, text: string, by = "staff"): void {
    this.#network.setTopic(this.#channel(channel), toWire(text), this.#mask(by));
  }

  /** Changes somebody's nick: a virtual user's own wish, or forced on a client by services. */
  changeNick(from: string, to: string): void {
    this.#network.rename(this.#user(from), toWire(to));
  }

  /** Gives a client another host (a cloak): 396 for itself, CHGHOST for those who can see it. */
  changeHost(nick: string, host: string): void {
    const user = this.#user(nick);
    const message = this.#network.event(user, `CHGHOST ${user.user} ${toWire(host)}`);
    user.host = toWire(host);
    this.#network.reply(user, "396", user.host, ":is now your displayed host");
    for (const other of this.#network.users.values()) {
      const shares = [...user.channels].some((channel) => channel.members.has(other));
      if (shares && other.caps.has("chghost")) other.deliver(message);
    }
  }

  /** These virtual users quit as a server splits off; clients with `batch` get one batch. */
  netsplit(nicks: readonly string[], servers = "hub.sandbox.test leaf.sandbox.test"): void {
    const users = nicks.map((nick) => this.#user(nick));
    this.#inBatch(`netsplit ${servers}`, (batchOf) => {
      for (const user of users) this.#network.quit(user, servers, batchOf);
    });
  }

  /** A line to one client as the server would send it, or bytes as they are (no limits, no CRLF added). */
  sendRaw(nick: string, line: string | Uint8Array): void {
    const bytes = typeof line === "string" ? new TextEncoder().encode(`${line}\r\n`) : line;
    this.#session(nick).sendRaw(bytes);
  }

  /** Ends a client's connection without a word. */
  cut(nick: string, how: "rst" | "fin" = "rst"): void {
    this.#session(nick).cut(how);
  }

  cutAll(how: "rst" | "fin" = "rst"): void {
    for (const session of this.#server.sessions) session.cut(how);
  }

  /** Connections stay, nothing is read or sent, new ones get no answer. */
  stall(): void {
    this.#server.stall();
  }

  resume(): void {
    this.#server.resume();
  }

  /** New connections are refused by the operating system; with `listen` they are taken again, on the same port. */
  refuse(): void {
    this.#server.refuse();
  }

  async listen(): Promise<void> {
    await this.#server.listen();
  }

  /** The server goes down and comes back on its ports: connections end, virtual users and histories stay. */
  async restart(how: "rst" | "fin" | "error" = "error"): Promise<void> {
    this.refuse();
    for (const session of [...this.#server.sessions]) {
      if (how === "error") session.close("Server shutdown");
      else session.cut(how);
    }
    await this.listen();
  }

  /** Ends everything. Idempotent. */
  async close(): Promise<void> {
    this.refuse();
    this.cutAll();
    await this.waitFor(() => this.#server.sessions.size === 0, "connections to end");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #say(
    command: Said["command"],
    nick: string,
    target: string,
    text: string,
    tags: Readonly<Record<string, string>>,
  ): string {
    const from = this.#user(nick);
    const client = new Map(Object.entries(tags).map(([key, value]) => [key, toWire(value)]));
    const said = this.#network.say(from, command, toWire(target), text, { client });
    const channel = this.#network.channel(toWire(target));
    if (channel !== null) this.#network.toChannel(from, channel, said);
    else this.#network.toUser(this.#user(target), said);
    return said.msgid;
  }

  #inBatch(kind: string, work: (batchOf: (user: User) => string | undefined) => void): void {
    const batches = new Map<User, string>();
    const { serverName } = this.#network;
    work((user) => {
      if (!user.caps.has("batch")) return undefined;
      const begun = batches.get(user);
      if (begun !== undefined) return begun;
      const batch = this.#network.nextId();
      batches.set(user, batch);
      user.deliver(new Message(serverName, `BATCH +${batch} ${kind}`));
      return batch;
    });
    for (const [user, batch] of batches) user.deliver(new Message(serverName, `BATCH -${batch}`));
  }

  #isMember(channel: string, nick: string): boolean {
    const user = this.#network.user(toWire(nick));
    const members = this.#network.channel(toWire(channel))?.members;
    return user !== null && members?.has(user) === true;
  }

  #user(nick: string): User {
    const user = this.#network.user(toWire(nick));
    if (user === null) throw new Error(`Cannot find ${nick}: on are ${this.nicks.join(", ")}`);
    return user;
  }

  #channel(name: string): Channel {
    const channel = this.#network.channel(toWire(name));
    if (channel === null) throw new Error(`Cannot find ${name}: nobody has entered it`);
    return channel;
  }

  #session(nick: string): Session {
    const user = this.#user(nick);
    const session = [...this.#server.sessions].find((candidate) => candidate.user === user);
    if (session === undefined) throw new Error(`Cannot reach ${nick}: no client has that nick`);
    return session;
  }

  #mask(nick: string): string {
    return this.#network.user(toWire(nick))?.mask ?? `${toWire(nick)}!staff@staff.sandbox.test`;
  }

  #note(session: Session, line: string): void {
    this.#received.push({ nick: fromWire(session.user.nick), line: fromWire(line) });
    if (this.#received.length >= RECEIVED_LINES * 2) {
      this.#received = this.#received.slice(-RECEIVED_LINES);
    }
    this.#changes.notify();
  }

  #toInbox(user: User, said: Said): void {
    const inbox = this.#inboxes.get(user) ?? [];
    this.#inboxes.set(user, [...inbox.slice(-999), seen(said)]);
  }
}

/** Starts a small IRC server on 127.0.0.1. */
export function startIrcServer(options: IrcServerOptions = {}): Promise<IrcSandbox> {
  return IrcSandbox.start(options);
}

function seen(said: Said): SandboxMessage {
  const { command, msgid, atMs, message } = said;
  const action = said.text.startsWith("\x01ACTION ");
  const text = action ? said.text.slice(8).split("\x01", 1)[0] ?? "" : said.text;
  const tags = [...message.tags.client ?? []].map(([key, value]) => [key, fromWire(value)]);
  return {
    nick: fromWire(said.nick),
    command,
    action,
    text: fromWire(text),
    msgid,
    atMs,
    tags: Object.fromEntries(tags),
  };
}
