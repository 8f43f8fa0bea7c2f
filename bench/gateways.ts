/** What 1, 10, 100 and 500 gateways cost in memory and in time to start. */
import { startIrcServer } from "../tests/sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { until } from "../tests/support/wait.ts";
import { startRelay } from "../tests/support/relay_process.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { gateway, ircAccount, kosmiAccount } from "./support/relay_config.ts";

const COUNTS = [1, 10, 100, 500];

interface Cost {
  readonly gateways: number;
  readonly startMs: number;
  readonly residentBytes: number;
}

/** Each gateway joins a room and a channel of its own, over one account on each side. */
async function measure(bench: Bench, count: number): Promise<Cost> {
  const names = Array.from({ length: count }, (_, number) => `room${number}`);
  await using kosmi = await startKosmi({ rooms: [{ id: "@movienight" }, ...names.map(room)] });
  await using irc = await startIrcServer();
  const config = kosmiAccount("test", kosmi) + ircAccount("test", irc) +
    names.map((name) => gateway(name, `irc.test #${name}`, `kosmi.test ${kosmi.roomUrl(name)}`))
      .join("");
  const entry = bench.text("relay");
  const startMs = performance.now();
  await using relay = await startRelay({ config, ...(entry === null ? {} : { entry }) });
  const joined = () => relay.output.match(/msg="in /g)?.length === 2 * count;
  await until(joined, `${2 * count} channels`, 120_000, { everyMs: 25, seen: () => relay.output });
  const tookMs = performance.now() - startMs;
  // The relay has its heap collected some seconds after the start.
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const { residentBytes } = await relay.memory();
  return { gateways: count, startMs: tookMs, residentBytes };
}

function room(id: string): { id: string } {
  return { id };
}

await runBench("gateways", async (bench) => {
  // The first start after a change writes Deno's caches: no measure.
  await measure(bench, 1);
  const costs: Cost[] = [];
  for (const count of COUNTS) {
    const cost = await measure(bench, count);
    costs.push(cost);
    bench.figure(`${count} gateways: start to all joined`, cost.startMs, "ms");
    bench.figure(`${count} gateways: resident`, cost.residentBytes / 1e6, "MB");
  }
  const first = costs[0];
  if (first === undefined) return;
  for (const cost of costs.slice(1)) {
    const more = cost.gateways - first.gateways;
    const kB = (cost.residentBytes - first.residentBytes) / more / 1_000;
    bench.figure(`up to ${cost.gateways}: memory a gateway`, kB, "kB", "<= 150");
    bench.figure(
      `up to ${cost.gateways}: start a gateway`,
      (cost.startMs - first.startMs) / more,
      "ms",
    );
  }
});
