import { IrcClient } from "../../support/irc_client.ts";
import { until } from "../../support/wait.ts";
import type { ServerKind } from "./plan.ts";

/** A channel message as the watcher saw it. */
export interface WatchedLine {
  readonly nick: string;
  readonly text: string;
  readonly atMs: number;
}

/** What became of what somebody said on IRC: seen by the server for certain, perhaps, or never said. */
export type SayOutcome = "confirmed" | "unknown" | "not said";

/**
 * The people of the channel, directly at the server: a watcher who is there first and keeps all that is shown, and the
 * speakers. All of them come back together after a restart of the server.
 */
export class IrcPeople implements AsyncDisposable {
  readonly #port: number;
  readonly #kind: ServerKind;
  readonly #channel: string;
  readonly #names: readonly string[];
  readonly #before: WatchedLine[] = [];
  #watcher: IrcClient | null = null;
  #speakers = new Map<string, IrcClient>();

  constructor(options: {
    port: number;
    kind: ServerKind;
    channel: string;
    names: readonly string[];
  }) {
    this.#port = options.port;
    this.#kind = options.kind;
    this.#channel = options.channel;
    this.#names = options.names;
  }

  /** Everybody comes (again); the channel is as it should be when this resolves. */
  async arrive(): Promise<void> {
    await this.leave();
    const watcher = await this.#connect("watcher");
    this.#watcher = watcher;
    if (this.#kind === "inspircd") await watcher.raw(`MODE ${this.#channel} +H 2000:1h`);
    await watcher.sync();
    for (const name of this.#names) this.#speakers.set(name, await this.#connect(name));
  }

  /** They are gone (or the server is): nobody speaks until `arrive`. */
  async leave(): Promise<void> {
    const clients = [...this.#speakers.values(), ...(this.#watcher ? [this.#watcher] : [])];
    if (this.#watcher !== null) this.#before.push(...this.#watched(this.#watcher));
    this.#speakers = new Map();
    this.#watcher = null;
    await Promise.all(clients.map((client) => client.close()));
  }

  /** All that the relay said, oldest first. */
  lines(): readonly WatchedLine[] {
    return this.#watcher === null
      ? this.#before
      : [...this.#before, ...this.#watched(this.#watcher)];
  }

  async say(name: string, text: string): Promise<SayOutcome> {
    const speaker = this.#speakers.get(name);
    if (speaker === undefined || speaker.closed) return "not said";
    try {
      await speaker.say(this.#channel, text);
      await speaker.sync(20_000);
      return "confirmed";
    } catch {
      return "unknown";
    }
  }

  /** Whether the relay is in the channel, as the server shows it. */
  async relayIsThere(): Promise<boolean> {
    const watcher = this.#watcher;
    if (watcher === null || watcher.closed) return false;
    return (await watcher.names(this.#channel)).some((nick) => nick.startsWith("relay"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  #watched(watcher: IrcClient): WatchedLine[] {
    return watcher.messages(this.#channel).filter((one) => one.nick.startsWith("relay"))
      .map(({ nick, text, atMs }) => ({ nick, text, atMs }));
  }

  /** The nick of before the restart may be in use for a moment. */
  async #connect(nick: string): Promise<IrcClient> {
    const options = { host: "127.0.0.1", port: this.#port, nick };
    const client = await until(
      () => IrcClient.connect(options).catch(() => null),
      `${nick} to connect`,
      15_000,
      { everyMs: 50 },
    );
    await client.join(this.#channel);
    return client;
  }
}
