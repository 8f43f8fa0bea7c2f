/** The API beside IRC: latency of paced messages both ways, throughput, and many streams at once. */
import { startNgircd } from "../tests/support/irc_servers.ts";
import { ApiClient } from "../tests/support/api_client.ts";
import { freePort } from "../tests/support/ports.ts";
import { until } from "../tests/support/wait.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { cross, type Ear, enterIrc, type Mouth, reportCrossing } from "./support/crossing.ts";
import { Arrivals, numberedText } from "./support/numbered.ts";
import { gateway, ircAccount, startRelayIn } from "./support/relay_config.ts";
import { quantile } from "./support/stats.ts";

const CHANNEL = "#films";
const OTHER = "#films2";
const PATIENCE_MS = 10_000;
/** What the API takes at once; after that it takes 200 a second. */
const MOST_POSTS = 1_000;

/** A stream of the API, as a place where messages arrive. */
class StreamEar implements Ear, AsyncDisposable {
  readonly #client: ApiClient;
  #take: (text: string, atMs: number) => void = () => {};
  #seen = 0;
  readonly #looking: Promise<unknown>;

  constructor(url: string) {
    this.#client = new ApiClient({ url });
    this.#client.read();
    const look = () => {
      const { frames } = this.#client;
      for (; this.#seen < frames.length; this.#seen++) {
        this.#take(frames[this.#seen]?.text ?? "", performance.now());
      }
      return false;
    };
    this.#looking = this.#client.changes.until(look, "the end", 2 ** 31 - 1).catch(() => {});
    void this.#looking;
  }

  listen(take: (text: string, atMs: number) => void): void {
    this.#take = take;
  }

  async greeted(): Promise<void> {
    await this.#client.changes.until(() => this.#client.greetings.length > 0, "the greeting");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

/** Posts through one WebSocket, so that the order of what is said is the order of what is posted. */
async function socketMouth(url: string): Promise<Mouth & Disposable> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/websocket`);
  await new Promise((resolve) => socket.onopen = resolve);
  return {
    say: (text) => socket.send(JSON.stringify({ text, username: "bot", gateway: "films" })),
    [Symbol.dispose]: () => socket.close(),
  };
}

/** One message each `everyMs`; resolves with how long each took. */
async function paced(
  mouth: { say(text: string): unknown },
  ear: Ear,
  count: number,
  everyMs: number,
): Promise<number[]> {
  const arrivals = new Arrivals(count);
  ear.listen((text, atMs) => arrivals.take(text, atMs));
  const saidAtMs: number[] = [];
  for (let number = 0; number < count; number++) {
    saidAtMs.push(performance.now());
    void mouth.say(numberedText(number));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await until(() => arrivals.complete, "the last message").catch(() => {});
  return saidAtMs.flatMap((atMs, number) => {
    const arrivedAtMs = arrivals.atMs(number);
    return arrivedAtMs === null ? [] : [arrivedAtMs - atMs];
  });
}

function report(bench: Bench, what: string, latenciesMs: readonly number[], count: number): void {
  bench.figure(`${what}: median`, quantile(latenciesMs, 0.5), "ms");
  bench.figure(`${what}: 99th percentile`, quantile(latenciesMs, 0.99), "ms");
  bench.expectNone(`${what}: lost`, count - latenciesMs.length);
}

await runBench("api", async (bench) => {
  const count = bench.number("messages", 300);
  const everyMs = bench.number("every", 20);
  const streams = bench.number("streams", 50);
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  await using one = await startNgircd({ penalty: false });
  await using two = await startNgircd({ penalty: false });
  using here = await enterIrc(one, CHANNEL);
  using there = await enterIrc(two, OTHER);
  const config = ircAccount("one", one) + ircAccount("two", two) +
    `[api.bots]\nBindAddress="127.0.0.1:${port}"\nBuffer=10000\n` +
    gateway("films", `irc.one ${CHANNEL}`, "api.bots api") +
    gateway("others", `irc.one ${CHANNEL}`, `irc.two ${OTHER}`);
  await using _relay = await startRelayIn(bench, config, [CHANNEL, OTHER, "api"]);
  await using ear = new StreamEar(url);
  await ear.greeted();
  await using client = new ApiClient({ url });
  const post = {
    say: (text: string) => client.post({ text, username: "bot", gateway: "films" }),
  };

  bench.heading(`one message each ${everyMs} ms, ${count} of them`);
  report(bench, "IRC -> IRC", await paced(here, there, count, everyMs), count);
  report(bench, "IRC -> API stream", await paced(here, ear, count, everyMs), count);
  report(bench, "API post -> IRC", await paced(post, here, count, everyMs), count);

  bench.heading("as fast as they come out");
  const many = { count: bench.number("many", 10_000), ahead: 300, patienceMs: PATIENCE_MS };
  reportCrossing(bench, "IRC -> IRC", await cross(here, there, many));
  reportCrossing(bench, "IRC -> API stream", await cross(here, ear, many));
  using socket = await socketMouth(url);
  const posts = { count: MOST_POSTS - count, ahead: 90, patienceMs: PATIENCE_MS };
  reportCrossing(bench, "API WebSocket -> IRC", await cross(socket, here, posts), "");

  bench.heading(`${streams} streams at once`);
  await using stack = new AsyncDisposableStack();
  const ears = Array.from({ length: streams }, () => stack.use(new StreamEar(url)));
  await Promise.all(ears.map((one) => one.greeted()));
  const each = { count: bench.number("each", 2_000), ahead: 300, patienceMs: PATIENCE_MS };
  const others = ears.slice(1).map((one) => {
    const arrivals = new Arrivals(each.count);
    one.listen((text, atMs) => arrivals.take(text, atMs));
    return arrivals;
  });
  reportCrossing(bench, "IRC -> first stream", await cross(here, ears[0] ?? ear, each), "");
  await until(() => others.every(({ complete }) => complete), "all streams").catch(() => {});
  const sum = (pick: (arrivals: Arrivals) => number) =>
    others.reduce((total, arrivals) => total + pick(arrivals), 0);
  bench.expectNone("all other streams: lost", sum(({ lost }) => lost));
  bench.expectNone("all other streams: doubled", sum(({ doubled }) => doubled));
  bench.expectNone("all other streams: out of order", sum(({ outOfOrder }) => outOfOrder));
});
