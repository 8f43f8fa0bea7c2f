import type { Clock } from "../../../src/base/clock.ts";
import { Channel } from "./channel.ts";
import type { Said } from "./history.ts";
import { Message, type MessageTags, MultilineMessage } from "./message.ts";
import { type CaseMapping, fold, fullMask, matchesMask } from "./names.ts";
import type { User } from "./user.ts";
import type { Wire } from "./wire.ts";

export interface NetworkOptions {
  readonly serverName: string;
  readonly caseMapping: CaseMapping;
  readonly historyLines: number;
  readonly msgids: boolean;
  readonly clock: Clock;
  /** Called after every change that tests may wait for. */
  readonly changed: () => void;
  /** Something was said to somebody that tests speak for. */
  readonly toVirtual: (user: User, said: Said) => void;
}

/** Who is there, in which channels, and every event that people see: told to all who may see it. */
export class Network {
  readonly serverName: string;
  readonly clock: Clock;
  readonly users = new Map<Wire, User>();
  readonly channels = new Map<Wire, Channel>();
  readonly #options: NetworkOptions;
  /** Unlike those of an earlier run, as the ids of real servers are. */
  readonly #idStart = crypto.randomUUID().slice(0, 8);
  #ids = 0;
  /** Who wants to know of which nick. */
  readonly #monitors = new Map<Wire, Set<User>>();

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.serverName = options.serverName;
    this.clock = options.clock;
  }

  fold(name: Wire): Wire {
    return fold(name, this.#options.caseMapping);
  }

  user(nick: Wire): User | null {
    return this.users.get(this.fold(nick)) ?? null;
  }

  channel(name: Wire): Channel | null {
    return this.channels.get(this.fold(name)) ?? null;
  }

  nextId(): string {
    return `${this.#idStart}-${(++this.#ids).toString(36)}`;
  }

  /** A reply of the server to one user; `numeric` may be any command. */
  reply(user: User, numeric: string, ...params: Wire[]): void {
    user.deliver(new Message(this.serverName, [numeric, user.nick, ...params].join(" ")));
  }

  /** An event by a user, with the tags that events have. */
  event(from: User, body: Wire, tags: MessageTags = {}): Message {
    return new Message(from.mask, body, {
      time: new Date(this.clock.now()).toISOString(),
      ...(from.account === null ? {} : { account: from.account }),
      ...(from.modes.has("B") ? { bot: true } : {}),
      ...tags,
    });
  }

  /** Tells a user whenever this nick comes and goes. */
  monitor(user: User, nick: Wire): void {
    const watchers = this.#monitors.get(this.fold(nick)) ?? new Set();
    this.#monitors.set(this.fold(nick), watchers.add(user));
    this.#tellPresence(nick, [user]);
  }

  #tellPresence(nick: Wire, watchers: Iterable<User> = this.#monitors.get(this.fold(nick)) ?? []) {
    const user = this.user(nick);
    for (const watcher of watchers) {
      if (user === null) this.reply(watcher, "731", `:${nick}`);
      else this.reply(watcher, "730", `:${user.mask}`);
    }
  }

  addUser(user: User): void {
    user.registered = true;
    this.users.set(this.fold(user.nick), user);
    this.#tellPresence(user.nick);
    this.#options.changed();
  }

  rename(user: User, nick: Wire): void {
    const message = this.event(user, `NICK :${nick}`);
    const watchers = this.#watchers(user);
    const before = user.nick;
    this.users.delete(this.fold(user.nick));
    user.nick = nick;
    this.users.set(this.fold(nick), user);
    this.#tell([user, ...watchers], message);
    for (const changed of [before, nick]) this.#tellPresence(changed);
  }

  join(user: User, name: Wire, batchOf?: (recipient: User) => string | undefined): Channel {
    const channel = this.channel(name) ?? this.#create(name);
    if (channel.members.has(user)) return channel;
    channel.members.set(user, { op: channel.members.size === 0, voice: false });
    channel.invited.delete(user);
    user.channels.add(channel);
    const plain = this.event(user, `JOIN ${channel.name}`);
    const extended = this.event(
      user,
      `JOIN ${channel.name} ${user.account ?? "*"} :${user.realName}`,
    );
    for (const member of channel.members.keys()) {
      const message = member.caps.has("extended-join") ? extended : plain;
      member.deliver(message, batchOf?.(member));
    }
    this.#options.changed();
    return channel;
  }

  part(user: User, channel: Channel, reason: Wire): void {
    const body = `PART ${channel.name}${reason === "" ? "" : ` :${reason}`}`;
    this.#tell(channel.members.keys(), this.event(user, body));
    this.#leave(user, channel);
  }

  kick(by: Wire, user: User, channel: Channel, reason: Wire): void {
    const body = `KICK ${channel.name} ${user.nick} :${reason}`;
    this.#tell(channel.members.keys(), new Message(by, body, this.#now()));
    this.#leave(user, channel);
  }

  /** Takes a user off the network; the connection is the caller's business. Idempotent. */
  quit(user: User, reason: Wire, batchOf?: (recipient: User) => string | undefined): void {
    const message = this.event(user, `QUIT :${reason}`);
    for (const watcher of this.#watchers(user)) watcher.deliver(message, batchOf?.(watcher));
    for (const channel of user.channels) this.#leave(user, channel);
    if (this.user(user.nick) === user) this.users.delete(this.fold(user.nick));
    user.registered = false;
    for (const watchers of this.#monitors.values()) watchers.delete(user);
    this.#tellPresence(user.nick);
    this.#options.changed();
  }

  setTopic(channel: Channel, text: Wire, by: Wire): void {
    const atMs = this.clock.now();
    channel.topic = text === "" ? null : { text, by, atMs };
    this.#tell(
      channel.members.keys(),
      new Message(by, `TOPIC ${channel.name} :${text}`, this.#now()),
    );
  }

  /** Tells a channel's members of a mode that was changed. */
  tellMode(channel: Channel, by: Wire, change: Wire): void {
    const message = new Message(by, `MODE ${channel.name} ${change}`, this.#now());
    this.#tell(channel.members.keys(), message);
  }

  /** Makes the message; the caller decides who gets it. */
  say(from: User, command: Said["command"], target: Wire, text: Wire, tags: MessageTags): Said {
    const msgid = this.nextId();
    const ids = this.#options.msgids ? { msgid } : {};
    const message = this.event(from, `${command} ${target} :${text}`, { ...tags, ...ids });
    // What the others see, after the cut at 512 bytes.
    const seen = message.body.slice(command.length + target.length + 3);
    return { message, command, nick: from.nick, text: seen, msgid, atMs: this.clock.now() };
  }

  /** A message of several lines. */
  sayLines(
    from: User,
    target: Wire,
    lines: readonly { readonly text: Wire; readonly concat: boolean }[],
    tags: MessageTags,
  ): Said {
    const text = lines.map((line, index) => (index === 0 || line.concat ? "" : "\n") + line.text);
    const said = this.say(from, "PRIVMSG", target, "", tags);
    const pieces = lines.map(({ text, concat }) => ({
      body: `PRIVMSG ${target} :${text}`,
      concat,
    }));
    const place = [this.nextId(), target] as const;
    const message = new MultilineMessage(from.mask, place, pieces, said.message.tags);
    return { ...said, message, text: text.join("") };
  }

  toChannel(from: User, channel: Channel, said: Said): void {
    for (const member of channel.members.keys()) {
      if (member !== from) member.deliver(said.message);
    }
    channel.history.add(said);
    this.#options.changed();
  }

  toUser(user: User, said: Said): void {
    user.deliver(said.message);
    if (user.link === null) this.#options.toVirtual(user, said);
    this.#options.changed();
  }

  isBanned(user: User, channel: Channel): boolean {
    const mask = this.fold(user.mask);
    for (const ban of channel.bans.keys()) {
      if (matchesMask(mask, this.fold(fullMask(ban)))) return true;
    }
    return false;
  }

  /** Everybody who shares a channel with the user, once. */
  #watchers(user: User): Set<User> {
    const watchers = new Set<User>();
    for (const channel of user.channels) {
      for (const member of channel.members.keys()) if (member !== user) watchers.add(member);
    }
    return watchers;
  }

  /** Tells all who share a channel with the user and have the capability. */
  tellWatchers(user: User, message: Message, capability: string): void {
    for (const watcher of this.#watchers(user)) {
      if (watcher.caps.has(capability)) watcher.deliver(message);
    }
  }

  #tell(users: Iterable<User>, message: Message): void {
    for (const user of users) user.deliver(message);
    this.#options.changed();
  }

  #create(name: Wire): Channel {
    const channel = new Channel(name, this.clock.now(), this.#options.historyLines);
    this.channels.set(this.fold(name), channel);
    return channel;
  }

  /** An empty channel's history stays: tests and CHATHISTORY read it. Its modes go, as on real servers. */
  #leave(user: User, channel: Channel): void {
    channel.members.delete(user);
    user.channels.delete(channel);
    if (channel.members.size === 0) {
      channel.reset();
      if (channel.history.total === 0) this.channels.delete(this.fold(channel.name));
    }
    this.#options.changed();
  }

  #now(): MessageTags {
    return { time: new Date(this.clock.now()).toISOString() };
  }
}
