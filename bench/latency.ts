/** What the relay adds to the way of a message, beside the same message going directly from client to client. */
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { IrcClient } from "../tests/support/irc_client.ts";
import { startNgircd, type TestIrcServer } from "../tests/support/irc_servers.ts";
import { until } from "../tests/support/wait.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { Arrivals, numberedText } from "./support/numbered.ts";
import { KosmiPerson } from "./support/kosmi_person.ts";
import { gateway, ircAccount, kosmiAccount, ROOM, startRelayIn } from "./support/relay_config.ts";
import { median, quantile } from "./support/stats.ts";

const CHANNEL = "#films";

/** One way that numbered messages take, and how long each was under way. */
class Way {
  readonly arrivals: Arrivals;
  readonly #sentAtMs: number[] = [];

  constructor(readonly name: string, count: number) {
    this.arrivals = new Arrivals(count);
  }

  sent(number: number, atMs: number): void {
    this.#sentAtMs[number] = atMs;
  }

  get latenciesMs(): number[] {
    return this.#sentAtMs.flatMap((sentAtMs, number) => {
      const atMs = this.arrivals.atMs(number);
      return atMs === null ? [] : [atMs - sentAtMs];
    });
  }
}

function listen(client: IrcClient, take: (nick: string, text: string, atMs: number) => void) {
  let next = 0;
  return () => {
    const seen = client.messages(CHANNEL);
    for (const { nick, text, atMs } of seen.slice(next)) take(nick, text, atMs);
    next = seen.length;
  };
}

/** Says the numbered messages, one each `everyMs`; each takes all these ways. */
async function speak(
  count: number,
  everyMs: number,
  ways: readonly Way[],
  say: (text: string) => void,
): Promise<void> {
  for (let number = 0; number < count; number++) {
    const sentAtMs = performance.now();
    for (const way of ways) way.sent(number, sentAtMs);
    say(numberedText(number));
    await pause(everyMs);
  }
}

/** Waits until every way has brought all its messages, or for some seconds in vain: then they count as lost. */
async function settle(ways: readonly Way[], look: () => void): Promise<void> {
  const done = () => {
    look();
    return ways.every((way) => way.arrivals.complete);
  };
  await until(done, "the last messages", 10_000).catch(() => {});
}

function report(bench: Bench, direct: readonly Way[], through: readonly Way[]): void {
  for (const way of [...direct, ...through]) {
    const { latenciesMs, arrivals } = way;
    bench.figure(`${way.name}: median`, median(latenciesMs), "ms");
    bench.figure(`${way.name}: 99th percentile`, quantile(latenciesMs, 0.99), "ms");
    if (arrivals.lost + arrivals.doubled + arrivals.outOfOrder === 0) continue;
    bench.expectNone(`${way.name}: lost`, arrivals.lost);
    bench.expectNone(`${way.name}: doubled`, arrivals.doubled);
    bench.expectNone(`${way.name}: out of order`, arrivals.outOfOrder);
  }
  const sum = (share: number) =>
    direct.reduce((total, way) => total + quantile(way.latenciesMs, share), 0);
  for (const way of through) {
    const { latenciesMs } = way;
    const ratio = (share: number) => quantile(latenciesMs, share) / sum(share);
    bench.figure(`${way.name}: median beside direct`, ratio(0.5), "x", "<= 3.0, as Matterbridge");
    bench.figure(`${way.name}: 99th percentile beside direct`, ratio(0.99), "x");
    bench.figure(`${way.name}: added (median)`, median(latenciesMs) - sum(0.5), "ms");
  }
}

const pause = (waitMs: number) => new Promise((resolve) => setTimeout(resolve, waitMs));

/** Each message is seen twice: by somebody beside its speaker (directly) and by somebody behind the relay. */
async function kosmiAndIrc(bench: Bench, count: number, everyMs: number): Promise<void> {
  bench.heading(`Kosmi <-> ngircd, ${count} messages each way, one each ${everyMs} ms`);
  await using kosmi = await startKosmi();
  await using irc = await startNgircd({ penalty: false });
  using ada = await KosmiPerson.enter(kosmi, ROOM);
  using bea = await KosmiPerson.enter(kosmi, ROOM);
  await using cem = await person(irc, "cem");
  await using dan = await person(irc, "dan");
  const config = ircAccount("test", irc) + kosmiAccount("test", kosmi) +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
  await using _relay = await startRelayIn(bench, config, ["main", CHANNEL]);
  const directKosmi = new Way("direct, Kosmi client to Kosmi client", count);
  const directIrc = new Way("direct, IRC client to IRC client", count);
  const toIrc = new Way("Kosmi -> relay -> IRC", count);
  const toKosmi = new Way("IRC -> relay -> Kosmi", count);
  bea.onMessage = (text, atMs) =>
    (text.startsWith("<cem> ") ? toKosmi : directKosmi).arrivals.take(text, atMs);
  const look = listen(
    dan,
    (nick, text, atMs) => (nick === "relay" ? toIrc : directIrc).arrivals.take(text, atMs),
  );
  // One direction after the other: ngircd leaves Nagle's algorithm on, so that a line which follows the PONG of our
  // confirmation within the 40 ms of a delayed acknowledgement waits for that.
  await speak(count, everyMs, [directKosmi, toIrc], (text) => ada.say(text));
  await speak(count, everyMs, [directIrc, toKosmi], (text) => void cem.say(CHANNEL, text));
  await settle([directKosmi, directIrc, toIrc, toKosmi], look);
  report(bench, [directKosmi, directIrc], [toIrc, toKosmi]);
}

async function ircAndIrc(bench: Bench, count: number, everyMs: number): Promise<void> {
  bench.heading(`ngircd <-> ngircd, ${count} messages, one each ${everyMs} ms`);
  await using one = await startNgircd({ penalty: false });
  await using two = await startNgircd({ penalty: false });
  await using cem = await person(one, "cem");
  await using dan = await person(one, "dan");
  await using eve = await person(two, "eve");
  const config = ircAccount("one", one) + ircAccount("two", two) +
    gateway("films", `irc.one ${CHANNEL}`, `irc.two ${CHANNEL}`);
  await using relay = await startRelayIn(bench, config, []);
  await relay.waitForLog(/msg="in #films"[^]*msg="in #films"/, { timeoutMs: 30_000 });
  const direct = new Way("direct, IRC client to IRC client", count);
  const through = new Way("IRC -> relay -> IRC", count);
  const looks = [
    listen(dan, (_nick, text, atMs) => direct.arrivals.take(text, atMs)),
    listen(eve, (_nick, text, atMs) => through.arrivals.take(text, atMs)),
  ];
  await speak(count, everyMs, [direct, through], (text) => void cem.say(CHANNEL, text));
  await settle([direct, through], () => looks.forEach((look) => look()));
  report(bench, [direct], [through]);
  bench.note("Matterbridge between two ngircd: 0.39 ms direct, 1.18 ms through it (3.6 ms p99)");
}

async function person(server: TestIrcServer, nick: string): Promise<IrcClient> {
  const client = await IrcClient.connect({ host: server.host, port: server.port, nick });
  await client.join(CHANNEL);
  return client;
}

await runBench("latency", async (bench) => {
  const count = bench.number("messages", 500);
  const everyMs = bench.number("every", 50);
  await kosmiAndIrc(bench, count, everyMs);
  await ircAndIrc(bench, count, everyMs);
});
