import { type Clock, systemClock } from "../../src/base/clock.ts";
import { type Logging, startLogging } from "../../src/log/logging.ts";
import type { AccountId } from "../../src/relay/port/ids.ts";
import { SeededRandom } from "../e2e/faults/random.ts";
import { IrcSandbox } from "../sandbox/irc/irc_sandbox.ts";
import { type KosmiSandbox, startKosmi } from "../sandbox/kosmi/mod.ts";
import { RelayInProcess } from "../support/relay_in_process.ts";
import { FrameProxy } from "./frame_proxy.ts";
import { ircInput } from "./irc_lines.ts";
import { kosmiFrame } from "./kosmi_frames.ts";
import { nastyText } from "./nasty_text.ts";
import { Watch } from "./watch.ts";

export interface FuzzCounts {
  ircLines: number;
  kosmiFrames: number;
  /** Said by people on both sides through ordinary clients. */
  texts: number;
  /** Messages and lines of the relay that both services showed. */
  shown: number;
  /** Messages that crossed both ways between the batches, to see that the relay still relays. */
  crossings: number;
  /** How often an account had to be connected anew for that. */
  reconnects: number;
}

export interface FuzzResult {
  readonly seed: number;
  readonly counts: Readonly<FuzzCounts>;
  readonly findings: readonly string[];
}

export interface FuzzOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly progress?: (counts: Readonly<FuzzCounts>) => void;
}

const ROOM = "@movienight";
const CHANNEL = "#films";
const PEOPLE = ["alice", "bob"] as const;
const BATCH = 100;
/** How long a message may need to cross after a batch, before the accounts are told to connect anew; then longer. */
const CROSSING_MS = 700;
const MOST_NUDGES = 4;

/** Throws random IRC lines, GraphQL frames and texts at the core with its real bridges, in this process. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const password = "server-pass-7c1d9e";
  await using irc = await IrcSandbox.start({ password, chatHistory: true, redaction: true });
  for (const nick of PEOPLE) irc.addUser(nick, { channels: [CHANNEL] });
  await using kosmi = await startKosmi();
  await using proxy = await FrameProxy.start(kosmi.wsEndpoint);
  const token = kosmi.issueToken();
  const secrets = [token, password] as const;
  using watch = new Watch(secrets);
  await using logging = await watchedLog(watch, secrets);
  await using relay = await RelayInProcess.start({
    config: config(kosmi, irc, proxy, password),
    token,
    log: logging.logger("fuzz"),
    clock: hurried(systemClock),
  });
  const run = new FuzzRun({ ...options, irc, kosmi, proxy, relay, watch, secrets });
  await run.play();
  return { seed: options.seed, counts: run.counts, findings: watch.findings };
}

async function watchedLog(watch: Watch, secrets: readonly string[]): Promise<Logging> {
  const logging = await startLogging({
    clock: systemClock,
    level: "debug",
    debug: true,
    levels: {},
    format: "json",
    terminal: false,
    colour: false,
    foldWindowMs: 0,
    write: (line) => watch.logLine(line),
  });
  for (const secret of secrets) logging.secrets.add(secret);
  return logging;
}

interface RunOptions extends FuzzOptions {
  readonly irc: IrcSandbox;
  readonly kosmi: KosmiSandbox;
  readonly proxy: FrameProxy;
  readonly relay: RelayInProcess;
  readonly watch: Watch;
  readonly secrets: readonly [string, ...string[]];
}

class FuzzRun {
  readonly counts: FuzzCounts = {
    ircLines: 0,
    kosmiFrames: 0,
    texts: 0,
    shown: 0,
    crossings: 0,
    reconnects: 0,
  };
  readonly #o: RunOptions;
  readonly #random: SeededRandom;
  #lastLine: unknown = null;
  #saidByPeople = 0;
  #fences = 0;

  constructor(options: RunOptions) {
    this.#o = options;
    this.#random = new SeededRandom(options.seed);
  }

  async play(): Promise<void> {
    const untilMs = performance.now() + this.#o.forMs;
    while (performance.now() < untilMs) {
      const startedMs = Date.now();
      if (!await this.#crosses()) {
        return this.#o.watch.find("stuck", "no message crosses any more, whatever is tried");
      }
      this.#throwBatch();
      await this.#o.relay.relay.handled();
      this.#look(startedMs);
      this.#o.progress?.(this.counts);
    }
    await this.#crosses();
    this.#look(0);
  }

  #throwBatch(): void {
    const { irc, kosmi, proxy, secrets } = this.#o;
    const random = this.#random;
    const wildness = random.pick([0, 0, 0, 0.03, 0.3]);
    for (let n = 0; n < BATCH; n++) {
      const self = this.#self();
      if (self !== null) {
        irc.sendRaw(self, ircInput(random, { self, secrets, wildness }));
        this.counts.ircLines++;
      }
      const frame = kosmiFrame(random, { operations: proxy.operations, secrets });
      if (proxy.say(frame)) this.counts.kosmiFrames++;
      if (!random.chance(0.1)) continue;
      const text = nastyText(random);
      kosmi.say(ROOM, { name: nastyText(random) || "Zoë" }, text);
      irc.say(random.pick(PEOPLE), CHANNEL, nastyText(random).replace(/[\r\n\0]+/g, " "));
      this.counts.texts += 2;
      this.#saidByPeople += 2;
    }
  }

  /** The relay's nick at the server; null while it is not there. */
  #self(): string | null {
    return this.#o.irc.nicks.find((nick) => !PEOPLE.some((person) => person === nick)) ?? null;
  }

  /** Whether messages cross both ways. A forged line may have told the relay anything: then it connects anew. */
  async #crosses(): Promise<boolean> {
    const { relay } = this.#o;
    for (let nudges = 0; nudges <= MOST_NUDGES; nudges++) {
      for (let tries = 3 ** nudges; tries > 0; tries--) {
        if (!await this.#crossOnce()) continue;
        this.counts.crossings++;
        return true;
      }
      this.counts.reconnects++;
      relay.relay.reconnect("irc.test" as AccountId, "the test wants it");
      relay.relay.reconnect("kosmi.test" as AccountId, "the test wants it");
    }
    return false;
  }

  /** Said again and again: a forged time may have hidden what was said while the relay was away. */
  async #crossOnce(): Promise<boolean> {
    const { irc, kosmi } = this.#o;
    const fence = `fence ${++this.#fences}.`;
    kosmi.say(ROOM, { name: "keeper" }, fence);
    irc.say("alice", CHANNEL, fence);
    this.#saidByPeople += 2;
    const inIrc = () => irc.messages(CHANNEL).some(({ text }) => isCopy(text, "keeper", fence));
    const both = [
      irc.waitFor(inIrc, "IRC", CROSSING_MS),
      kosmi.waitForMessage(ROOM, ({ text }) => isCopy(text, "alice", fence), CROSSING_MS),
    ];
    return (await Promise.allSettled(both)).every(({ status }) => status === "fulfilled");
  }

  #look(sinceMs: number): void {
    const { irc, kosmi, watch } = this.#o;
    const lines = irc.received;
    const from = lines.findLastIndex((line) => line === this.#lastLine) + 1;
    for (const line of lines.slice(from)) watch.ircLine(line);
    this.#lastLine = lines.at(-1);
    watch.kosmiOperations(kosmi, sinceMs);
    this.counts.shown = irc.messageCount(CHANNEL) + kosmi.messageCount(ROOM) - this.#saidByPeople;
  }
}

/** Also one that was caught up with, which bears the time. */
function isCopy(text: string, nick: string, said: string): boolean {
  return text.startsWith(`<${nick}> `) && text.endsWith(said);
}

/** Long waits are shorter: a relay that is thrown out every second would soon wait for minutes between two connections. */
function hurried(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (waitMs, signal) => clock.sleep(waitMs < 1_000 ? waitMs : waitMs / 10, signal),
  };
}

function config(
  kosmi: KosmiSandbox,
  irc: IrcSandbox,
  proxy: FrameProxy,
  password: string,
): string {
  return `
[irc.test]
Server="${irc.host}:${irc.port}"
Nick="relay"
Password="${password}"
RemoteNickFormat="<{NICK}> "
MessageDelay=1
ShowJoinPart=true
ShowTopicChange=true
ShowNickChange=true
[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${proxy.url}"
ImageEndpoint="${kosmi.imageEndpoint}"
RemoteNickFormat="<{NICK}> "
MessageDelay=0
Markup="markdown"
ShowJoinPart=true
ShowTopicChange=true
ShowNickChange=true
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
