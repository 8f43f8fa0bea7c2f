import type { VariantChange } from "../../sandbox/kosmi/mod.ts";
import type { Fault, LinkName } from "./fault.ts";
import { SeededRandom } from "./random.ts";

export type ServerKind = "inspircd" | "ngircd" | "chathistory";
export type Side = "kosmi" | "irc";

/** A numbered message that somebody says. */
export interface Utterance {
  readonly atMs: number;
  readonly side: Side;
  readonly speaker: string;
  readonly number: number;
  /** A "word" bears no number: how often it was said is all that tells whether it arrived. */
  readonly shape: "line" | "long line" | "two lines" | "word";
}

export interface PlannedFault {
  readonly atMs: number;
  readonly fault: Fault;
}

/** All that is decided before a run; the same for the same seed. */
export interface Plan {
  readonly seed: number;
  readonly server: ServerKind;
  /** The relay's flood control: switched off, or as it is by default. */
  readonly pace: "free" | "default";
  readonly login: "token" | "anonymous";
  readonly kosmi: VariantChange;
  readonly utterances: readonly Utterance[];
  readonly faults: readonly PlannedFault[];
}

/** What the machine allows. */
export interface PlanLimits {
  readonly diskFull: boolean;
  readonly clockJump: boolean;
}

/** How much happens. */
export interface Intensity {
  readonly talkMs: number;
  readonly mostFaults: number;
  /** How long a silent link can be silent. */
  readonly silencesMs: readonly [number, ...number[]];
  /** How long Kosmi can be in trouble while its links stay up, and a service away; null: that is not played. */
  readonly brownOutsMs: readonly [number, ...number[]];
  readonly longOutagesMs: readonly [number, ...number[]] | null;
}

export const SHORT: Intensity = {
  talkMs: 7_000,
  mostFaults: 7,
  silencesMs: [500, 1_500, 4_000],
  brownOutsMs: [1_000, 3_000, 6_000],
  longOutagesMs: null,
};

/** Silences longer than what the bridges wait for answers, and one that only the watch over the link ends. */
export const HARSH: Intensity = {
  talkMs: 25_000,
  mostFaults: 16,
  silencesMs: [500, 4_000, 12_000, 18_000, 18_000, 100_000],
  brownOutsMs: [6_000, 20_000, 50_000],
  longOutagesMs: [32_000, 45_000],
};

const SERVERS = ["inspircd", "ngircd", "chathistory"] as const;
const SPEAKERS: readonly (readonly [Side, string])[] = [
  ["kosmi", "zoe"],
  ["kosmi", "yan"],
  ["irc", "alice"],
  ["irc", "bob"],
];

/** The schedule of a seed. Servers take turns, so that few seeds meet each of them. */
export function planOf(seed: number, limits: PlanLimits, intensity: Intensity = SHORT): Plan {
  const random = new SeededRandom(seed * 7919 + 17);
  const pace = random.chance(0.2) ? "default" : "free";
  const server = SERVERS[seed % SERVERS.length] ?? "inspircd";
  const plan = {
    seed,
    server,
    pace,
    login: random.chance(0.5) ? "token" : "anonymous",
    kosmi: kosmiVariant(random),
    utterances: utterances(random, pace === "free" ? 260 : 900, intensity.talkMs),
    faults: faults(random, limits, intensity),
  } as const;
  // From a source of its own, so that what came before stays the schedule of its seed.
  const more = new SeededRandom(seed * 104_729 + 3);
  const troubles = [...brownOuts(more, intensity), ...longOutages(more, intensity)];
  return {
    ...plan,
    // Only where the history tells everything can words without numbers be counted.
    utterances: server === "chathistory" ? withWords(more, plan.utterances) : plan.utterances,
    faults: [...plan.faults, ...troubles].sort((one, other) => one.atMs - other.atMs),
  };
}

/** Some of what was a line with a number is a word that its speaker says again and again. */
function withWords(random: SeededRandom, utterances: readonly Utterance[]): Utterance[] {
  return utterances.map((one) =>
    one.shape === "line" && random.chance(0.3) ? { ...one, shape: "word" } : one
  );
}

function brownOuts(random: SeededRandom, { talkMs, brownOutsMs }: Intensity): PlannedFault[] {
  if (random.chance(0.5)) return [];
  const fault = { kind: "Kosmi browned out", forMs: random.pick(brownOutsMs) } as const;
  return [{ atMs: random.int(200, talkMs), fault }];
}

function longOutages(random: SeededRandom, { talkMs, longOutagesMs }: Intensity): PlannedFault[] {
  if (longOutagesMs === null || random.chance(0.5)) return [];
  const kind = random.pick(["Kosmi restarted", "IRC server stopped"]);
  return [{ atMs: random.int(200, talkMs), fault: { kind, downMs: random.pick(longOutagesMs) } }];
}

function kosmiVariant(random: SeededRandom): VariantChange {
  return {
    timeUnit: random.pick(["seconds", "milliseconds"]),
    shuffle: random.chance(0.4) ? { seed: random.int(1, 1e6), maxDelayMs: 60 } : null,
    echoFirst: random.chance(0.3),
    sendReturnsId: random.chance(0.5),
    deliveryDelayMs: random.chance(0.2) ? random.int(10, 400) : 0,
    duplicates: random.chance(0.1) ? 1 : 0,
    archivePageSize: random.pick([50, 50, 10, 200]),
    archiveOrder: random.chance(0.25) ? "newest-first" : "oldest-first",
  };
}

function utterances(random: SeededRandom, meanMs: number, talkMs: number): Utterance[] {
  return SPEAKERS.flatMap(([side, speaker]) => {
    const said: Utterance[] = [];
    for (let atMs = random.int(0, meanMs); atMs < talkMs;) {
      const roll = random.next();
      const shape = roll < 0.8 || side === "irc" ? "line" : roll < 0.9 ? "two lines" : "long line";
      said.push({ atMs, side, speaker, number: said.length + 1, shape });
      // People speak in bursts: now and then several lines in a row.
      atMs += random.chance(0.3) ? random.int(0, 20) : random.int(20, meanMs * 2);
    }
    return said;
  }).sort((one, other) => one.atMs - other.atMs);
}

function faults(random: SeededRandom, limits: PlanLimits, intensity: Intensity): PlannedFault[] {
  const silent = (random: SeededRandom) => silentLink(random, intensity.silencesMs);
  const kinds = [
    relayDown,
    relayDown,
    ircDown,
    kosmiDown,
    cut,
    cut,
    halfClose,
    silent,
    silent,
    slow,
    diskFull,
    clockJump,
  ];
  const planned: PlannedFault[] = [];
  for (let count = random.int(2, intensity.mostFaults); count > 0; count--) {
    const make = kinds[random.int(0, kinds.length - 1)] ?? cut;
    planned.push({ atMs: random.int(200, intensity.talkMs), fault: make(random) });
  }
  // What this machine can't do is left out; the rest of the schedule stays what it is elsewhere.
  return planned.filter(({ fault: { kind } }) =>
    (kind !== "disk full" || limits.diskFull) && (kind !== "clock jumped" || limits.clockJump)
  ).sort((one, other) => one.atMs - other.atMs);
}

function link(random: SeededRandom): LinkName {
  return random.pick(["irc", "kosmi"]);
}

function relayDown(random: SeededRandom): Fault {
  const kind = random.pick(["relay killed", "relay killed", "relay stopped"]);
  return { kind, downMs: random.pick([0, 300, 2_000]) };
}

function ircDown(random: SeededRandom): Fault {
  const kind = random.pick(["IRC server killed", "IRC server stopped"]);
  return { kind, downMs: random.pick([0, 500, 2_000]) };
}

function kosmiDown(random: SeededRandom): Fault {
  return { kind: "Kosmi restarted", downMs: random.pick([0, 500, 2_000]) };
}

function cut(random: SeededRandom): Fault {
  return { kind: "link cut", link: link(random), how: random.pick(["rst", "fin"]) };
}

function halfClose(random: SeededRandom): Fault {
  const direction = random.pick(["toServer", "toClient"]);
  return { kind: "link half closed", link: link(random), direction };
}

function silentLink(random: SeededRandom, silencesMs: Intensity["silencesMs"]): Fault {
  return {
    kind: "link silent",
    link: link(random),
    direction: random.pick(["both", "toServer", "toClient"]),
    forMs: random.pick(silencesMs),
    thenCut: random.chance(0.5),
  };
}

function slow(random: SeededRandom): Fault {
  const throttled = random.chance(0.5);
  return {
    kind: "link slow",
    link: link(random),
    delayMs: throttled ? null : random.int(30, 600),
    bytesPerSecond: throttled ? random.pick([500, 2_000, 10_000]) : null,
    forMs: random.int(500, 4_000),
  };
}

function diskFull(random: SeededRandom): Fault {
  return { kind: "disk full", forMs: random.int(500, 3_000) };
}

function clockJump(random: SeededRandom): Fault {
  const byMs = random.pick([-3_600_000, -90_000, -5_000, 5_000, 90_000, 3_600_000]);
  return { kind: "clock jumped", byMs };
}
