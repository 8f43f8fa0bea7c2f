/**
 * Two programs on the same work, in turn, in one run: the relay and the one behind `--against FILE` (an older relay, or
 * another one such as Matterbridge). Ratios are taken within a round and shown with their spread: on a shared machine a
 * single figure says little. `--against-config FILE` is its configuration, with {ONE} and {TWO} in place of the two
 * servers' host:port and {CHANNEL} in place of the channel; without it, it gets the relay's own.
 */
import { IrcClient } from "../tests/support/irc_client.ts";
import { startNgircd, type TestIrcServer } from "../tests/support/irc_servers.ts";
import { type RelayProcess, startRelay } from "../tests/support/relay_process.ts";
import { until } from "../tests/support/wait.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { Arrivals, numberedText } from "./support/numbered.ts";
import { gateway, ircAccount } from "./support/relay_config.ts";
import { median, quantile } from "./support/stats.ts";

const CHANNEL = "#films";
const BURST = 500;
const FIGURES = {
  startMs: "start to both joined, ms",
  directMs: "lone message, directly: median, ms",
  medianMs: "lone message: median, ms",
  p99Ms: "lone message: 99th percentile, ms",
  burstPerSecond: "burst of 500: messages/s",
  idleMb: "resident when joined, MB",
  busyMb: "resident after the burst, MB",
} as const;

type Figure = keyof typeof FIGURES;
type Figures = Record<Figure, number>;

interface Program {
  readonly name: string;
  /** Null: the relay from source. */
  readonly entry: string | null;
  readonly config: (one: TestIrcServer, two: TestIrcServer) => string;
}

const address = ({ host, port }: TestIrcServer): string => `${host}:${port}`;

function ownConfig(one: TestIrcServer, two: TestIrcServer): string {
  return ircAccount("one", one) + ircAccount("two", two) +
    gateway("films", `irc.one ${CHANNEL}`, `irc.two ${CHANNEL}`);
}

async function programs(bench: Bench): Promise<[Program, Program]> {
  const against = bench.text("against");
  if (against === null) throw new Error("Cannot pair: name the other program with --against FILE");
  const file = bench.text("against-config");
  const template = file === null ? null : await Deno.readTextFile(file);
  const otherConfig = (one: TestIrcServer, two: TestIrcServer): string =>
    template === null ? ownConfig(one, two) : template.replaceAll("{ONE}", address(one))
      .replaceAll("{TWO}", address(two)).replaceAll("{CHANNEL}", CHANNEL);
  return [
    { name: "relay", entry: bench.text("relay"), config: ownConfig },
    { name: against.split("/").at(-1) ?? against, entry: against, config: otherConfig },
  ];
}

/** One program on fresh servers, from its start to its end. */
async function round(bench: Bench, program: Program): Promise<Figures> {
  await using one = await startNgircd({ penalty: false });
  await using two = await startNgircd({ penalty: false });
  await using talker = await enter(one, "talker");
  await using beside = await enter(one, "beside");
  await using reader = await enter(two, "reader");
  const startMs = performance.now();
  const { entry } = program;
  await using relay = await startRelay({
    config: program.config(one, two),
    ...(entry === null ? {} : { entry }),
  });
  for (const client of [beside, reader]) {
    const joined = (nick: string) => !["talker", "beside", "reader"].includes(nick);
    await client.waitFor((line) => line.command === "JOIN" && joined(line.nick), "the program", {
      timeoutMs: 60_000,
    });
  }
  const tookMs = performance.now() - startMs;
  await pause(1_000);
  const idleMb = await residentMb(relay);
  const lone = await loneMessages(bench, talker, beside, reader);
  const burstPerSecond = await burst(bench, program, talker, reader);
  return { startMs: tookMs, ...lone, burstPerSecond, idleMb, busyMb: await residentMb(relay) };
}

async function enter(server: TestIrcServer, nick: string): Promise<IrcClient> {
  const client = await IrcClient.connect({ host: server.host, port: server.port, nick });
  await client.join(CHANNEL);
  return client;
}

async function residentMb(relay: RelayProcess): Promise<number> {
  return (await relay.memory()).residentBytes / 1e6;
}

const pause = (waitMs: number) => new Promise((resolve) => setTimeout(resolve, waitMs));

/** Each message is seen beside its speaker, directly, and on the other server. */
async function loneMessages(
  bench: Bench,
  talker: IrcClient,
  beside: IrcClient,
  reader: IrcClient,
): Promise<Pick<Figures, "directMs" | "medianMs" | "p99Ms">> {
  const count = bench.number("messages", 300);
  const [direct, through] = [new Arrivals(count), new Arrivals(count)];
  const saidAtMs: number[] = [];
  for (let number = 0; number < count; number++) {
    saidAtMs.push(performance.now());
    void talker.say(CHANNEL, numberedText(number));
    await pause(bench.number("every", 20));
  }
  const look = () => {
    for (const { text, atMs } of beside.messages(CHANNEL)) direct.take(text, atMs);
    for (const { text, atMs } of reader.messages(CHANNEL)) through.take(text, atMs);
    return true;
  };
  await until(() => reader.messages(CHANNEL).length >= count, "all messages", 20_000).catch(
    () => {},
  );
  look();
  if (through.lost > 0) bench.note(`lost: ${through.lost} of ${count} paced messages`);
  const took = (arrivals: Arrivals) =>
    saidAtMs.flatMap((atMs, number) => {
      const arrivedMs = arrivals.atMs(number);
      return arrivedMs === null ? [] : [arrivedMs - atMs];
    });
  return {
    directMs: median(took(direct)),
    medianMs: median(took(through)),
    p99Ms: quantile(took(through), 0.99),
  };
}

async function burst(
  bench: Bench,
  program: Program,
  talker: IrcClient,
  reader: IrcClient,
): Promise<number> {
  const before = reader.messages(CHANNEL).length;
  const startMs = performance.now();
  for (let number = 0; number < BURST; number++) {
    void talker.say(CHANNEL, numberedText(number));
  }
  let [seen, changedMs] = [before, performance.now()];
  const settled = () => {
    const now = reader.messages(CHANNEL).length;
    if (now !== seen) [seen, changedMs] = [now, performance.now()];
    return now - before >= BURST || performance.now() - changedMs > 5_000;
  };
  await until(settled, "the burst", 60_000, { everyMs: 2 }).catch(() => {});
  const arrivals = new Arrivals(BURST);
  const messages = reader.messages(CHANNEL).slice(before);
  for (const { text, atMs } of messages) arrivals.take(text, atMs);
  if (arrivals.lost + arrivals.outOfOrder + arrivals.doubled > 0) {
    const { lost, outOfOrder, doubled } = arrivals;
    bench.note(
      `${program.name}: ${lost} lost, ${outOfOrder} out of order, ${doubled} doubled of ${BURST}`,
    );
  }
  return arrivals.count / ((messages.at(-1)?.atMs ?? NaN) - startMs) * 1_000;
}

function report(
  bench: Bench,
  names: readonly string[],
  rounds: readonly (readonly Figures[])[],
): void {
  bench.heading(
    `${names.join(" and ")}, ${
      rounds[0]?.length ?? 0
    } rounds in turn: medians, and the ratio (least to most)`,
  );
  const [own = [], other = []] = rounds;
  for (const figure of Object.keys(FIGURES) as Figure[]) {
    const [a, b] = [own, other].map((all) => all.map((one) => one[figure]));
    const ratios = own.map((one, i) => one[figure] / (other[i]?.[figure] ?? NaN));
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const values = [a, b].map((all) => median(all ?? []).toFixed(2).padStart(10)).join("");
    bench.note(
      `${FIGURES[figure].padEnd(40)}${values}   x ${median(ratios).toFixed(2)} (${spread})`,
    );
  }
}

await runBench("pair", async (bench) => {
  const pair = await programs(bench);
  const rounds: Figures[][] = [[], []];
  for (let number = 0; number < bench.number("rounds", 5); number++) {
    // In turn, and each first in every second round: a machine that warms up or slows down favours neither.
    for (const which of number % 2 === 0 ? [0, 1] : [1, 0]) {
      const program = pair[which];
      if (program !== undefined) rounds[which]?.push(await round(bench, program));
    }
  }
  report(bench, pair.map(({ name }) => name), rounds);
});
