import { until } from "../../support/wait.ts";
import type { Deviation } from "./deviation.ts";
import { FaultPlayer } from "./fault_player.ts";
import { delay, type FaultRecord, faultsAround } from "./fault_record.ts";
import { CHANNEL, createFaultWorld, type FaultWorld, ROOM } from "./fault_world.ts";
import { expectedMarks, judge } from "./judge.ts";
import { marksIn, textFor } from "./numbered.ts";
import type { Plan, Side } from "./plan.ts";
import type { Said, Shown } from "./said.ts";
import { Witness } from "./witness.ts";

/** What came of one seed. */
export interface SeedResult {
  readonly plan: Plan;
  /** Numbers that had to appear. */
  readonly expected: number;
  readonly deviations: readonly (Deviation & { readonly around: string })[];
  /** What the relay itself said of losses, at the destinations. */
  readonly announced: readonly string[];
  readonly records: readonly FaultRecord[];
  /** Anything else that must not be: it never settled, a fault of the program was logged … */
  readonly troubles: readonly string[];
  readonly tookMs: number;
  /** What the relay logged, what was shown, what passed to and from the IRC server. */
  readonly log: string;
}

const SETTLE_TIMEOUT_MS = 100_000;
/** What has gathered in an outage leaves at the usual pace: one line each 1.3 s, some messages in two. */
const LONGEST_MESSAGE_MS = 2_600;
const FENCE_EVERY_MS = 1_500;
const QUIET_MS = 1_000;

/** Plays a schedule from the start of its world to the comparison. */
export async function runSeed(plan: Plan): Promise<SeedResult> {
  const startedMs = performance.now();
  await using world = await createFaultWorld(plan);
  const player = new FaultPlayer(world);
  const said = await playSchedule(plan, world, player);
  const troubles: string[] = [];
  try {
    const pacedMs = plan.pace === "free" ? 0 : plan.utterances.length * LONGEST_MESSAGE_MS;
    await settle(world, SETTLE_TIMEOUT_MS + pacedMs);
  } catch (error) {
    troubles.push(error instanceof Error ? error.message.split("\n")[0] ?? "" : String(error));
  }
  const shown = { kosmi: shownInKosmi(world), irc: world.people.lines() };
  const witness = new Witness([...world.tap.links.values()], player.records, world.irc);
  const deviations = judge({ said, shown, excuses: witness });
  troubles.push(...faultsInLog(world.relay.output));
  return {
    plan,
    expected: [...expectedMarks(said, "kosmi"), ...expectedMarks(said, "irc")].length,
    deviations: deviations.map((one) => ({
      ...one,
      around: faultsAround(player.records, one.atMs),
    })),
    announced: announcements(shown),
    records: player.records,
    troubles,
    tookMs: performance.now() - startedMs,
    log: [
      world.relay.output,
      ...(["irc", "kosmi"] as const).flatMap((side) => [
        `== shown at ${side}`,
        ...shown[side].map(({ text, atMs }) => `${Math.round(atMs)} ${text}`),
      ]),
      ...[...world.tap.links].flatMap(([number, { lines }]) => [
        `== connection ${number} to IRC`,
        ...lines.map(({ way, atMs, text }) =>
          `${Math.round(atMs)} ${way === "toServer" ? ">" : "<"} ${text}`
        ),
      ]),
    ].join("\n"),
  };
}

async function playSchedule(plan: Plan, world: FaultWorld, player: FaultPlayer): Promise<Said[]> {
  const beganMs = performance.now();
  const said: Said[] = [];
  const waiting: Promise<unknown>[] = [];
  const steps = [
    ...plan.utterances.map((utterance) => ({ atMs: utterance.atMs, utterance })),
    ...plan.faults,
  ].sort((one, other) => one.atMs - other.atMs);
  for (const step of steps) {
    const waitMs = beganMs + step.atMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    if ("fault" in step) waiting.push(player.play(step.fault));
    else if (step.utterance.side === "irc") {
      const { utterance } = step;
      const atMs = performance.now();
      const place = said.push({ utterance, outcome: "unknown", atMs }) - 1;
      waiting.push(
        world.people.say(utterance.speaker, textFor(utterance)).then((outcome) =>
          said[place] = { utterance, outcome, atMs }
        ),
      );
    } else if (player.kosmiUp) {
      const { utterance } = step;
      said.push({ utterance, outcome: "confirmed", atMs: performance.now() });
      world.kosmi.say(ROOM, { name: utterance.speaker }, textFor(utterance));
    }
  }
  await Promise.all(waiting);
  return said;
}

/**
 * All that was said has arrived, or never will, when what each speaker says after all faults has crossed: the relay
 * keeps the order of each, and lets them take turns.
 */
async function settle(world: FaultWorld, limitMs: number): Promise<void> {
  const { people, kosmi } = world;
  await until(() => people.relayIsThere(), "the relay to be in the channel", limitMs, {
    everyMs: 200,
  });
  const crossed = (name: string) => {
    const texts = IN_KOSMI.includes(name) ? people.lines() : shownInKosmi(world);
    return texts.some(({ text }) => text.includes(`fence-${name}-`));
  };
  const say = (name: string, text: string) => {
    if (IN_KOSMI.includes(name)) kosmi.say(ROOM, { name }, text);
    else void people.say(name, text);
  };
  let lastMs = -Infinity;
  let count = 0;
  await until(
    () => {
      const missing = SPEAKERS.filter((name) => !crossed(name));
      if (performance.now() - lastMs > FENCE_EVERY_MS) {
        lastMs = performance.now();
        count++;
        for (const name of missing) say(name, `fence-${name}-${count}`);
      }
      return missing.length === 0;
    },
    "what each speaker said last to cross",
    limitMs,
    { everyMs: 50 },
  );
  // A second copy that is on its way comes soon after.
  await delay(QUIET_MS);
}

const IN_KOSMI = ["zoe", "yan"];
const SPEAKERS = [...IN_KOSMI, "alice", "bob"];

function shownInKosmi({ kosmi }: FaultWorld): Shown[] {
  return kosmi.messages(ROOM).filter(({ author }) => !IN_KOSMI.includes(author.name))
    .map(({ text, atMs }) => ({ text, atMs }));
}

function announcements(shown: Readonly<Record<Side, readonly Shown[]>>): string[] {
  return [...shown.kosmi, ...shown.irc].map(({ text }) => text).filter((text) =>
    marksIn(text).length === 0 && /older message|Some messages of/.test(text)
  );
}

function faultsInLog(output: string): string[] {
  return output.split("\n").filter((line) =>
    /internal error, please|Fault while handling/.test(line)
  )
    .slice(0, 3);
}

export { CHANNEL };
