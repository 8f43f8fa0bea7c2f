/** Whether the memory stays flat: `deno run -A bench/mod.ts memory --messages 1000000`. */
import { startIrcServer } from "../tests/sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { cross, enterIrc, kosmiPlace } from "./support/crossing.ts";
import { gateway, ircAccount, kosmiAccount, ROOM, startRelayIn } from "./support/relay_config.ts";
import { slope } from "./support/stats.ts";

const CHANNEL = "#films";
const MB = 1e6;
/** Samples of the resident memory over the whole run. */
const SAMPLES = 40;

async function memory(bench: Bench): Promise<void> {
  const count = bench.number("messages", 40_000);
  bench.heading(`resident memory over ${count} messages, half of them each way`);
  await using kosmi = await startKosmi({ keepMessages: 1_000, keepLog: 100 });
  await using server = await startIrcServer({ historyLines: 100 });
  using irc = await enterIrc(server, CHANNEL);
  const room = kosmiPlace(kosmi, ROOM);
  const config = kosmiAccount("test", kosmi) + ircAccount("test", server) +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
  await using relay = await startRelayIn(bench, config, ["main", CHANNEL]);
  const points: { x: number; y: number }[] = [];
  const wrong = { lost: 0, doubled: 0, outOfOrder: 0 };
  const batch = { count: Math.ceil(count / SAMPLES / 2), ahead: 300, patienceMs: 10_000 };
  for (let sample = 1; sample <= SAMPLES; sample++) {
    for (const [mouth, ear] of [[irc, room], [room, irc]] as const) {
      const { arrivals } = await cross(mouth, ear, batch);
      wrong.lost += arrivals.lost;
      wrong.doubled += arrivals.doubled;
      wrong.outOfOrder += arrivals.outOfOrder;
    }
    const { residentBytes } = await relay.memory();
    points.push({ x: sample * batch.count * 2, y: residentBytes });
  }
  report(bench, points, wrong);
  const { residentBytes, peakBytes } = await relay.memory();
  bench.figure("at the end", residentBytes / MB, "MB");
  bench.figure("most it ever was", peakBytes / MB, "MB");
}

function report(
  bench: Bench,
  points: readonly { x: number; y: number }[],
  wrong: { readonly lost: number; readonly doubled: number; readonly outOfOrder: number },
): void {
  // The first half shows how the heap finds its size, the second whether it stays there.
  const second = points.slice(points.length / 2);
  const sizes = second.map((point) => point.y);
  bench.figure("slope over the second half", slope(second), "bytes/message", "within the noise");
  bench.figure("smallest in the second half", Math.min(...sizes) / MB, "MB");
  bench.figure("largest in the second half", Math.max(...sizes) / MB, "MB");
  bench.expectNone("lost", wrong.lost);
  bench.expectNone("doubled", wrong.doubled);
  bench.expectNone("out of order", wrong.outOfOrder);
}

await runBench("memory", memory);
