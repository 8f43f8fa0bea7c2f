import { systemClock } from "../../../src/base/clock.ts";
import { RollingLog } from "../../support/rolling_log.ts";
import { Changes } from "../../support/wait.ts";
import type { Said } from "./history.ts";
import { Network } from "./network.ts";
import type { Faults, IrcServerOptions } from "./options.ts";
import { type SandboxMessage, sandboxMessage } from "./sandbox_message.ts";
import { SandboxPeople } from "./sandbox_people.ts";
import { type IrcCounters, IrcServer } from "./server.ts";
import type { Session } from "./session.ts";
import { fromWire, toWire } from "./wire.ts";

export { type Faults, type IrcServerOptions, MODERN_CAPABILITIES } from "./options.ts";
export type { SandboxMessage } from "./sandbox_message.ts";
export type { VirtualUserOptions } from "./sandbox_people.ts";
export type { IrcCounters } from "./server.ts";

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
export class IrcSandbox extends SandboxPeople implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly #changes = new Changes();
  protected readonly network: Network;
  readonly #server: IrcServer;
  readonly #received = new RollingLog<ReceivedLine>(RECEIVED_LINES);

  private constructor(options: IrcServerOptions) {
    super();
    const changed = () => this.#changes.notify();
    this.network = new Network({
      serverName: options.serverName ?? "irc.sandbox.test",
      caseMapping: options.caseMapping ?? "rfc1459",
      historyLines: options.historyLines ?? 2_000,
      msgids: options.msgids ?? true,
      clock: options.clock ?? systemClock,
      changed,
      toVirtual: (user, said) => this.toInbox(user, said),
    });
    this.#server = new IrcServer(options, this.network, {
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

  /** The last lines that clients sent, oldest first. */
  get received(): readonly ReceivedLine[] {
    return this.#received.all();
  }

  /** Nicks in a channel. */
  members(channel: string): string[] {
    const members = this.network.channel(toWire(channel))?.members.keys() ?? [];
    return [...members].map((user) => fromWire(user.nick));
  }

  /** The last messages of a channel (`historyLines` of the options), oldest first. */
  messages(channel: string): SandboxMessage[] {
    return (this.network.channel(toWire(channel))?.history.all() ?? []).map(sandboxMessage);
  }

  /** How many were ever said there. */
  messageCount(channel: string): number {
    return this.network.channel(toWire(channel))?.history.total ?? 0;
  }

  topic(channel: string): string | null {
    const topic = this.network.channel(toWire(channel))?.topic ?? null;
    return topic === null ? null : fromWire(topic.text);
  }

  /** Resolves when the probe answers something other than false, null or undefined; asked after every change. */
  waitFor<T>(
    probe: () => T,
    what: string,
    timeoutMs?: number,
  ): Promise<Exclude<T, false | null | undefined>> {
    const shown = () =>
      this.received.slice(-20).map(({ nick, line }) => `${nick}: ${line}`).join("\n");
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
    let find: (() => Said | null) | null = null;
    const look = () => {
      find ??= this.#finder(channel, fits);
      const said = find?.() ?? null;
      return said === null ? null : sandboxMessage(said);
    };
    return this.waitFor(look, `${text} in ${channel}`, timeoutMs);
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
    await this.waitFor(() => this.network.user(toWire(nick)), `${nick} to register`, timeoutMs);
  }

  /** The first kept line that a client sent and that matches. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<ReceivedLine> {
    const find = this.#received.finder(({ line }) => pattern.test(line));
    return this.waitFor(find, `a line like ${pattern}`, timeoutMs);
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

  /** Null until somebody enters the channel. */
  #finder(channel: string, fits: (message: SandboxMessage) => boolean): (() => Said | null) | null {
    const history = this.network.channel(toWire(channel))?.history;
    return history?.finder((said) => fits(sandboxMessage(said))) ?? null;
  }

  #isMember(channel: string, nick: string): boolean {
    const user = this.network.user(toWire(nick));
    const members = this.network.channel(toWire(channel))?.members;
    return user !== null && members?.has(user) === true;
  }

  #session(nick: string): Session {
    const user = this.user(nick);
    const session = [...this.#server.sessions].find((candidate) => candidate.user === user);
    if (session === undefined) throw new Error(`Cannot reach ${nick}: no client has that nick`);
    return session;
  }

  #note(session: Session, line: string): void {
    this.#received.add({ nick: fromWire(session.user.nick), line: fromWire(line) });
    this.#changes.notify();
  }
}

/** Starts a small IRC server on 127.0.0.1. */
export function startIrcServer(options: IrcServerOptions = {}): Promise<IrcSandbox> {
  return IrcSandbox.start(options);
}
