import { IrcSandbox, type IrcServerOptions } from "../../sandbox/irc/irc_sandbox.ts";
import { type KosmiSandbox, startKosmi } from "../../sandbox/kosmi/mod.ts";
import { type RelayProcess, startRelay } from "../../support/relay_process.ts";

export const ROOM = "@movienight";
export const CHANNEL = "#films";

/** V8 as build/compile.ts sets it: what a test measures of memory is the binary's. */
const AS_BUILT = ["--v8-flags=--max-semi-space-size=2", "-A"];

export interface SandboxWorldOptions {
  /** Lines for `[general]`, `[irc.test]` and `[kosmi.test]`. */
  readonly general?: string;
  readonly irc?: string;
  readonly kosmi?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ircServer?: IrcServerOptions;
}

/** Both sandboxes with the relay between them as a process: quick to start, and every event can be made to happen. */
export class SandboxWorld implements AsyncDisposable {
  #fences = 0;

  private constructor(
    readonly kosmi: KosmiSandbox,
    readonly irc: IrcSandbox,
    readonly relay: RelayProcess,
  ) {}

  static async create(options: SandboxWorldOptions = {}): Promise<SandboxWorld> {
    await using stack = new AsyncDisposableStack();
    const kosmi = stack.use(await startKosmi());
    const irc = stack.use(await IrcSandbox.start(options.ircServer ?? {}));
    irc.addUser("alice", { channels: [CHANNEL] });
    irc.addUser("keeper", { channels: [CHANNEL] });
    const config = configOf(options, kosmi, irc);
    const relay = stack.use(
      await startRelay({ config, env: options.env ?? {}, permissions: AS_BUILT }),
    );
    await relay.waitForLog(/msg="in main"/, { timeoutMs: 30_000 });
    await relay.waitForLog(new RegExp(`msg="in ${CHANNEL}"`), { timeoutMs: 30_000 });
    stack.move();
    return new SandboxWorld(kosmi, irc, relay);
  }

  /** What the relay said in Kosmi, once all that happened in IRC before this call has crossed. */
  async inKosmi(speaker = "keeper"): Promise<string[]> {
    const fence = `fence ${++this.#fences}`;
    this.irc.say(speaker, CHANNEL, fence);
    await this.kosmi.waitForMessage(ROOM, ({ text }) => text.endsWith(fence), 20_000);
    return this.kosmi.messages(ROOM).filter(({ author }) => author.anonymous)
      .map(({ text }) => text).filter(isNoFence);
  }

  /** What the relay said in IRC, once all that happened in Kosmi before this call has crossed. */
  async inIrc(): Promise<string[]> {
    const fence = `fence ${++this.#fences}`;
    this.kosmi.say(ROOM, { name: "keeper" }, fence);
    await this.irc.waitForMessage(CHANNEL, new RegExp(`${fence}$`), 20_000);
    return this.irc.messages(CHANNEL).filter(({ nick }) => nick === "relay")
      .map(({ text }) => text).filter(isNoFence);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]();
    await this.irc.close();
    await this.kosmi.stop();
  }
}

function isNoFence(text: string): boolean {
  return !/fence \d+$/.test(text);
}

/** A key may stand once: what a test sets goes before what is usual here. */
function section(usual: Readonly<Record<string, string>>, lines = ""): string {
  const rest = Object.entries(usual).filter(([key]) =>
    !new RegExp(`^${key}\\s*=`, "m").test(lines)
  );
  return `${rest.map(([key, value]) => `${key}=${value}`).join("\n")}\n${lines}`;
}

function configOf(options: SandboxWorldOptions, kosmi: KosmiSandbox, irc: IrcSandbox): string {
  const nickFormat = { RemoteNickFormat: '"<{NICK}> "', MessageDelay: "1" };
  return `
[general]
${options.general ?? ""}
[irc.test]
Server="${irc.host}:${irc.port}"
Nick="relay"
${section(nickFormat, options.irc)}
[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"
${section(nickFormat, options.kosmi)}
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
