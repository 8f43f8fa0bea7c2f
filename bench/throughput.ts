/** How many messages a second the relay brings across for long, with every message on disk first. */
import { startIrcServer } from "../tests/sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { startInspircd, startNgircd } from "../tests/support/irc_servers.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { cross, enterIrc, kosmiPlace, reportCrossing } from "./support/crossing.ts";
import {
  type Address,
  gateway,
  ircAccount,
  kosmiAccount,
  ROOM,
  startRelayIn,
} from "./support/relay_config.ts";

const CHANNEL = "#films";
/** Other channels, so that the log tells which of two servers was joined. */
const OTHER = "#films2";
const PATIENCE_MS = 10_000;

type Server = Address & AsyncDisposable;

/** Servers that let clients talk as fast as they can. */
const SERVERS: Readonly<Record<string, () => Promise<Server>>> = {
  sandbox: () => startIrcServer({ historyLines: 100 }),
  ngircd: () => startNgircd({ penalty: false }),
  inspircd: () =>
    startInspircd({
      commandRate: 1_000_000,
      threshold: 100_000,
      recvQ: 10_000_000,
      fakelag: false,
    }),
};

function startServer(kind: string): Promise<Server> {
  const start = SERVERS[kind];
  if (start === undefined) throw new Error(`Cannot start ${kind}: no such server`);
  return start();
}

async function kosmiAndIrc(bench: Bench, kind: string, count: number): Promise<void> {
  bench.heading(`Kosmi <-> ${kind}, ${count} messages each way`);
  await using kosmi = await startKosmi({ keepMessages: 1_000, keepLog: 100 });
  await using server = await startServer(kind);
  using irc = await enterIrc(server, CHANNEL);
  const room = kosmiPlace(kosmi, ROOM);
  const config = kosmiAccount("test", kosmi) + ircAccount("test", server) +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
  await using _relay = await startRelayIn(bench, config, ["main", CHANNEL]);
  const options = { count, ahead: bench.number("ahead", 300), patienceMs: PATIENCE_MS };
  reportCrossing(bench, "IRC -> Kosmi", await cross(irc, room, options));
  reportCrossing(bench, "Kosmi -> IRC", await cross(room, irc, options));
}

async function ircAndIrc(bench: Bench, kind: string, count: number): Promise<void> {
  bench.heading(`${kind} <-> ${kind}, ${count} messages; then 500 at once`);
  await using one = await startServer(kind);
  await using two = await startServer(kind);
  using here = await enterIrc(one, CHANNEL);
  using there = await enterIrc(two, OTHER);
  const config = ircAccount("one", one) + ircAccount("two", two) +
    gateway("films", `irc.one ${CHANNEL}`, `irc.two ${OTHER}`);
  await using _relay = await startRelayIn(bench, config, [CHANNEL, OTHER]);
  const options = { count, ahead: bench.number("ahead", 300), patienceMs: PATIENCE_MS };
  const aim = ">= 2613, 3 x Matterbridge's";
  reportCrossing(bench, "IRC -> IRC", await cross(here, there, options), aim);
  const burst = { count: 500, ahead: 500, patienceMs: PATIENCE_MS };
  reportCrossing(bench, "500 at once", await cross(here, there, burst), aim);
  bench.note("Matterbridge, tuned: 871 messages/s, 122 of 500 out of order");
}

await runBench("throughput", async (bench) => {
  const count = bench.number("messages", 50_000);
  const only = bench.text("server");
  for (const kind of only === null ? Object.keys(SERVERS) : [only]) {
    await kosmiAndIrc(bench, kind, count);
    await ircAndIrc(bench, kind, count);
  }
});
