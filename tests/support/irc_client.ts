import { type IrcLine, LineCutter, parseIrcLine } from "./irc_line.ts";
import { secure } from "./irc_client/secure.ts";
import { register, type RegisterOptions } from "./irc_client/register.ts";
import { sameName, type SeenMessage, seenMessage } from "./irc_client/seen_message.ts";
import { RollingLog } from "./rolling_log.ts";
import { Changes, within } from "./wait.ts";

export type { SeenMessage } from "./irc_client/seen_message.ts";
export type { IrcLine } from "./irc_line.ts";

export interface IrcClientOptions extends RegisterOptions {
  readonly host: string;
  readonly port: number;
  /** TLS, with these authorities (PEM texts) beside the system's. */
  readonly tls?: { readonly caCerts: string[] };
  /** Most lines kept in the log, oldest go first; default all. */
  readonly maxLines?: number;
  /** False: only opens the connection; the test registers by itself with `raw`. */
  readonly register?: boolean;
}

export interface WaitOptions {
  readonly timeoutMs?: number;
  /** Looks only at lines from this `mark` on; default the whole log. */
  readonly since?: number;
}

const encoder = new TextEncoder();

/**
 * A small IRC client for tests: raw, and independent of the library that the relay uses. Answers PING; keeps every
 * line that came.
 */
export class IrcClient implements AsyncDisposable {
  readonly #conn: Deno.Conn;
  readonly #changes = new Changes();
  readonly #log: RollingLog<IrcLine>;
  readonly #reading: Promise<void>;
  #writing: Promise<unknown> = Promise.resolve();
  #closed = false;
  #pings = 0;
  /** The nick as the server last confirmed it. */
  nick: string;
  /** Capabilities that the server granted. */
  caps: ReadonlySet<string> = new Set();
  /** Answers the server's PINGs; false makes it a client that has gone silent. */
  answersPings = true;

  private constructor(conn: Deno.Conn, options: IrcClientOptions) {
    this.#conn = conn;
    this.#log = new RollingLog(options.maxLines ?? Infinity);
    this.nick = options.nick;
    this.#reading = this.#read();
  }

  /** Connects and registers; resolves after the server's welcome. */
  static async connect(options: IrcClientOptions): Promise<IrcClient> {
    const { host: hostname, port, tls } = options;
    const tcp = await Deno.connect({ hostname, port });
    // Without this a line waits 40 ms for the acknowledgement of the one before.
    tcp.setNoDelay(true);
    const conn = tls === undefined ? tcp : await secure(tcp, { hostname, caCerts: tls.caCerts });
    const client = new IrcClient(conn, options);
    try {
      if (options.register !== false) {
        const { nick, caps } = await register(client, options);
        client.nick = nick;
        client.caps = caps;
      }
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** Every line that is kept, oldest first. */
  get lines(): readonly IrcLine[] {
    return this.#log.all();
  }

  /** True once the connection ended, from either side. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The present end of the log, for `since`. */
  mark(): number {
    return this.#log.total;
  }

  /** The first line, past or future, that `predicate` takes. */
  waitFor(
    predicate: (line: IrcLine) => boolean,
    what: string,
    options: WaitOptions = {},
  ): Promise<IrcLine> {
    const find = this.#log.finder(predicate, options.since);
    const look = () => {
      const line = find();
      if (line !== null) return line;
      if (this.#closed) throw new Error(`${this.nick} lost its connection waiting for ${what}`);
      return null;
    };
    return this.#changes.until(
      look,
      `${what} at ${this.nick}`,
      options.timeoutMs,
      () => this.tail(),
    );
  }

  /** A message to `channel` whose text is `text` or matches it. */
  waitForMessage(
    channel: string,
    text: string | RegExp,
    options: WaitOptions = {},
  ): Promise<SeenMessage> {
    const fits = (line: IrcLine) => {
      const message = seenMessage(line, channel);
      if (message === null) return false;
      return typeof text === "string" ? message.text === text : text.test(message.text);
    };
    return this.waitFor(fits, `${text} in ${channel}`, options).then((line) => {
      const message = seenMessage(line, channel);
      if (message === null) throw new Error("Cannot happen: the line was a message a moment ago");
      return message;
    });
  }

  /** Resolves when `channel` has shown `count` messages (of those that `filter` takes). */
  waitForMessages(
    channel: string,
    count: number,
    options: { timeoutMs?: number; filter?: (message: SeenMessage) => boolean } = {},
  ): Promise<SeenMessage[]> {
    const found: SeenMessage[] = [];
    let next = 0;
    const enough = () => {
      for (const line of this.#log.since(next)) {
        const message = seenMessage(line, channel);
        if (message !== null && options.filter?.(message) !== false) found.push(message);
      }
      next = this.#log.total;
      return found.length >= count ? found : null;
    };
    const what = `${count} messages in ${channel} at ${this.nick}`;
    const seen = () => `${found.length} messages; last lines:\n${this.tail()}`;
    return this.#changes.until(enough, what, options.timeoutMs, seen);
  }

  /** Messages and actions (PRIVMSG only) to a channel, oldest first. */
  messages(channel: string): SeenMessage[] {
    return this.lines.flatMap((line) => seenMessage(line, channel) ?? []);
  }

  /** The last lines as text, for messages of failures. */
  tail(count = 30): string {
    return this.lines.slice(-count).map((line) => line.raw).join("\n");
  }

  /** Sends a line (CRLF is added) or bytes as they are. Resolves when the operating system took them. */
  raw(line: string | Uint8Array): Promise<void> {
    const bytes = typeof line === "string" ? encoder.encode(`${line}\r\n`) : line;
    const written = this.#writing.then(() => this.#write(bytes));
    this.#writing = written.catch(() => {});
    // A test that does not wait for its writes learns of the broken connection from what it waits for.
    written.catch(() => {});
    return written;
  }

  say(target: string, text: string): Promise<void> {
    return this.raw(`PRIVMSG ${target} :${text}`);
  }

  action(target: string, text: string): Promise<void> {
    return this.say(target, `\x01ACTION ${text}\x01`);
  }

  /** Enters a channel; resolves when the list of names is complete. Rejects when the server refuses. */
  async join(channel: string, key?: string): Promise<void> {
    const since = this.mark();
    await this.raw(key === undefined ? `JOIN ${channel}` : `JOIN ${channel} ${key}`);
    const answers = [
      "366",
      "403",
      "405",
      "407",
      "437",
      "461",
      "471",
      "473",
      "474",
      "475",
      "477",
      "489",
    ];
    const concerns = (line: IrcLine) =>
      answers.includes(line.command) && sameName(line.params[1] ?? "", channel);
    const line = await this.waitFor(concerns, `the answer to JOIN ${channel}`, { since });
    if (line.command !== "366") throw new Error(`Cannot join ${channel}: ${line.raw}`);
  }

  async part(channel: string, reason = ""): Promise<void> {
    const since = this.mark();
    await this.raw(reason === "" ? `PART ${channel}` : `PART ${channel} :${reason}`);
    await this.waitFor(
      (line) => line.command === "PART" && sameName(line.nick, this.nick),
      `PART ${channel}`,
      { since },
    );
  }

  /** Nicks in a channel as NAMES shows them, without their prefixes. */
  async names(channel: string): Promise<string[]> {
    const since = this.mark();
    await this.raw(`NAMES ${channel}`);
    await this.waitFor(
      (line) => line.command === "366" && sameName(line.params[1] ?? "", channel),
      `NAMES ${channel}`,
      { since },
    );
    return this.#log.since(since)
      .filter((line) => line.command === "353" && sameName(line.params[2] ?? "", channel))
      .flatMap((line) => line.text.trim().split(/\s+/))
      .filter((name) => name !== "")
      .map((name) => name.replace(/^[~&@%+]+/, "").replace(/!.*$/, ""));
  }

  /** Resolves when the server has handled everything sent before: a PING and its PONG. */
  async sync(timeoutMs?: number): Promise<void> {
    const token = `sync${++this.#pings}`;
    const since = this.mark();
    await this.raw(`PING :${token}`);
    const options = timeoutMs === undefined ? { since } : { since, timeoutMs };
    await this.waitFor((line) => line.command === "PONG" && line.text === token, "PONG", options);
  }

  /** Says goodbye and waits for the end of the connection. */
  async quit(reason = "bye"): Promise<void> {
    await this.raw(`QUIT :${reason}`).catch(() => {});
    await within(this.#reading, "the server to close after QUIT", 2_000).catch(() => {});
    await this.close();
  }

  /** Resolves when the connection has ended. */
  waitForClose(timeoutMs?: number): Promise<void> {
    return within(this.#reading, `the end of ${this.nick}'s connection`, timeoutMs);
  }

  /** Drops the connection without a word. Idempotent. */
  async close(): Promise<void> {
    try {
      this.#conn.close();
    } catch {
      // Closed before.
    }
    await this.#reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(): Promise<void> {
    const cutter = new LineCutter();
    const buffer = new Uint8Array(65_536);
    try {
      while (true) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        for (const bytes of cutter.cut(buffer.slice(0, count))) this.#take(bytes);
        this.#changes.notify();
      }
    } catch {
      // Reset by the server or closed by us: the end either way.
    }
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // Closed by us.
    }
    this.#changes.notify();
  }

  #take(bytes: Uint8Array): void {
    const line = parseIrcLine(bytes, performance.now());
    this.#log.add(line);
    if (line.command === "PING" && this.answersPings) this.raw(`PONG :${line.text}`);
    if (line.command === "NICK" && sameName(line.nick, this.nick)) this.nick = line.text;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }
}
