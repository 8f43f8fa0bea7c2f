/** From the start of the process to both sides joined, and what it keeps resident. */
import { startIrcServer } from "../tests/sandbox/irc/irc_sandbox.ts";
import { type KosmiSandbox, startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { IrcClient } from "../tests/support/irc_client.ts";
import { startNgircd } from "../tests/support/irc_servers.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { numberedText } from "./support/numbered.ts";
import {
  type Address,
  gateway,
  ircAccount,
  kosmiAccount,
  ROOM,
  startRelayIn,
} from "./support/relay_config.ts";
import { median } from "./support/stats.ts";

const CHANNEL = "#films";
const MB = 1e6;

const pause = (waitMs: number) => new Promise((resolve) => setTimeout(resolve, waitMs));

function config(kosmi: KosmiSandbox, irc: Address): string {
  return kosmiAccount("test", kosmi) + ircAccount("test", irc) +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
}

/** Milliseconds until both are joined, several starts. */
async function starts(bench: Bench, kosmi: KosmiSandbox, irc: Address): Promise<number[]> {
  const tookMs: number[] = [];
  for (let run = 0; run < bench.number("starts", 7); run++) {
    const startMs = performance.now();
    await using _relay = await startRelayIn(bench, config(kosmi, irc), ["main", CHANNEL]);
    tookMs.push(performance.now() - startMs);
  }
  return tookMs;
}

async function start(bench: Bench): Promise<void> {
  bench.heading("start to both joined");
  await using kosmi = await startKosmi();
  await using quick = await startIrcServer();
  const quickMs = await starts(bench, kosmi, quick);
  bench.figure("sandbox IRC server: median", median(quickMs), "ms", "<= 500");
  bench.figure("sandbox IRC server: slowest", Math.max(...quickMs), "ms");
  await using ngircd = await startNgircd();
  const ngircdMs = await starts(bench, kosmi, ngircd);
  bench.figure("ngircd: median", median(ngircdMs), "ms");
  const floorMs = await joinDirectly(ngircd);
  bench.figure("ngircd: a bare client alone, until joined", floorMs, "ms");
  bench.figure("ngircd: beside the bare client", median(ngircdMs) / floorMs, "x");
  bench.note("Matterbridge: 10,000 ms (it waits 5 s for each account)");
}

async function joinDirectly(server: Address): Promise<number> {
  const startMs = performance.now();
  await using client = await IrcClient.connect({
    host: server.host,
    port: server.port,
    nick: "bare",
  });
  await client.join(CHANNEL);
  return performance.now() - startMs;
}

async function memory(bench: Bench): Promise<void> {
  bench.heading("resident memory");
  await using kosmi = await startKosmi();
  await using irc = await startIrcServer();
  await using relay = await startRelayIn(bench, config(kosmi, irc), ["main", CHANNEL]);
  const resident = async () => (await relay.memory()).residentBytes / MB;
  bench.figure("just joined", await resident(), "MB");
  // The relay has its heap collected some seconds after the start, and after a burst.
  await pause(10_000);
  bench.figure("idle, 10 s later", await resident(), "MB", "<= 80");
  const count = 10_000;
  for (let number = 0; number < count; number += 100) {
    for (let one = number; one < number + 100; one++) {
      kosmi.say(ROOM, { name: "Ada" }, numberedText(one));
    }
    await irc.waitForMessages(CHANNEL, number + 100, 30_000);
  }
  bench.figure("after 10,000 messages", await resident(), "MB", "<= 80");
  await pause(10_000);
  bench.figure("10 s later", await resident(), "MB", "<= 80");
  bench.figure("most it ever was", (await relay.memory()).peakBytes / MB, "MB");
  bench.note("Matterbridge: 14 to 18 MB");
}

await runBench("start", async (bench) => {
  await start(bench);
  await memory(bench);
});
