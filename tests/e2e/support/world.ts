import {
  type KosmiSandbox,
  type KosmiSandboxOptions,
  startKosmi,
} from "../../sandbox/kosmi/mod.ts";
import { IrcClient } from "../../support/irc_client.ts";
import { startInspircd, startNgircd, type TestIrcServer } from "../../support/irc_servers.ts";
import { type RelayProcess, startRelay } from "../../support/relay_process.ts";

export const ROOM = "@movienight";
export const CHANNEL = "#films";

export interface WorldOptions {
  readonly server: "ngircd" | "inspircd" | TestIrcServer;
  readonly tls?: boolean;
  readonly kosmi?: KosmiSandboxOptions;
  /** Lines for `[general]`, `[irc.test]` and `[kosmi.test]`. */
  readonly general?: string;
  readonly irc?: string;
  readonly kosmiAccount?: string;
  /** Ports to use in place of the servers' own: those of a proxy in front of them. */
  readonly ircPort?: number;
  readonly kosmiPort?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What runs as the relay in place of src/main.ts, and its arguments: see `startRelay`. */
  readonly entry?: string;
  readonly args?: readonly string[];
  readonly start?: boolean;
}

/** A stand-in Kosmi, a real IRC server, the relay between them as a process, and a person on IRC. */
export class World implements AsyncDisposable {
  private constructor(
    readonly kosmi: KosmiSandbox,
    readonly irc: TestIrcServer,
    readonly alice: IrcClient,
    readonly relay: RelayProcess,
  ) {}

  static async create(options: WorldOptions): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const kosmi = stack.use(await startKosmi(options.kosmi ?? {}));
    const irc = typeof options.server === "string"
      ? stack.use(await startServer(options.server))
      : options.server;
    const alice = stack.use(
      await IrcClient.connect({ host: irc.host, port: irc.port, nick: "alice" }),
    );
    await alice.join(CHANNEL);
    const relay = stack.use(
      await startRelay({
        config: worldConfig(options, kosmi, irc),
        env: options.env ?? {},
        ...(options.entry === undefined ? {} : { entry: options.entry }),
        ...(options.args === undefined ? {} : { args: options.args }),
      }),
    );
    stack.move();
    const world = new World(kosmi, irc, alice, relay);
    if (options.start !== false) await world.ready();
    return world;
  }

  /** Waits until the relay is in the room and in the channel. */
  async ready(since = 0): Promise<void> {
    await this.relay.waitForLog(/msg="in main"/, { since, timeoutMs: 30_000 });
    await this.relay.waitForLog(new RegExp(`msg="in ${CHANNEL}"`), { since, timeoutMs: 30_000 });
  }

  /** Texts that alice saw in the channel from the relay. */
  ircTexts(): string[] {
    return this.alice.messages(CHANNEL).filter((one) => one.nick.startsWith("relay"))
      .map((one) => one.action ? `* ${one.text}` : one.text);
  }

  /** Texts that stand in the room from the relay. */
  kosmiTexts(): string[] {
    return this.kosmi.messages(ROOM).filter((one) => one.author.anonymous).map((one) => one.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]();
    await this.alice.close();
    await this.irc[Symbol.asyncDispose]();
    await this.kosmi[Symbol.asyncDispose]();
  }
}

async function startServer(kind: "ngircd" | "inspircd"): Promise<TestIrcServer> {
  return kind === "ngircd" ? await startNgircd() : await startInspircd();
}

export function worldConfig(
  options: WorldOptions,
  kosmi: KosmiSandbox,
  irc: TestIrcServer,
): string {
  const ircPort = options.ircPort ?? (options.tls ? irc.tlsPort : irc.port);
  const at = (url: string) =>
    options.kosmiPort === undefined ? url : url.replace(`:${kosmi.port}`, `:${options.kosmiPort}`);
  return `
[general]
${options.general ?? ""}

[irc.test]
Server="${irc.host}:${ircPort}"
Nick="relay"
UseTLS=${options.tls === true}
SkipTLSVerify=true
${irc.password === null ? "" : `Password="${irc.password}"`}
RemoteNickFormat="[Kosmi] <{NICK}> "
${options.irc ?? "MessageDelay=1"}

[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${at(kosmi.httpEndpoint)}"
WSEndpoint="${at(kosmi.wsEndpoint)}"
ImageEndpoint="${kosmi.imageEndpoint}"
RemoteNickFormat="[IRC] <{NICK}> "
${options.kosmiAccount ?? "MessageDelay=0"}

[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.test"
channel="${CHANNEL}"
[[gateway.inout]]
account="kosmi.test"
channel="main"
`;
}
