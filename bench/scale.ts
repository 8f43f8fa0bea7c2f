/** One process with many gateways over many accounts: start, memory, a lone message's latency, and the CPU at rest. */
import { startIrcServer } from "../tests/sandbox/irc/irc_sandbox.ts";
import { IrcClient } from "../tests/support/irc_client.ts";
import { startRelay } from "../tests/support/relay_process.ts";
import { until } from "../tests/support/wait.ts";
import { runBench } from "./support/bench.ts";
import { Arrivals, numberedText } from "./support/numbered.ts";
import { gateway, ircAccount } from "./support/relay_config.ts";
import { median, quantile } from "./support/stats.ts";

const TICKS_PER_SECOND = 100;
const pause = (waitMs: number) => new Promise((resolve) => setTimeout(resolve, waitMs));

/** Seconds of CPU that a process has used. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

await runBench("scale", async (bench) => {
  const gateways = bench.number("gateways", 2_000);
  const pairs = bench.number("accounts", 50) / 2;
  bench.heading(`${gateways} gateways over ${2 * pairs} accounts, two servers`);
  await using one = await startIrcServer();
  await using two = await startIrcServer();
  const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
  const config = numbers(pairs).map((n) =>
    ircAccount(`a${n}`, one, `MessageDelay=1`) + ircAccount(`b${n}`, two, "MessageDelay=1")
  ).join("").replaceAll(/\[irc\.(\w+)\]([^[]*?)Nick="relay"/g, '[irc.$1]$2Nick="relay$1"') +
    numbers(gateways).map((n) =>
      gateway(`g${n}`, `irc.a${n % pairs} #c${n}`, `irc.b${n % pairs} #c${n}`)
    ).join("");
  const entry = bench.text("relay");
  const startMs = performance.now();
  await using relay = await startRelay({ config, ...(entry === null ? {} : { entry }) });
  const joined = () =>
    (relay.output.match(/msg="in /g)?.length ?? 0) >= 2 * gateways;
  await until(joined, "all channels", 300_000, {
    everyMs: 100,
    seen: () => relay.output.slice(-2_000),
  });
  bench.figure("start to all joined", (performance.now() - startMs) / 1_000, "s");
  await pause(15_000);
  bench.figure("resident, idle", (await relay.memory()).residentBytes / 1e6, "MB");
  const [cpu, fromMs] = [await cpuSeconds(relay.pid), performance.now()];
  await pause(20_000);
  const share = (await cpuSeconds(relay.pid) - cpu) / (performance.now() - fromMs) * 1_000;
  bench.figure("CPU at rest", 100 * share, "% of a core");
  const channel = `#c${gateways - 1}`;
  await using talker = await IrcClient.connect({ host: one.host, port: one.port, nick: "talker" });
  await using reader = await IrcClient.connect({ host: two.host, port: two.port, nick: "reader" });
  await talker.join(channel);
  await reader.join(channel);
  const count = bench.number("messages", 200);
  const arrivals = new Arrivals(count);
  const saidAtMs: number[] = [];
  for (const number of numbers(count)) {
    saidAtMs.push(performance.now());
    void talker.say(channel, numberedText(number));
    await pause(20);
  }
  await until(() => reader.messages(channel).length >= count, "all messages", 20_000).catch(
    () => {},
  );
  for (const { text, atMs } of reader.messages(channel)) arrivals.take(text, atMs);
  const latencies = saidAtMs.flatMap((atMs, number) => (arrivals.atMs(number) ?? NaN) - atMs);
  bench.figure("a lone message through it: median", median(latencies), "ms");
  bench.figure("99th percentile", quantile(latencies, 0.99), "ms");
  bench.expectNone("lost", arrivals.lost);
});
