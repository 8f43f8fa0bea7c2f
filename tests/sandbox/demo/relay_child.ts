import type { KosmiSandbox } from "../kosmi/mod.ts";
import { CHANNEL, ROOM } from "./script.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;
const LAST_LINES = 40;

/** The relay's configuration for the demo: three short sections, as a person would write it. */
export function demoConfig(kosmi: KosmiSandbox, ircPort: number): string {
  return `[irc.demo]
Server="127.0.0.1:${ircPort}"
Nick="relay"
RemoteNickFormat="[Kosmi] <{NICK}> "

[kosmi.demo]
RoomURL="${kosmi.roomUrl(ROOM)}"
RemoteNickFormat="[IRC] <{NICK}> "
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"

[[gateway]]
name="movienight"
enable=true
[[gateway.inout]]
account="irc.demo"
channel="${CHANNEL}"
[[gateway.inout]]
account="kosmi.demo"
channel="main"
`;
}

/** The relay as a program of its own, in a folder of its own. */
export class RelayChild {
  #child: Deno.ChildProcess | null = null;
  #reading: Promise<void> = Promise.resolve();
  #lines: string[] = [];

  constructor(readonly folder: string, readonly config: string) {}

  async start(): Promise<void> {
    const file = `${this.folder}/matterbridge.toml`;
    await Deno.writeTextFile(file, this.config);
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, "-conf", file],
      env: { MATTERBRIDGE_DATA_DIR: `${this.folder}/data` },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read(this.#child.stderr);
  }

  /** The last lines of its log. */
  log(): string {
    return this.#lines.join("\n");
  }

  async stop(): Promise<void> {
    if (this.#child === null) return;
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself: the log says why.
    }
    await this.#child.status;
    await this.#reading;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (
      const chunk of stream.pipeThrough(
        new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
      )
    ) {
      this.#lines = [...this.#lines, ...chunk.trimEnd().split("\n")].slice(-LAST_LINES);
    }
  }
}
