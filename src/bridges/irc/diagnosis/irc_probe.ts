import { describeError } from "../../../base/errors.ts";
import { Timers } from "../../../base/timers.ts";
import type { LinkEnd } from "../../../relay/port/bridge.ts";
import { joinRefusalOf } from "../channels/join_refusal.ts";
import { type IrcBridgeOptions, type IrcSettings, settingsOf } from "../link/options.ts";
import { Self } from "../link/self.ts";
import { ServerFeatures } from "../link/server_features.ts";
import { LastWords } from "../login/link_end.ts";
import { Registration } from "../login/registration.ts";
import { stsVerdict } from "../login/sts.ts";
import { type IrcMessage, lastParam, param, serverTimeMs } from "../wire/message.ts";
import { type Connection, openConnection } from "../wire/socket.ts";
import { type ChannelFinding, ChannelNotes } from "./channel_facts.ts";

/** How the login ended. */
export type LoginFinding =
  | {
    readonly ok: true;
    readonly nick: string;
    /** `nick!user@host`, as far as the server told. */
    readonly mask: string;
    /** True when SASL logged us in. */
    readonly loggedIn: boolean;
    readonly network: string | null;
    readonly capabilities: readonly string[];
  }
  | {
    readonly ok: false;
    readonly end: LinkEnd;
    /** True when no line ever came: it ended before or during the TLS handshake, or nobody speaks IRC there. */
    readonly heardNothing: boolean;
    /** The server wants TLS on this port (STS). */
    readonly tlsPort: number | null;
  };

/** A clock of the server compared with ours. */
interface ServerTime {
  readonly serverMs: number;
  readonly ourMs: number;
}

const ANSWER_MS = 6_000;
const GOODBYE_MS = 1_000;

/** One connection that only looks: it logs in as the relay does, looks into channels, and says nothing by itself. */
export class IrcProbe {
  readonly #settings: IrcSettings;
  readonly #features = new ServerFeatures();
  readonly #self: Self;
  readonly #timers: Timers;
  readonly #registration: Registration;
  readonly #lastWords = new LastWords();
  readonly #login = Promise.withResolvers<LoginFinding>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #listeners = new Set<(message: IrcMessage) => void>();
  #connection: Connection | null = null;
  #registered = false;
  #heard = 0;
  #tlsPort: number | null = null;
  #end: LinkEnd | null = null;

  constructor(options: IrcBridgeOptions) {
    const settings = settingsOf(options);
    this.#settings = settings;
    this.#self = new Self(settings.nick, this.#features);
    this.#timers = new Timers(settings.clock, (thrown) => this.#fault(thrown));
    this.#registration = new Registration({
      settings,
      features: this.#features,
      self: this.#self,
      timers: this.#timers,
      log: settings.log,
      send: (line) => this.#connection?.send(line),
      ready: () => this.#ready(),
      failed: (end) => this.#finish(end),
      sts: (value) => this.#heedSts(value),
    });
  }

  /** Dials and logs in. Never rejects. */
  async login(signal: AbortSignal): Promise<LoginFinding> {
    const { charset, host, limits, port, tls, bind, proxy } = this.#settings;
    const stop = () => this.#finish({ kind: "stopped", reason: "The check was stopped" });
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const limitMs = limits.connectMs + limits.registrationMs;
    this.#timers.after(limitMs, () => {
      const reason = `Cannot log in: the server did not finish it within ${limitMs / 1000} s`;
      if (!this.#registered) this.#finish({ kind: "lost", reason });
    });
    if (!signal.aborted) {
      this.#connection = openConnection(
        { dial: { host, port, bind, tls, proxy }, charset },
        {
          opened: () => this.#registration.begin(),
          message: (message) => this.#line(message),
          bytes: () => {},
          tooLong: () => {},
          fault: (thrown) => this.#fault(thrown),
          closed: (error) => this.#socketClosed(error),
        },
      );
    }
    return await this.#login.promise;
  }

  /** Why the connection ended; null while it holds. */
  get end(): LinkEnd | null {
    return this.#end;
  }

  /** Enters a channel and asks for its modes and bans. */
  async look(channel: string, key: string | null): Promise<ChannelFinding> {
    const notes = new ChannelNotes(this.#features, channel);
    const hear = (message: IrcMessage) => notes.hear(message);
    this.#listeners.add(hear);
    try {
      const params = key === null ? [channel] : [channel, key];
      const entered = await this.#ask(
        "JOIN",
        params,
        (message) => this.#joinAnswer(notes, message),
      );
      if (entered === null) return { kind: "silent" };
      if (entered !== "in") return entered;
      await this.#askUntil("MODE", [notes.name], ["324"]);
      await this.#askUntil("MODE", [notes.name, "b"], ["368"]);
      if (this.#listModes().includes("q")) {
        await this.#askUntil("MODE", [notes.name, "q"], ["729", "386", "387"]);
      }
      return notes.facts(this.#self.nick);
    } finally {
      this.#listeners.delete(hear);
    }
  }

  /** Says something in a channel; null when the server took it, else its words. */
  async say(channel: string, text: string): Promise<string | null> {
    this.#connection?.send({ command: "PRIVMSG", params: [channel, text] });
    const mark = `said-${crypto.randomUUID().slice(0, 8)}`;
    const answer = await this.#ask("PING", [mark], (message) => {
      if (message.command === "PONG" && lastParam(message) === mark) return "";
      const isRefusal = /^4\d\d$/.test(message.command) && message.command !== "421";
      return isRefusal ? `${lastParam(message)} (${message.command})` : null;
    });
    return answer === null ? "the server does not answer" : answer === "" ? null : answer;
  }

  /** True when somebody has this nick now; null when the server does not tell. */
  async isUsed(nick: string): Promise<boolean | null> {
    const fold = (name: string) => this.#features.fold(name);
    return await this.#ask("ISON", [nick], (message) => {
      if (message.command !== "303") return null;
      return lastParam(message).split(" ").some((one) => one !== "" && fold(one) === fold(nick));
    });
  }

  /** The server's clock; null where it has no readable one. */
  async time(): Promise<ServerTime | null> {
    const { clock } = this.#settings;
    return await this.#ask("TIME", [], (message) => {
      if (message.command !== "391") return null;
      const serverMs = serverTimeMs(message) ?? writtenTime(lastParam(message));
      return serverMs === null ? null : { serverMs, ourMs: clock.now() };
    });
  }

  /** What a service (NickServ) answers to our login there; null for silence. */
  async identify(service: string, text: string): Promise<string | null> {
    const nick = service.split("@")[0] ?? service;
    return await this.#ask("PRIVMSG", [service, text], (message) => {
      if (message.command === "900") return lastParam(message);
      if (message.command === "401") return `no such nick (${lastParam(message)})`;
      const isAnswer = message.command === "NOTICE" &&
        this.#features.fold(message.nick) === this.#features.fold(nick) &&
        !/is registered|please (choose|identify)|\/msg/i.test(lastParam(message));
      return isAnswer ? lastParam(message) : null;
    });
  }

  /** Says goodbye and ends the connection. */
  async close(): Promise<void> {
    if (this.#connection === null) return;
    if (this.#end === null) {
      this.#connection.send({ command: "QUIT", params: ["check done"] });
      const patience = new AbortController();
      const limit = this.#settings.clock.sleep(GOODBYE_MS, patience.signal).catch(() => {});
      await Promise.race([this.#closed.promise, limit]);
      patience.abort();
    }
    this.#finish({ kind: "stopped", reason: "The check is done" });
    await this.#closed.promise;
  }

  #listModes(): string {
    return (this.#features.text("CHANMODES") ?? "").split(",")[0] ?? "";
  }

  #joinAnswer(notes: ChannelNotes, message: IrcMessage): "in" | ChannelFinding | null {
    // The list of names comes after our own JOIN: its end tells that all is said.
    if (message.command === "366" && notes.isAbout(param(message, 1))) return "in";
    if (!notes.isAbout(param(message, 1))) return null;
    const refusal = joinRefusalOf(message);
    return refusal === null ? null : { kind: "refused", numeric: message.command, refusal };
  }

  async #askUntil(command: string, params: string[], last: readonly string[]): Promise<void> {
    await this.#ask(command, params, (message) => {
      const isRefusal = /^(403|442|461|472|482|501)$/.test(message.command);
      return last.includes(message.command) || isRefusal ? true : null;
    });
  }

  /** Sends a line and waits for what `read` takes for its answer; null when none came in time. */
  #ask<T>(
    command: string,
    params: readonly string[],
    read: (message: IrcMessage) => T | null,
  ): Promise<T | null> {
    if (this.#end !== null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const finish = (answer: T | null) => {
        cancel();
        this.#listeners.delete(hear);
        resolve(answer);
      };
      const hear = (message: IrcMessage) => {
        const answer = read(message);
        if (answer !== null) finish(answer);
      };
      const cancel = this.#timers.after(ANSWER_MS, () => finish(null));
      this.#listeners.add(hear);
      void this.#closed.promise.then(() => finish(null));
      this.#connection?.send({ command, params });
    });
  }

  #line(message: IrcMessage): void {
    if (this.#end !== null) return;
    this.#heard++;
    if (this.#lastWords.hear(message, this.#registered)) return;
    if (message.command === "PING") {
      return this.#connection?.send({ command: "PONG", params: [lastParam(message)] });
    }
    if (message.command === "396") return this.#self.hostShown(param(message, 1));
    if (message.command === "005") return this.#features.add(message.params);
    if (this.#registration.handle(message)) return;
    if (this.#self.is(message.nick)) this.#self.learn(message.user, message.host);
    for (const hear of [...this.#listeners]) hear(message);
  }

  #ready(): void {
    this.#registered = true;
    this.#login.resolve({
      ok: true,
      nick: this.#self.nick,
      mask: `${this.#self.nick}!${this.#self.person.userId}`,
      loggedIn: this.#registration.loggedIn,
      network: this.#features.text("NETWORK"),
      capabilities: [...this.#registration.capabilities.enabled],
    });
  }

  #heedSts(value: string): boolean {
    const verdict = stsVerdict(value, this.#settings.tls !== null);
    if (verdict.kind !== "upgrade") return false;
    this.#tlsPort = verdict.port;
    this.#finish({ kind: "lost", reason: `The server wants TLS on port ${verdict.port}` });
    return true;
  }

  #socketClosed(error: Error | null): void {
    this.#closed.resolve();
    this.#finish(this.#lastWords.end(error, this.#registered));
  }

  #finish(end: LinkEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#timers.end();
    this.#connection?.destroy();
    if (this.#connection === null) this.#closed.resolve();
    const heardNothing = this.#heard === 0;
    this.#login.resolve({ ok: false, end, heardNothing, tlsPort: this.#tlsPort });
  }

  #fault(thrown: unknown): void {
    const reason = `fault while handling a line from the server: ${describeError(thrown)}`;
    this.#finish({ kind: "lost", reason });
  }
}

/** The text of numeric 391 has no common form; what can't be read for certain is left out. */
export function writtenTime(text: string): number | null {
  const plain = text.replace(/\s--\s/, " ").replace(/\bat\b/, "");
  // Without seconds (ngircd) it says less than is wanted.
  if (!/\d:\d\d:\d\d/.test(plain)) return null;
  if (!/(?:UTC|GMT|Z|[+-]\d{2}:?\d{2})\s*$/.test(plain)) return null;
  const atMs = Date.parse(plain);
  return Number.isNaN(atMs) ? null : atMs;
}
