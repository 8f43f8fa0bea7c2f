import { type ApiHabits, withApi } from "./api_service.ts";
import { drawHabits, type Habits } from "./habits.ts";
import { type IrcHabits, withIrc } from "./irc_service.ts";
import { withMatterbridge } from "./matterbridge_service.ts";
import { Random } from "./random.ts";

/** Something that happens at a time of the world, drawn beforehand. */
export type Happening = { readonly atMs: number } & Doing;

export type Doing =
  | {
    readonly kind: "say";
    readonly service: number;
    readonly channel: number;
    readonly speaker: number;
    readonly text: string;
    /** The how-manieth message before it is answered; 0: none. */
    readonly answers: number;
    readonly poison: "render" | "compose" | null;
  }
  | {
    readonly kind: "edit" | "delete" | "react";
    readonly service: number;
    readonly channel: number;
    readonly back: number;
  }
  | {
    readonly kind: "crash";
    readonly after: number;
    readonly how: "now" | "before" | "torn" | "after";
    readonly downMs: number;
  }
  | { readonly kind: "stop"; readonly downMs: number }
  | { readonly kind: "cut"; readonly service: number; readonly times: number }
  | {
    readonly kind: "outage";
    readonly service: number;
    readonly forMs: number;
    readonly forgets: boolean;
  }
  | {
    readonly kind: "stall";
    readonly service: number;
    readonly forMs: number;
    readonly dies: boolean;
  }
  | {
    readonly kind: "mood";
    readonly service: number;
    readonly mood: "mute" | "deaf" | "failing";
    readonly forMs: number;
  }
  | {
    readonly kind: "slow";
    readonly service: number;
    readonly byMs: number;
    readonly forMs: number;
  }
  | { readonly kind: "kick"; readonly service: number; readonly channel: number }
  | {
    readonly kind: "ban";
    readonly service: number;
    readonly channel: number;
    readonly forMs: number;
  }
  | { readonly kind: "enter-again"; readonly service: number; readonly channel: number }
  | { readonly kind: "disk-full"; readonly forMs: number }
  | { readonly kind: "disk-slow"; readonly syncMs: number; readonly forMs: number }
  | { readonly kind: "clock"; readonly byMs: number }
  | { readonly kind: "service-clock"; readonly service: number; readonly byMs: number }
  | { readonly kind: "suspend"; readonly forMs: number }
  | { readonly kind: "reload"; readonly replaces: number | null };

export interface Limits {
  readonly outboxMaxAgeMs: number;
  readonly outboxMaxMessages: number;
  readonly catchUpMaxMessages: number;
  readonly catchUpMaxAgeMs: number;
}

export interface PlannedService {
  readonly habits: Habits;
  readonly channels: number;
  readonly kind: ServiceKind;
}

/** Where a real bridge meets another side that speaks its protocol; "port": over the port. */
export type ServiceKind =
  | "port"
  | "matterbridge"
  | { readonly irc: IrcHabits }
  | { readonly api: ApiHabits };

/** A whole world before it begins. */
export interface Plan {
  readonly seed: number;
  readonly services: readonly PlannedService[];
  readonly speakers: number;
  /** Messages that stand in each channel before the relay comes for the first time. */
  readonly before: number;
  readonly limits: Limits;
  readonly onFile: boolean;
  readonly schedule: readonly Happening[];
}

const SENTENCE = "the same sentence, said by everybody and more than once";
const WORDS = ["lol", "lol", "lol", "yes", "yes", "ok", SENTENCE, "lol\nlol", " "];
const DAY_MS = 86_400_000;

export function drawPlan(seed: number): Plan {
  const random = new Random(seed, "plan");
  const drawn = Array.from({ length: random.chance(0.75) ? 2 : 3 }, () => drawService(random));
  const services = withOverHttp(drawn, new Random(seed, "http"));
  const isLong = random.chance(0.1);
  const limits = {
    outboxMaxAgeMs: random.pick([DAY_MS, DAY_MS, DAY_MS, 3_600_000, 60_000]),
    outboxMaxMessages: random.pick([10_000, 10_000, 10_000, 4]),
    catchUpMaxMessages: random.pick([500, 500, 500, 500, 3, 0]),
    catchUpMaxAgeMs: random.pick([DAY_MS, DAY_MS, DAY_MS, 20_000]),
  };
  const activeMs = isLong ? random.between(600_000, 7_200_000) : random.between(15_000, 150_000);
  const shape = { random, services, activeMs, isLong };
  const schedule = [...drawTalk(shape), ...drawFaults(shape)].sort((a, b) => a.atMs - b.atMs);
  const speakers = random.whole(1, 3);
  const before = random.chance(0.3) ? random.whole(1, 3) : 0;
  return { seed, services, speakers, before, limits, onFile: random.chance(0.05), schedule };
}

function drawService(random: Random): PlannedService {
  const habits = drawHabits(random);
  const channels = random.chance(0.7) ? 1 : 2;
  if (!random.chance(0.3)) return { habits, channels, kind: "port" };
  const irc = drawIrc(random);
  return { habits: withIrc(habits, irc), channels, kind: { irc } };
}

/** In some worlds one of the services is at the other end of the API, or a Matterbridge. */
function withOverHttp(services: readonly PlannedService[], random: Random): PlannedService[] {
  const chosen = random.chance(0.08) ? random.whole(0, services.length - 1) : -1;
  return services.map((service, at) => {
    if (at !== chosen) return service;
    const { habits, channels } = service;
    if (random.chance(0.5)) {
      return { habits: withMatterbridge(habits), channels, kind: "matterbridge" };
    }
    const [streams, resumes, repeats] = [
      random.chance(0.7),
      random.chance(0.6),
      random.chance(0.7),
    ];
    return { habits: withApi(habits), channels, kind: { api: { streams, resumes, repeats } } };
  });
}

const STAMPED = ["message-tags", "server-time", "batch"];

function drawIrc(random: Random): IrcHabits {
  const kind = random.pick(
    ["plain", "stamped", "echo", "labels", "full", "full", "plays", "bouncer"] as const,
  );
  const stampsAll = random.chance(0.7);
  const none = { plays: false, bouncer: false, stampsAll };
  switch (kind) {
    case "plain":
      return { caps: ["multi-prefix"], ...none };
    case "stamped":
      return { caps: STAMPED, ...none };
    case "echo":
      return { caps: [...STAMPED, "echo-message"], ...none };
    case "labels":
      return { caps: [...STAMPED, "echo-message", "labeled-response"], ...none };
    case "full": {
      const caps = [...STAMPED, "echo-message", "labeled-response", "draft/chathistory"];
      return { caps: random.chance(0.4) ? [...caps, "draft/message-redaction"] : caps, ...none };
    }
    case "bouncer": {
      const caps = ["batch", "echo-message", "server-time", "znc.in/self-message"];
      return { caps, plays: false, bouncer: true, stampsAll: true };
    }
    case "plays":
      return { caps: [...STAMPED, "echo-message"], plays: true, bouncer: false, stampsAll };
  }
}

interface Shape {
  readonly random: Random;
  readonly services: Plan["services"];
  readonly activeMs: number;
  readonly isLong: boolean;
}

function drawTalk({ random, services, activeMs }: Shape): Happening[] {
  const talk: Happening[] = [];
  const count = random.whole(6, 45);
  const bursts = random.chance(0.5);
  let atMs = 3_000;
  for (let said = 0; said < count; said++) {
    const service = random.whole(0, services.length - 1);
    const channel = random.whole(0, (services[service]?.channels ?? 1) - 1);
    const stepMs = bursts && random.chance(0.8) ? random.between(0, 300) : activeMs / count * 2;
    atMs += random.between(0, stepMs);
    const speaker = random.whole(0, 2);
    const poison = random.chance(0.008) ? random.pick(["render", "compose"] as const) : null;
    const answers = random.chance(0.1) ? random.whole(1, 4) : 0;
    talk.push({
      atMs,
      kind: "say",
      service,
      channel,
      speaker,
      text: words(random),
      answers,
      poison,
    });
    if (!random.chance(0.15)) continue;
    const kind = random.pick(["edit", "delete", "delete", "react"] as const);
    const laterMs = random.pick([0, random.between(0, 1_000), random.between(0, 30_000)]);
    talk.push({ atMs: atMs + laterMs, kind, service, channel, back: random.whole(1, 2) });
  }
  return talk;
}

function words(random: Random): string {
  if (random.chance(0.06)) return "a long text that has to be cut ".repeat(random.whole(5, 20));
  return random.pick(WORDS);
}

function drawFaults(shape: Shape): Happening[] {
  const { random, activeMs } = shape;
  const count = random.pick([0, 1, 1, 2, 2, 3, 4, 6]);
  const faults = Array.from({ length: count }, () => ({
    atMs: random.between(500, activeMs + 5_000),
    ...drawFault(shape),
  }));
  return faults.flatMap((fault) => [fault, ...drawTalkDuring(shape, fault)]);
}

/** A disk is slow only while it is used. */
function drawTalkDuring({ random, services }: Shape, fault: Happening): Happening[] {
  if (fault.kind !== "disk-slow" || fault.syncMs < 300) return [];
  const steps = Math.min(40, Math.floor(fault.forMs / 500));
  return Array.from({ length: steps }, (_, step) => ({
    ...{ kind: "say", channel: 0, text: "lol", answers: 0, poison: null },
    atMs: fault.atMs + step * 500,
    service: random.whole(0, services.length - 1),
    speaker: random.whole(0, 2),
  }));
}

function drawFault({ random, services, isLong }: Shape): Doing {
  const service = random.whole(0, services.length - 1);
  const channel = random.whole(0, (services[service]?.channels ?? 1) - 1);
  const forMs = random.pick([
    random.between(500, 5_000),
    random.between(5_000, 60_000),
    random.between(30_000, 120_000),
    isLong ? random.between(600_000, 5_400_000) : random.between(100, 2_000),
  ]);
  const downMs = random.pick([0, 500, 2_000, random.between(0, 60_000)]);
  switch (random.whole(0, 20)) {
    case 0:
    case 1:
    case 2: {
      const how = random.pick(["now", "before", "torn", "after"] as const);
      return { kind: "crash", after: random.whole(0, 60), how, downMs };
    }
    case 3:
      return { kind: "stop", downMs };
    case 4:
    case 5:
      return { kind: "cut", service, times: random.pick([1, 1, 1, 4]) };
    case 6:
    case 7:
      return { kind: "outage", service, forMs, forgets: random.chance(0.2) };
    case 8:
    case 9:
      return { kind: "stall", service, forMs, dies: random.chance(0.5) };
    case 10:
    case 11: {
      const mood = random.pick(["mute", "deaf", "failing"] as const);
      return { kind: "mood", service, mood, forMs };
    }
    case 12:
      return { kind: "slow", service, byMs: random.between(100, 4_000), forMs };
    case 13:
      return { kind: "kick", service, channel };
    case 14:
      return { kind: "ban", service, channel, forMs };
    case 15:
      return { kind: "enter-again", service, channel };
    case 16:
      return { kind: "disk-full", forMs };
    case 17:
      return random.chance(0.5)
        ? { kind: "disk-slow", syncMs: 20, forMs }
        : { kind: "disk-slow", syncMs: 300, forMs: random.between(12_000, 20_000) };
    case 18:
      return { kind: "clock", byMs: random.pick([-1, 1]) * random.between(5_000, 7_200_000) };
    case 19: {
      const byMs = random.pick([-1, 1]) * random.between(1_000, 3_600_000);
      return random.chance(0.5)
        ? { kind: "service-clock", service, byMs }
        : { kind: "suspend", forMs: random.pick([forMs, 7_200_000]) };
    }
    default:
      return { kind: "reload", replaces: random.chance(0.6) ? service : null };
  }
}
