import { changeModes } from "./commands/modes.ts";
import type { Channel } from "./channel.ts";
import type { Said } from "./history.ts";
import { Message } from "./message.ts";
import { fullMask } from "./names.ts";
import type { Network } from "./network.ts";
import { type SandboxMessage, sandboxMessage } from "./sandbox_message.ts";
import { User } from "./user.ts";
import { fromWire, toWire } from "./wire.ts";

export interface VirtualUserOptions {
  readonly account?: string;
  readonly bot?: boolean;
  readonly host?: string;
  readonly realName?: string;
  /** Channels to enter at once. */
  readonly channels?: readonly string[];
}

/** People that tests speak for, and the staff of the network. */
export abstract class SandboxPeople {
  protected abstract readonly network: Network;
  readonly #inboxes = new WeakMap<User, SandboxMessage[]>();

  /** Nicks of all who are on, clients and virtual users. */
  get nicks(): string[] {
    return [...this.network.users.values()].map((user) => fromWire(user.nick));
  }

  addUser(nick: string, options: VirtualUserOptions = {}): void {
    if (this.network.user(toWire(nick)) !== null) {
      throw new Error(`Cannot add ${nick}: the nick is taken`);
    }
    const { host = "home.example.test", realName = nick } = options;
    const user = new User(null, toWire(host), this.network.clock.now());
    user.nick = toWire(nick);
    user.user = "person";
    user.realName = toWire(realName);
    user.account = options.account === undefined ? null : toWire(options.account);
    if (options.bot === true) user.modes.add("B");
    this.network.addUser(user);
    for (const channel of options.channels ?? []) this.join(nick, channel);
  }

  join(nick: string, channel: string): void {
    this.network.join(this.user(nick), toWire(channel));
  }

  part(nick: string, channel: string, reason = ""): void {
    this.network.part(this.user(nick), this.channel(channel), toWire(reason));
  }

  quit(nick: string, reason = "Quit"): void {
    const user = this.user(nick);
    if (user.link === null) this.network.quit(user, toWire(reason));
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
    return this.#inboxes.get(this.user(nick)) ?? [];
  }

  kick(channel: string, nick: string, reason = "kicked", by = "staff"): void {
    const user = this.user(nick);
    this.network.kick(this.#mask(by), user, this.channel(channel), toWire(reason));
  }

  /** Takes somebody off the network (KILL), by an operator. */
  kill(nick: string, reason = "killed"): void {
    const user = this.user(nick);
    const text = `Killed (staff (${reason}))`;
    user.deliver(new Message(this.#mask("staff"), `KILL ${user.nick} :${toWire(reason)}`));
    this.quit(nick, text);
  }

  /** MODE by an operator: `mode("#c", "+ov", "ada", "bob")`. */
  mode(channel: string, ...change: string[]): void {
    const params = change.map((param) => toWire(param));
    changeModes(this.network, this.channel(channel), this.#mask("staff"), params);
  }

  ban(channel: string, mask: string): void {
    this.mode(channel, "+b", fullMask(mask));
  }

  unban(channel: string, mask: string): void {
    this.mode(channel, "-b", fullMask(mask));
  }

  setTopic(channel: string, text: string, by = "staff"): void {
    this.network.setTopic(this.channel(channel), toWire(text), this.#mask(by));
  }

  /** Changes somebody's nick: a virtual user's own wish, or forced on a client by services. */
  changeNick(from: string, to: string): void {
    this.network.rename(this.user(from), toWire(to));
  }

  /** Gives a client another host (a cloak): 396 for itself, CHGHOST for those who can see it. */
  changeHost(nick: string, host: string): void {
    const user = this.user(nick);
    const message = this.network.event(user, `CHGHOST ${user.user} ${toWire(host)}`);
    user.host = toWire(host);
    this.network.reply(user, "396", user.host, ":is now your displayed host");
    for (const other of this.network.users.values()) {
      const shares = [...user.channels].some((channel) => channel.members.has(other));
      if (shares && other.caps.has("chghost")) other.deliver(message);
    }
  }

  /** These virtual users quit as a server splits off; clients with `batch` get one batch. */
  netsplit(nicks: readonly string[], servers = "hub.sandbox.test leaf.sandbox.test"): void {
    const users = nicks.map((nick) => this.user(nick));
    this.#inBatch(`netsplit ${servers}`, (batchOf) => {
      for (const user of users) this.network.quit(user, servers, batchOf);
    });
  }

  /** The servers meet again: these people come back into the channel, in one batch for those who can. */
  netjoin(
    nicks: readonly string[],
    channel: string,
    servers = "hub.sandbox.test leaf.sandbox.test",
  ): void {
    for (const nick of nicks) this.addUser(nick);
    this.#inBatch(`netjoin ${servers}`, (batchOf) => {
      for (const nick of nicks) this.network.join(this.user(nick), toWire(channel), batchOf);
    });
  }

  /** Takes what somebody without a connection was told. */
  protected toInbox(user: User, said: Said): void {
    const inbox = this.#inboxes.get(user) ?? [];
    this.#inboxes.set(user, [...inbox.slice(-999), sandboxMessage(said)]);
  }

  #say(
    command: Said["command"],
    nick: string,
    target: string,
    text: string,
    tags: Readonly<Record<string, string>>,
  ): string {
    const from = this.user(nick);
    const client = new Map(Object.entries(tags).map(([key, value]) => [key, toWire(value)]));
    const said = this.network.say(from, command, toWire(target), text, { client });
    const channel = this.network.channel(toWire(target));
    if (channel !== null) this.network.toChannel(from, channel, said);
    else this.network.toUser(this.user(target), said);
    return said.msgid;
  }

  #inBatch(kind: string, work: (batchOf: (user: User) => string | undefined) => void): void {
    const batches = new Map<User, string>();
    const { serverName } = this.network;
    work((user) => {
      if (!user.caps.has("batch")) return undefined;
      const begun = batches.get(user);
      if (begun !== undefined) return begun;
      const batch = this.network.nextId();
      batches.set(user, batch);
      user.deliver(new Message(serverName, `BATCH +${batch} ${kind}`));
      return batch;
    });
    for (const [user, batch] of batches) user.deliver(new Message(serverName, `BATCH -${batch}`));
  }

  protected user(nick: string): User {
    const user = this.network.user(toWire(nick));
    if (user === null) throw new Error(`Cannot find ${nick}: on are ${this.nicks.join(", ")}`);
    return user;
  }

  protected channel(name: string): Channel {
    const channel = this.network.channel(toWire(name));
    if (channel === null) throw new Error(`Cannot find ${name}: nobody has entered it`);
    return channel;
  }

  #mask(nick: string): string {
    return this.network.user(toWire(nick))?.mask ?? `${toWire(nick)}!staff@staff.sandbox.test`;
  }
}
