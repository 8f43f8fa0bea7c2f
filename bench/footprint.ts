// Size, start and memory of the compiled relay against the stand-in Kosmi and the small IRC server:
//   deno run -A bench/footprint.ts --relay ./kosmi-relay [--rounds 9] [--idle-seconds 60] [--messages 2000]
// The first start logs in with Chromium; those that are measured use the cached token.
import { startIrcServer } from "../tests/sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import type { RelayProcess } from "../tests/support/relay_process.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { cross, enterIrc, kosmiPlace } from "./support/crossing.ts";
import { gateway, ircAccount, kosmiAccount, ROOM, startRelayIn } from "./support/relay_config.ts";
import { median } from "./support/stats.ts";

const CHANNEL = "#films";
const MB = 1e6;
const LOGIN = 'MessageDelay=0\nEmail="bot@example.org"\nPassword="s3cr3t horse"';

async function footprint(bench: Bench): Promise<void> {
  bench.heading("footprint of the program");
  const program = bench.text("relay");
  if (program !== null) {
    bench.figure("size of the file", (await Deno.stat(program)).size / MB, "MB");
  }
  await using kosmi = await startKosmi({ keepMessages: 1_000, keepLog: 100 });
  await using server = await startIrcServer({ historyLines: 100 });
  using irc = await enterIrc(server, CHANNEL);
  const config = kosmiAccount("test", kosmi, LOGIN) + ircAccount("test", server) +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
  await using relay = await startRelayIn(bench, config, ["main", CHANNEL]);
  const starts: number[] = [];
  for (let round = 0; round < bench.number("rounds", 9); round++) starts.push(await restart(relay));
  if (kosmi.counters.logins !== 1) throw new Error("Cannot measure: a cached start logged in");
  bench.figure("start to joined on both sides, median", median(starts), "ms");
  bench.figure("start to joined on both sides, best", Math.min(...starts), "ms");
  await wait(bench.number("idle-seconds", 60));
  bench.figure("resident, idle", (await relay.memory()).residentBytes / MB, "MB");
  const count = bench.number("messages", 2_000);
  const busy = { count: count / 2, ahead: 300, patienceMs: 20_000 };
  const room = kosmiPlace(kosmi, ROOM);
  for (const [mouth, ear] of [[irc, room], [room, irc]] as const) await cross(mouth, ear, busy);
  bench.figure(
    `resident, after ${count} messages at once`,
    (await relay.memory()).residentBytes / MB,
    "MB",
  );
  await wait(bench.number("rest-seconds", 20));
  bench.figure("resident, after a rest", (await relay.memory()).residentBytes / MB, "MB");
  bench.figure("resident, most", (await relay.memory()).peakBytes / MB, "MB");
}

/** Milliseconds from before the process exists until it is in both places. */
async function restart(relay: RelayProcess): Promise<number> {
  await relay.stop("SIGTERM");
  const since = relay.mark();
  const startedMs = performance.now();
  relay.start();
  for (const place of ["main", CHANNEL]) {
    await relay.waitForLog(new RegExp(`msg="in ${place}"`), { since, timeoutMs: 60_000 });
  }
  return performance.now() - startedMs;
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

await runBench("footprint", footprint);
