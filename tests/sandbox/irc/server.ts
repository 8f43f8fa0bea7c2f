import net from "node:net";
import tls from "node:tls";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { freePort, listenOn } from "../../support/ports.ts";
import { COMMANDS } from "./commands/commands.ts";
import { type Context, reply } from "./context.ts";
import { Message } from "./message.ts";
import type { Network } from "./network.ts";
import { isupportTokens, offeredCapabilities } from "./offer.ts";
import { type Faults, type IrcServerOptions, noFaults } from "./options.ts";
import { Session, type SessionHost } from "./session.ts";
import { type ClientLine, toWire, type Wire } from "./wire.ts";

/** What went through since the start. */
export interface IrcCounters {
  connections: number;
  /** Refused before they could say anything. */
  refused: number;
  registrations: number;
  linesReceived: number;
  bytesSent: number;
}

export interface ServerEvents {
  readonly changed: () => void;
  readonly received: (session: Session, line: Wire) => void;
}

/** Listens, keeps the sessions, hands lines to the commands. */
export class IrcServer implements SessionHost {
  readonly serverName: string;
  readonly options: IrcServerOptions;
  readonly faults: Faults = noFaults();
  readonly sessions = new Set<Session>();
  readonly counters: IrcCounters = {
    connections: 0,
    refused: 0,
    registrations: 0,
    linesReceived: 0,
    bytesSent: 0,
  };
  readonly #network: Network;
  readonly #events: ServerEvents;
  readonly #clock: Clock;
  readonly #offered: ReadonlyMap<string, string>;
  readonly #isupport: readonly string[];
  #listeners: net.Server[] = [];
  #recentConnects: number[] = [];
  #pinger: ReturnType<typeof setInterval> | undefined;
  #stalled = false;
  port = 0;
  readonly tlsPort: number | null;

  constructor(options: IrcServerOptions, network: Network, events: ServerEvents) {
    this.options = options;
    this.serverName = network.serverName;
    this.port = options.port ?? freePort();
    this.tlsPort = options.tls === undefined ? null : options.tls.port ?? freePort();
    this.#network = network;
    this.#events = events;
    this.#clock = options.clock ?? systemClock;
    this.#offered = offeredCapabilities(options);
    this.#isupport = isupportTokens(options);
  }

  nowMs = (): number => this.#clock.now();

  /** Begins to listen; again after `refuse`, on the same ports. */
  async listen(): Promise<void> {
    if (this.#listeners.length > 0) return;
    const take = (socket: net.Socket) => this.#take(socket);
    const plain = net.createServer(take);
    await listenOn(plain, this.port);
    this.#listeners.push(plain);
    if (this.options.tls !== undefined) {
      const { cert, key } = this.options.tls;
      const secure = tls.createServer({ cert, key }, take);
      // A client that does not trust us ends here: its affair.
      secure.on("tlsClientError", () => {});
      await listenOn(secure, this.tlsPort ?? 0);
      this.#listeners.push(secure);
    }
    const { pingIntervalMs = 60_000 } = this.options;
    if (pingIntervalMs > 0) {
      this.#pinger = setInterval(() => this.#ping(pingIntervalMs), pingIntervalMs / 2);
    }
  }

  /** Who connects is refused; present connections stay. */
  refuse(): void {
    clearInterval(this.#pinger);
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
  }

  /** All connections go silent, present and new ones. */
  stall(): void {
    this.#stalled = true;
    for (const session of this.sessions) session.stall();
  }

  resume(): void {
    this.#stalled = false;
    for (const session of this.sessions) session.resume();
  }

  handle(session: Session, line: ClientLine): void {
    const context: Context = {
      network: this.#network,
      session,
      faults: this.faults,
      options: this.options,
      offered: this.#offered,
      isupport: this.#isupport,
      registered: () => this.counters.registrations++,
    };
    const command = COMMANDS[line.command];
    const { registered } = session.user;
    if (command === undefined) {
      if (registered) reply(context, "421", line.command, ":Unknown command");
    } else if (!registered && command.early !== true) {
      reply(context, "451", line.command, ":You have not registered");
    } else if (line.params.length < command.params) {
      reply(context, "461", line.command, ":Not enough parameters.");
    } else command.run(context, line.params, line);
  }

  received(session: Session, line: Wire): void {
    this.counters.linesReceived++;
    this.#events.received(session, line);
  }

  sent(bytes: number): void {
    this.counters.bytesSent += bytes;
  }

  nextId(): string {
    return this.#network.nextId();
  }

  ended(session: Session, reason: Wire): void {
    this.sessions.delete(session);
    if (session.user.registered) this.#network.quit(session.user, reason);
    this.#events.changed();
  }

  #take(socket: net.Socket): void {
    this.counters.connections++;
    const refusal = this.#refusal();
    if (refusal !== null) {
      this.counters.refused++;
      socket.on("error", () => {});
      socket.end(`ERROR :${toWire(refusal)}\r\n`, "latin1", () => socket.destroy());
      return this.#events.changed();
    }
    const session = new Session(socket, this);
    this.sessions.add(session);
    if (this.#stalled) session.stall();
    this.#events.changed();
  }

  #refusal(): string | null {
    const { refuseConnections, connectLimit } = this.faults;
    if (refuseConnections !== null || connectLimit === null) return refuseConnections;
    const nowMs = this.nowMs();
    const recent = this.#recentConnects.filter((atMs) => atMs > nowMs - connectLimit.windowMs);
    this.#recentConnects = [...recent, nowMs];
    return recent.length < connectLimit.count
      ? null
      : "Closing link: [Your host is trying to (re)connect too fast -- throttled]";
  }

  #ping(intervalMs: number): void {
    const nowMs = this.nowMs();
    for (const session of this.sessions) {
      const silentMs = nowMs - session.lastHeardAtMs;
      if (session.pinged && silentMs >= 2 * intervalMs) {
        session.close(`Ping timeout: ${Math.round(silentMs / 1_000)} seconds`);
      } else if (!session.pinged && silentMs >= intervalMs) {
        session.pinged = true;
        session.send(new Message("", `PING :${this.serverName}`));
      }
    }
  }
}
