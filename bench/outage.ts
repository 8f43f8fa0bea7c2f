/** One server is away for 10 s while 152 messages are said on the other side. */
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { IrcClient } from "../tests/support/irc_client.ts";
import { startInspircd, startNgircd, type TestIrcServer } from "../tests/support/irc_servers.ts";
import type { RelayProcess } from "../tests/support/relay_process.ts";
import { until } from "../tests/support/wait.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { Arrivals, numberedText } from "./support/numbered.ts";
import { gateway, ircAccount, kosmiAccount, ROOM, startRelayIn } from "./support/relay_config.ts";

const CHANNEL = "#films";
const OTHER = "#films2";
const MESSAGES = 152;
const SAID_BEFORE = 10;
const AWAY_MS = 10_000;

const pause = (waitMs: number) => new Promise((resolve) => setTimeout(resolve, waitMs));

interface Outage {
  readonly say: (text: string) => void;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** The observer comes back, as soon as the server is. */
  readonly watch?: () => Promise<void>;
  /** What the relay logs when it is back in. */
  readonly channel: string;
  /** Watches the side that went away; called when it is back. */
  readonly texts: () => Promise<string[]>;
}

/** Says ten messages, takes the server away, says the rest evenly until a little after its return. */
async function play(bench: Bench, relay: RelayProcess, outage: Outage): Promise<void> {
  const arrivals = new Arrivals(MESSAGES);
  for (let number = 0; number < SAID_BEFORE; number++) outage.say(numberedText(number));
  const first = async () => numbersSeen(await outage.texts()) === SAID_BEFORE;
  await until(first, "the first messages", 30_000, { everyMs: 50 });
  await outage.stop();
  const downAtMs = performance.now();
  for (let number = SAID_BEFORE; number < MESSAGES - 20; number++) {
    outage.say(numberedText(number));
    await pause(Math.max(0, AWAY_MS / (MESSAGES - SAID_BEFORE - 20) - 1));
  }
  await pause(Math.max(0, AWAY_MS - (performance.now() - downAtMs)));
  const mark = relay.mark();
  await outage.start();
  const upAtMs = performance.now();
  const watching = outage.watch?.();
  const back = relay.waitForLog(new RegExp(`msg="in ${outage.channel}"`), {
    since: mark,
    timeoutMs: 120_000,
  }).then(() => secondsSince(upAtMs));
  for (let number = MESSAGES - 20; number < MESSAGES; number++) {
    outage.say(numberedText(number));
    await pause(50);
  }
  await watching;
  bench.figure("back in the channel after the server's return", await back, "s", "<= 3");
  const all = async () => numbersSeen(await outage.texts()) === MESSAGES;
  await until(all, "all messages", 60_000, { everyMs: 100 }).catch(() => {});
  bench.figure("all delivered after the server's return", secondsSince(upAtMs), "s");
  for (const text of await outage.texts()) arrivals.take(text, 0);
  bench.expectNone("lost", arrivals.lost);
  bench.expectNone("doubled", arrivals.doubled);
  bench.expectNone("out of order", arrivals.outOfOrder);
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1_000;
}

function numbersSeen(texts: readonly string[]): number {
  return new Set(texts.join(" ").match(/#\d+#/g)).size;
}

/** An observer who notes what is said in a channel, and comes back when the server does. */
class Watcher implements AsyncDisposable {
  #client: IrcClient | null = null;
  #before: string[] = [];

  constructor(readonly server: TestIrcServer, readonly channel: string) {}

  async enter(): Promise<void> {
    this.#before = await this.texts();
    const { host, port } = this.server;
    this.#client = await IrcClient.connect({ host, port, nick: "watcher" });
    await this.#client.join(this.channel);
  }

  texts(): Promise<string[]> {
    const now = this.#client?.messages(this.channel).map((message) => message.text) ?? [];
    return Promise.resolve([...this.#before, ...now]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.close();
  }
}

async function ircAway(bench: Bench, kind: "ngircd" | "inspircd"): Promise<void> {
  bench.heading(`Kosmi -> ${kind}: ${kind} away for 10 s, ${MESSAGES} messages said in Kosmi`);
  await using kosmi = await startKosmi();
  await using irc = kind === "ngircd"
    ? await startNgircd({ penalty: false })
    : await startInspircd({ commandRate: 1_000_000, threshold: 1_000, recvQ: 1_000_000 });
  await using watcher = new Watcher(irc, CHANNEL);
  await watcher.enter();
  const config = kosmiAccount("test", kosmi) + ircAccount("test", irc) +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
  await using relay = await startRelayIn(bench, config, ["main", CHANNEL]);
  await play(bench, relay, {
    say: (text) => void kosmi.say(ROOM, { name: "Ada" }, text),
    stop: () => irc.stop(),
    start: () => irc.start(),
    watch: () => watcher.enter(),
    channel: CHANNEL,
    texts: () => watcher.texts(),
  });
}

async function kosmiAway(bench: Bench): Promise<void> {
  bench.heading(`ngircd -> Kosmi: Kosmi away for 10 s, ${MESSAGES} messages said on IRC`);
  await using kosmi = await startKosmi();
  await using irc = await startNgircd({ penalty: false });
  await using ada = await IrcClient.connect({ host: irc.host, port: irc.port, nick: "ada" });
  await ada.join(CHANNEL);
  const config = kosmiAccount("test", kosmi) + ircAccount("test", irc) +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
  await using relay = await startRelayIn(bench, config, ["main", CHANNEL]);
  await play(bench, relay, {
    say: (text) => void ada.say(CHANNEL, text),
    stop: () => kosmi.stop(),
    start: () => kosmi.start(),
    channel: "main",
    texts: () => Promise.resolve(kosmi.messages(ROOM).map((message) => message.text)),
  });
}

async function ircToIrc(bench: Bench): Promise<void> {
  bench.heading(`ngircd -> ngircd: one away for 10 s, ${MESSAGES} messages said on the other`);
  await using one = await startNgircd({ penalty: false });
  await using two = await startNgircd({ penalty: false });
  await using watcher = new Watcher(two, OTHER);
  await watcher.enter();
  await using ada = await IrcClient.connect({ host: one.host, port: one.port, nick: "ada" });
  await ada.join(CHANNEL);
  const config = ircAccount("one", one) + ircAccount("two", two) +
    gateway("films", `irc.one ${CHANNEL}`, `irc.two ${OTHER}`);
  await using relay = await startRelayIn(bench, config, [CHANNEL, OTHER]);
  await play(bench, relay, {
    say: (text) => void ada.say(CHANNEL, text),
    stop: () => two.stop(),
    start: () => two.start(),
    watch: () => watcher.enter(),
    channel: OTHER,
    texts: () => watcher.texts(),
  });
  bench.note("Matterbridge: 120 of 152 lost, back after 20 s");
}

await runBench("outage", async (bench) => {
  await ircAway(bench, "ngircd");
  await ircAway(bench, "inspircd");
  await kosmiAway(bench);
  await ircToIrc(bench);
});
