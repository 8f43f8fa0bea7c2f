import type { ChannelId, MessageId } from "../../src/relay/port/ids.ts";
import { endpointId } from "../../src/relay/port/ids.ts";
import type { ChatEvent } from "../../src/relay/port/event.ts";
import { textOf } from "../../src/relay/port/rich_text.ts";
import type { Habits } from "./habits.ts";
import { type Piece, writePieces } from "./hidden.ts";
import type { Shown } from "./ledger.ts";
import type { FarEnd, LineSocket } from "./line_pipe.ts";
import type { Process } from "./process.ts";
import {
  type Cable,
  type Entry,
  Service,
  type ServiceLink,
  type ServiceOptions,
} from "./service.ts";

/** A line of a person as it was handed to the relay. */
export interface Handed {
  readonly number: number;
  readonly channel: ChannelId;
  readonly id: string | null;
  readonly nick: string;
  readonly text: string;
  readonly atMs: number | null;
}

/** A part that the relay gave to its bridge: what the line that leaves for it stands for. */
export interface Pending {
  readonly channel: ChannelId;
  readonly wire: string;
  readonly pieces: readonly Piece[];
  /** When the core gave it away. */
  readonly givenMs: number;
  left: boolean;
  settled: boolean;
  shown: Shown | null;
}

/** The relay's side, as far as the server's model must know it. */
export interface IrcClient {
  readonly process: Process;
  /** Which part this line is; null for what is no message of ours. */
  pendingOf(target: string, text: string): Pending | null;
  handed(line: Handed): void;
  /** Whether the core knows that we are in. */
  isIn(channel: ChannelId): boolean;
  /** What a history told is known when the core hears that we are in, if it comes to that. */
  onceIn(channel: ChannelId, know: () => void): void;
}

/** What kind of server it is. */
export interface IrcHabits {
  readonly caps: readonly string[];
  /** It plays the channel's last lines to whoever enters. */
  readonly plays: boolean;
  /** It stamps its own words too, not only what people do. */
  readonly stampsAll: boolean;
  /** A bouncer stands between: it answers for a server that is away. */
  readonly bouncer: boolean;
}

const RELAY = "relay";
const SERVER = "irc.simulated";

/** A server that speaks IRC, with as many habits as are known. */
export class IrcService extends Service {
  readonly irc: IrcHabits;
  override readonly tellsByTime: boolean;
  override readonly speaksIrc = true;

  constructor(options: ServiceOptions & { readonly irc: IrcHabits }) {
    super(options);
    this.irc = options.irc;
    this.tellsByTime = options.irc.bouncer;
  }

  has(capability: string): boolean {
    return this.irc.caps.includes(capability);
  }

  /** The other end of a new connection. */
  accept(client: IrcClient): IrcConnection {
    return new IrcConnection(this, client, this.options);
  }

  /** The number of a message that stands there; null for what nobody said. */
  numberOf(channel: ChannelId, nick: string, text: string, atMs: number): number | null {
    const entry = this.log(channel).find(({ event, atMs: saidMs }) =>
      event?.sender.nick === nick && textOf(event.text).trim() === text.trim() && saidMs === atMs
    );
    return entry?.said?.number ?? null;
  }

  entries(channel: ChannelId): readonly Entry[] {
    const { timeline } = this.options;
    const log = this.log(channel);
    const kept = this.habits.history === "bounded" ? log.slice(-this.habits.keeps) : log;
    if (kept.length < log.length) this.wasCut.add(channel);
    for (const { said } of log.slice(0, log.length - kept.length)) {
      if (said !== null) said.cut = true;
    }
    return kept.filter((entry) => entry.visibleMs <= timeline.nowMs);
  }

  /** A line of ours for a channel. Answers what becomes of it. */
  takeLine(
    channel: ChannelId,
    pending: Pending | null,
    text: string,
    sentMs: number,
  ): { readonly fate: "show" | "swallow" | "reject"; readonly id: MessageId | null } {
    const endpoint = endpointId(this.account, channel);
    const speaker = writePieces(pending?.pieces ?? []);
    const fate = this.fate(endpoint, speaker ?? text);
    this.options.ledger.trace(`${endpoint} takes line [${speaker ?? ""}] ${fate}`);
    const numbers = (pending?.pieces ?? []).map(({ number }) => number);
    if (fate !== "show") this.refuse(endpoint, numbers, text);
    // A server without echoes, whose refusals come late, has let the relay believe that all is well.
    const isRefused = fate === "reject" &&
      (this.habits.echo !== "none" || this.habits.rejectMs === 0);
    if (isRefused) return { fate, id: null };
    const { shown, id } = this.show(channel, { wire: text, speaker }, sentMs, fate === "show");
    if (pending !== null) pending.shown = shown;
    return { fate, id };
  }

  lost(channel: ChannelId, pending: Pending | null, sentMs: number): void {
    if (pending === null) return;
    const part = { wire: pending.wire, speaker: writePieces(pending.pieces) };
    this.lose(channel, part, sentMs);
    // A server without echoes, which loses a line and answers the next, lets the relay believe that all is well.
    if (this.habits.echo === "none") {
      pending.shown = this.show(channel, part, sentMs, false).shown;
    }
  }

  redact(channel: ChannelId, id: string): void {
    this.deleteOwn(channel, id as MessageId);
  }
}

/** One connection, seen from the server; and the way to it. */
export class IrcConnection implements FarEnd, ServiceLink, Cable {
  readonly process: number;
  readonly entered = new Set<ChannelId>();
  readonly #service: IrcService;
  readonly #client: IrcClient;
  readonly #options: ServiceOptions;
  #socket: LineSocket | null = null;
  /** When the relay heard of its own JOIN. */
  readonly #joinHeardMs = new Map<ChannelId, number>();
  #gone = false;
  #registered = false;
  #named = false;
  #capEnded = true;
  #stalledUntilMs = 0;
  #lastDownMs = 0;
  #lastUpMs = 0;
  #batches = 0;

  constructor(service: IrcService, client: IrcClient, options: ServiceOptions) {
    this.#service = service;
    this.#client = client;
    this.#options = options;
    this.process = client.process.number;
  }

  // The way

  dialled(socket: LineSocket): void {
    this.#socket = socket;
    const { process } = this.#client;
    process.tries.tried(this.#service.account, process.monotonicMs());
    process.after(2 * this.#service.latencyMs() + 1, () => {
      if (this.#service.down) return this.#broken("refused");
      this.#service.links.add(this);
      this.#service.readers.set(this, (event, heard) => this.#tellEvent(event, heard));
      socket.emit("connect");
    });
  }

  wrote(line: string): void {
    const message = parse(line);
    const channel = message.params[0] ?? "";
    const pending = message.command === "PRIVMSG"
      ? this.#client.pendingOf(channel, message.params[1] ?? "")
      : null;
    if (pending !== null) pending.left = true;
    const sentMs = pending?.givenMs ?? this.#options.timeline.nowMs;
    const lost = () =>
      this.#service.lose(channel as ChannelId, {
        wire: pending?.wire ?? "",
        speaker: writePieces(pending?.pieces ?? []),
      }, sentMs);
    this.#toServer(
      () => this.#handle(message, pending, sentMs),
      pending === null ? undefined : lost,
    );
  }

  closed(): void {
    // What has been written still arrives; then the server sees the end.
    this.#toServer(() => this.#leave());
    if (this.#stalledUntilMs === Infinity) this.#leave();
  }

  #leave(): void {
    this.#gone = true;
    this.entered.clear();
    this.#service.links.delete(this);
    this.#service.readers.delete(this);
  }

  #broken(reason: string): void {
    this.#leave();
    this.#socket?.gone(new Error(reason));
  }

  isUp(channel: ChannelId): boolean {
    return !this.#gone && this.entered.has(channel);
  }

  cut(): void {
    this.#leave();
    this.#client.process.after(this.#service.latencyMs(), () => this.#broken("reset"));
  }

  end(): void {
    this.#leave();
    this.#client.process.after(this.#service.latencyMs(), () => this.#socket?.gone(null));
  }

  stall(forMs: number, dies: boolean): void {
    this.#stalledUntilMs = dies ? Infinity : this.#options.timeline.nowMs + forMs;
    if (dies) this.#leave();
  }

  kick(channel: ChannelId): void {
    this.entered.delete(channel);
    this.#say(`:op!op@host KICK ${channel} ${RELAY} :out`);
  }

  enterAgain(channel: ChannelId): void {
    if (this.isUp(channel)) this.#welcomeTo(channel);
  }

  tell(act: () => void): void {
    if (!this.#gone) act();
  }

  #toServer(act: () => void, lost: () => void = () => {}): void {
    const { timeline } = this.#options;
    const atMs = this.#onWay(this.#lastUpMs);
    if (atMs === Infinity) return lost();
    this.#lastUpMs = atMs;
    timeline.at(atMs, () => {
      if (this.#gone) lost();
      else act();
    });
  }

  #onWay(lastMs: number): number {
    const { timeline } = this.#options;
    return Math.max(lastMs, timeline.nowMs + this.#service.latencyMs(), this.#stalledUntilMs);
  }

  /** One line to the relay, in order; `handed` is called as it gets there. */
  #say(line: string, handed: () => void = () => {}): void {
    const atMs = this.#onWay(this.#lastDownMs);
    if (this.#gone || atMs === Infinity) return;
    this.#lastDownMs = atMs;
    const socket = this.#socket;
    this.#options.timeline.at(atMs, () =>
      this.#client.process.when(() => {
        if (socket?.writable !== true) return;
        handed();
        socket.hand(line);
      }));
  }

  // The server

  #handle(message: Line, pending: Pending | null, sentMs: number): void {
    const { mood } = this.#service;
    const isOurs = message.command === "PRIVMSG" && (message.params[0] ?? "").startsWith("#");
    if (mood === "deaf" || mood === "failing") {
      if (this.#service.irc.bouncer) return this.#answerForServer(message, pending, sentMs);
      if (isOurs) this.#service.lost(message.params[0] as ChannelId, pending, sentMs);
      return;
    }
    switch (message.command) {
      case "CAP":
        return this.#cap(message);
      case "NICK":
      case "USER":
        this.#named ||= message.command === "USER";
        return this.#register();
      case "PING":
        if (mood === "mute") return;
        return this.#say(`${this.#time()}:${SERVER} PONG ${SERVER} :${message.params[0]}`);
      case "WHO":
        if (mood === "mute") return;
        return this.#say(`:${SERVER} 315 ${RELAY} ${message.params[0]} :End of WHO list`);
      case "NAMES":
        if (mood === "mute") return;
        return this.#say(`:${SERVER} 366 ${RELAY} ${message.params[0]} :End of NAMES list`);
      case "JOIN":
        return this.#join(message);
      case "PRIVMSG":
        return isOurs ? this.#privmsg(message, pending, sentMs) : undefined;
      case "CHATHISTORY":
        return this.#chathistory(message);
      case "REDACT":
        return this.#redact(message);
      case "PART":
        this.entered.delete(message.params[0] as ChannelId);
        return this.#say(`:${RELAY}!r@host PART ${message.params[0]}`);
      case "QUIT":
        this.#say(`ERROR :Closing link`);
        return this.end();
    }
  }

  /** Its server is away: a bouncer answers all the same, and says to our own ears what was lost. */
  #answerForServer(message: Line, pending: Pending | null, sentMs: number): void {
    const [target = "", text = ""] = message.params;
    if (message.command === "PING") {
      return this.#say(`${this.#time()}:irc.bouncer PONG irc.bouncer :${target}`);
    }
    if (message.command === "QUIT") return this.end();
    if (message.command !== "PRIVMSG" || !target.startsWith("#")) return;
    this.#service.lost(target as ChannelId, pending, sentMs);
    this.#say(`${this.#time()}:${RELAY}!r@host PRIVMSG ${target} :${text}`);
    const words = `Your message to ${target} got lost, you are not connected to IRC!`;
    this.#say(`${this.#time()}:*status!znc@znc.in PRIVMSG ${RELAY} :${words}`);
  }

  #cap(message: Line): void {
    const [command = "", what = ""] = message.params;
    if (command === "LS") {
      this.#capEnded = false;
      return this.#say(`:${SERVER} CAP * LS :${this.#service.irc.caps.join(" ")}`);
    }
    if (command === "REQ") return this.#say(`:${SERVER} CAP * ACK :${what}`);
    if (command === "END") {
      this.#capEnded = true;
      this.#register();
    }
  }

  #register(): void {
    if (!this.#named || !this.#capEnded || this.#registered) return;
    this.#registered = true;
    this.#say(`:${SERVER} 001 ${RELAY} :Welcome ${RELAY}!r@host`);
    this.#say(`:${SERVER} 005 ${RELAY} CHANTYPES=# CASEMAPPING=ascii :are supported`);
    this.#say(`:${SERVER} 422 ${RELAY} :no message of the day`);
  }

  #join(message: Line): void {
    for (const name of (message.params[0] ?? "").split(",")) {
      const channel = name as ChannelId;
      if (this.#service.banned.has(channel)) {
        this.#say(`:${SERVER} 474 ${RELAY} ${channel} :Cannot join channel (+b)`);
        continue;
      }
      this.entered.add(channel);
      this.#welcomeTo(channel);
    }
  }

  #welcomeTo(channel: ChannelId): void {
    const { timeline } = this.#options;
    this.#say(`${this.#time()}:${RELAY}!r@host JOIN ${channel}`, () => {
      this.#joinHeardMs.set(channel, timeline.nowMs);
    });
    this.#say(`:${SERVER} 353 ${RELAY} = ${channel} :${RELAY} person0 person1 person2`);
    this.#say(`:${SERVER} 366 ${RELAY} ${channel} :End of names`);
    if (this.#service.irc.plays) this.#batch(channel, this.#service.entries(channel));
  }

  #privmsg(message: Line, pending: Pending | null, sentMs: number): void {
    const [target = "", text = ""] = message.params;
    const channel = target as ChannelId;
    const label = message.tags.get("label");
    const tag = label === undefined ? "" : `label=${label}`;
    const isSilent = this.#service.mood === "mute";
    if (!this.entered.has(channel)) {
      this.#service.lost(channel, pending, sentMs);
      return this.#say(`${tags(tag)}:${SERVER} 404 ${RELAY} ${channel} :Cannot send to channel`);
    }
    const { fate, id } = this.#service.takeLine(channel, pending, text, sentMs);
    if (isSilent) return;
    const { timeline } = this.#options;
    const { echo, rejectMs } = this.#service.habits;
    // A bouncer shows its client what it said, whatever becomes of it.
    if (this.#service.irc.bouncer) {
      this.#say(`${this.#time()}:${RELAY}!r@host PRIVMSG ${channel} :${text}`);
    }
    if (fate === "reject") {
      const refuse = () =>
        this.#say(`${tags(tag)}:${SERVER} 404 ${RELAY} ${channel} :Cannot send to channel (+m)`);
      const isLate = label === undefined && rejectMs > 0;
      return isLate ? void timeline.after(rejectMs, refuse) : refuse();
    }
    if (!this.#service.has("echo-message") || this.#service.irc.bouncer) return;
    if (fate === "swallow") {
      if (label !== undefined) this.#say(`${tags(tag)}:${SERVER} ACK`);
      return;
    }
    const shown = echo === "rewritten" ? `${text.slice(0, 8)}*` : text;
    const line = `${
      tags(tag, this.#timeTag(), this.#idTag(id))
    }:${RELAY}!r@host PRIVMSG ${channel} :${shown}`;
    if (echo === "late") timeline.after(3_000, () => this.#say(line));
    else this.#say(line);
  }

  #redact(message: Line): void {
    const [target = "", id = ""] = message.params;
    this.#service.redact(target as ChannelId, id);
    const label = message.tags.get("label");
    const tag = label === undefined ? "" : `label=${label}`;
    this.#say(`${tags(tag)}:${RELAY}!r@host REDACT ${target} ${id}`);
  }

  #chathistory(message: Line): void {
    const [command = "", target = "", reference = "*", most = "100"] = message.params;
    const channel = target as ChannelId;
    const entries = this.#service.entries(channel);
    const at = placeOf(entries, reference);
    if (at === null) {
      return this.#say(
        `:${SERVER} FAIL CHATHISTORY INVALID_MSGREFTYPE ${command} ${target} :unknown`,
      );
    }
    const wanted = command === "BEFORE" ? entries.slice(0, at.from) : entries.slice(at.behind);
    this.#batch(channel, wanted.slice(Math.max(0, wanted.length - Number(most))));
  }

  #batch(channel: ChannelId, entries: readonly Entry[]): void {
    const name = `b${++this.#batches}`;
    this.#say(`:${SERVER} BATCH +${name} chathistory ${channel}`);
    for (const entry of entries) this.#tellEntry(channel, entry, name);
    this.#say(`:${SERVER} BATCH -${name}`);
  }

  #tellEntry(channel: ChannelId, entry: Entry, batch: string): void {
    const { timeline } = this.#options;
    const { said, shown, event } = entry;
    const id = this.#service.habits.historyIds ? entry.id : null;
    const head = tags(`batch=${batch}`, this.#timeTag(entry.atMs), this.#idTag(id));
    if (event === null) {
      this.#say(`${head}:${RELAY}!r@host PRIVMSG ${channel} :${entry.wire}`, () => {
        const { echo, historyIds } = this.#service.habits;
        // Without ids a line is told by its place alone, and a history that is cut tells no places.
        const isTold = historyIds || !this.#service.wasCut.has(channel);
        if (echo === "rewritten" || !isTold) return;
        this.#client.onceIn(channel, () => shown?.readMs.push(timeline.nowMs));
      });
      return;
    }
    const { nick } = event.sender;
    const text = textOf(event.text);
    this.#say(`${head}:${nick}!u@host PRIVMSG ${channel} :${text}`, () => {
      if (said === null) return;
      this.#client.onceIn(channel, () => said.readMs.push(timeline.nowMs));
      const { number } = said;
      this.#client.handed({ number, channel, id, nick, text, atMs: entry.atMs });
    });
  }

  #tellEvent(event: ChatEvent, heard: () => void): void {
    if (event.kind === "message") {
      const { id, atMs, sender, channel } = event;
      const text = textOf(event.text);
      const number = numberOfEvent(event);
      const head = tags(this.#timeTag(atMs), this.#idTag(id));
      const stamped = this.#service.has("server-time") ? atMs : null;
      this.#say(`${head}:${sender.nick}!u@host PRIVMSG ${channel} :${text}`, () => {
        heard();
        const said = this.#options.ledger.said.get(number);
        // What comes with our JOIN, after a pause of all, is read behind it.
        const isJoining = this.#joinHeardMs.get(channel) === this.#options.timeline.nowMs;
        if (said !== undefined && (isJoining || !this.#client.isIn(channel))) said.isEarly = true;
        this.#client.handed({ number, channel, id, nick: sender.nick, text, atMs: stamped });
      });
    } else if (event.kind === "deletion" && this.#service.has("draft/message-redaction")) {
      const line = `${this.#time()}:person0!u@host REDACT ${event.channel} ${event.id}`;
      this.#say(line, heard);
    }
  }

  #time(): string {
    return this.#service.irc.stampsAll ? tags(this.#timeTag()) : "";
  }

  #timeTag(atMs = this.#service.clockMs()): string {
    return this.#service.has("server-time") ? `time=${new Date(atMs).toISOString()}` : "";
  }

  #idTag(id: string | null): string {
    return id === null ? "" : `msgid=${id}`;
  }
}

interface Line {
  readonly tags: ReadonlyMap<string, string>;
  readonly command: string;
  readonly params: readonly string[];
}

function parse(line: string): Line {
  const [, written = "", rest = ""] = /^(?:@(\S+) )?(.*)$/.exec(line) ?? [];
  const [head = "", ...trailing] = rest.split(/ :(.*)/s);
  const [command = "", ...params] = head.split(" ");
  const pairs = written.split(";").filter((one) => one !== "").map((one) => one.split("="));
  return {
    tags: new Map(pairs.map(([key = "", value = ""]) => [key, value])),
    command: command.toUpperCase(),
    params: trailing.length === 0 ? params : [...params, trailing[0] ?? ""],
  };
}

function tags(...written: readonly string[]): string {
  const kept = written.filter((one) => one !== "");
  return kept.length === 0 ? "" : `@${kept.join(";")} `;
}

/** Where a reference of CHATHISTORY points; null for an id that is unknown. */
function placeOf(
  entries: readonly Entry[],
  reference: string,
): { readonly from: number; readonly behind: number } | null {
  if (reference === "*") return { from: entries.length, behind: 0 };
  const [kind = "", value = ""] = reference.split(/=(.*)/s);
  if (kind === "msgid") {
    const at = entries.findIndex((entry) => entry.id === value);
    return at === -1 ? null : { from: at, behind: at + 1 };
  }
  const atMs = Date.parse(value);
  const place = (isBehind: (entry: Entry) => boolean) => {
    const at = entries.findIndex(isBehind);
    return at === -1 ? entries.length : at;
  };
  return {
    from: place((entry) => entry.atMs >= atMs),
    behind: place((entry) => entry.atMs > atMs),
  };
}

function numberOfEvent(event: Extract<ChatEvent, { kind: "message" }>): number {
  return parseInt(event.text[0]?.style.colour?.rgb ?? "0", 16);
}

/** The habits that the judge weighs, from those of the protocol. */
export function withIrc(habits: Habits, irc: IrcHabits): Habits {
  const has = (name: string) => irc.caps.includes(name);
  const ids = has("message-tags") && has("server-time") && habits.ids;
  const history = has("draft/chathistory") ? "full" : irc.plays ? "bounded" : "none";
  const echoes = habits.echo === "none" ? "prompt" : habits.echo;
  return {
    ...habits,
    ids,
    historyIds: ids && habits.historyIds,
    future: ids && habits.historyIds ? habits.future : 0,
    times: has("server-time") ? (irc.plays ? "seconds" : "milliseconds") : "none",
    history,
    fetchLimit: 500,
    lagMs: 0,
    showMs: 0,
    echo: has("echo-message") && !irc.bouncer ? echoes : "none",
    duplicate: 0,
    deletions: has("draft/message-redaction") && ids,
    replies: false,
  };
}
