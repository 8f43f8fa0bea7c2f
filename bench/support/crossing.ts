import type { KosmiSandbox } from "../../tests/sandbox/kosmi/mod.ts";
import { IrcClient, type IrcLine } from "../../tests/support/irc_client.ts";
import type { Bench } from "./bench.ts";
import { Arrivals, numberedText } from "./numbered.ts";
import type { Address } from "./relay_config.ts";
import { quantile } from "./stats.ts";

/** Where messages are said. */
export interface Mouth {
  say(text: string): void;
}

/** Where messages arrive; `take` is called for each, in the order in which they appear. */
export interface Ear {
  listen(take: (text: string, atMs: number) => void): void;
}

export interface CrossingOptions {
  readonly count: number;
  /** Most that may be on their way at once: what keeps the relay busy without drowning the servers. */
  readonly ahead: number;
  /** Nothing new for so long: the rest is lost. */
  readonly patienceMs: number;
}

export interface Crossing {
  readonly arrivals: Arrivals;
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
}

/** Says numbered messages as fast as they come out at the other end, and waits for the last. */
export async function cross(mouth: Mouth, ear: Ear, options: CrossingOptions): Promise<Crossing> {
  const { count, ahead } = options;
  const arrivals = new Arrivals(count);
  const saidAtMs = new Float64Array(count);
  let wake = () => {};
  ear.listen((text, atMs) => {
    arrivals.take(text, atMs);
    wake();
  });
  const startMs = performance.now();
  for (let said = 0; !arrivals.complete;) {
    for (; said < count && said - arrivals.count < ahead; said++) {
      saidAtMs[said] = performance.now();
      mouth.say(numberedText(said));
    }
    const seen = arrivals.count;
    const news = new Promise<void>((resolve) => wake = resolve);
    if (!await soon(news, options.patienceMs) && arrivals.count === seen) break;
  }
  const tookMs = performance.now() - startMs;
  const latenciesMs = Array.from({ length: count }, (_, number) => {
    const atMs = arrivals.atMs(number);
    return atMs === null ? null : atMs - (saidAtMs[number] ?? atMs);
  }).filter((latencyMs) => latencyMs !== null);
  return { arrivals, perSecond: arrivals.count / tookMs * 1_000, latenciesMs };
}

/** False when it did not come in time. */
async function soon(promise: Promise<void>, limitMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const came = await Promise.race([promise.then(() => true), limit]);
  clearTimeout(timer);
  return came;
}

export function reportCrossing(
  bench: Bench,
  what: string,
  crossing: Crossing,
  aim = ">= 3000",
): void {
  const { arrivals, latenciesMs } = crossing;
  bench.figure(`${what}: sustained`, crossing.perSecond, "messages/s", aim);
  bench.figure(`${what}: latency under that load, median`, quantile(latenciesMs, 0.5), "ms");
  bench.figure(`${what}: 99th percentile`, quantile(latenciesMs, 0.99), "ms");
  bench.expectNone(`${what}: lost`, arrivals.lost);
  bench.expectNone(`${what}: doubled`, arrivals.doubled);
  bench.expectNone(`${what}: out of order`, arrivals.outOfOrder);
}

const FOR_EVER_MS = 2 ** 31 - 1;

/** Somebody in the stand-in's room who talks, and one who reads. */
export function kosmiPlace(kosmi: KosmiSandbox, room: string): Mouth & Ear {
  let take: (text: string, atMs: number) => void = () => {};
  const look = (message: { readonly text: string }) => {
    take(message.text, performance.now());
    return false;
  };
  kosmi.waitForMessage(room, look, FOR_EVER_MS).catch(() => {});
  return {
    say: (text) => void kosmi.say(room, { name: "Ada" }, text),
    listen: (listener) => take = listener,
  };
}

/** The same on IRC: `talker` and `reader` are two clients in the channel. */
function ircPlace(talker: IrcClient, reader: IrcClient, channel: string): Mouth & Ear {
  let take: (text: string, atMs: number) => void = () => {};
  const look = (line: IrcLine) => {
    if (line.command === "PRIVMSG") take(line.text, line.atMs);
    return false;
  };
  reader.waitFor(look, "the end", { timeoutMs: FOR_EVER_MS }).catch(() => {});
  return {
    say: (text) => void talker.say(channel, text),
    listen: (listener) => take = listener,
  };
}

/** Enters the channel with two clients. They keep few lines: what matters is seen as it comes. */
export async function enterIrc(
  server: Address,
  channel: string,
): Promise<Disposable & Mouth & Ear> {
  const { host, port } = server;
  const connect = async (nick: string) => {
    const client = await IrcClient.connect({ host, port, nick, maxLines: 1_000 });
    await client.join(channel);
    return client;
  };
  const talker = await connect("talker");
  const reader = await connect("reader");
  const close = () => void Promise.all([talker.close(), reader.close()]);
  return { ...ircPlace(talker, reader, channel), [Symbol.dispose]: close };
}
