import { endpointId } from "../../src/relay/port/ids.ts";
import { ProcessDied } from "./disk.ts";
import { numbered } from "./hidden.ts";
import { type Deviation, judge } from "./judge.ts";
import type { Doing, Happening, Plan } from "./plan.ts";
import type { Service } from "./service.ts";
import { personOf, World } from "./world.ts";

/** What a seed came to. */
export interface Outcome {
  readonly seed: number;
  readonly deviations: readonly Deviation[];
  /** The same for the same run, byte for byte. */
  readonly fingerprint: string;
  /** How long the world stood, in milliseconds of its own. */
  readonly livedMs: number;
  readonly messages: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly lines: readonly string[];
}

/** After the last fault: how long a link may take to come back, whatever the service did before. */
const CALM_MS = 310_000;
/** And then, how long what waits may take. */
const DRAIN_MS = 900_000;
/** Pauses ten times as long as the last wait, and what a start costs. */
const MOST_OF_DISK = 0.25;
/** Announcements of one place are said together: so long after the last one. */
const ANNOUNCE_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/** Plays a world from its beginning to its end, and judges it. */
export async function play(
  plan: Plan,
  options: { readonly directory: string; readonly keepsLines?: boolean },
): Promise<Outcome> {
  const world = new World(plan, options.directory, options.keepsLines ?? false);
  const uncaught = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    if (event.reason instanceof ProcessDied || isOfDead(world)) return;
    world.ledger.fault(`a promise was rejected and nobody caught it: ${event.reason}`);
  };
  globalThis.addEventListener("unhandledrejection", uncaught);
  try {
    await live(world);
    const deviations = judge(world);
    return {
      seed: plan.seed,
      deviations,
      fingerprint: world.ledger.fingerprint,
      livedMs: world.timeline.nowMs,
      messages: world.ledger.said.size,
      counts: world.ledger.counts,
      lines: world.ledger.lines,
    };
  } finally {
    world.dispose();
    globalThis.removeEventListener("unhandledrejection", uncaught);
  }
}

function isOfDead(world: World): boolean {
  return world.life === null;
}

async function live(world: World): Promise<void> {
  const { timeline, plan } = world;
  for (let said = 0; said < plan.before; said++) sayEverywhere(world);
  timeline.block(1_000);
  world.start();
  for (const happening of plan.schedule) {
    timeline.at(happening.atMs, () => happen(world, happening));
  }
  const calmMs = Math.max(10_000, ...plan.schedule.map(endOf)) + 1_000;
  await timeline.run(calmMs);
  calm(world);
  const backMs = timeline.nowMs + CALM_MS;
  do await timeline.run(timeline.nowMs + 5 * LOOK_EVERY_MS); while (
    timeline.nowMs < backMs && !isEverywhere(world)
  );
  sayEverywhere(world);
  const untilMs = timeline.nowMs + DRAIN_MS;
  let toldByMs = Infinity;
  do {
    await timeline.run(timeline.nowMs + LOOK_EVERY_MS);
    if (waitingIn(world) === "") toldByMs = Math.min(toldByMs, timeline.nowMs + ANNOUNCE_MS);
  } while (
    timeline.nowMs < untilMs &&
    (waitingIn(world) !== "" || (hasToTell(world) && timeline.nowMs < toldByMs))
  );
  const waiting = waitingIn(world);
  if (waiting !== "") world.ledger.fault(`still not delivered: ${waiting}`);
  // What comes twice comes soon after.
  await timeline.run(timeline.nowMs + 15_000);
  await end(world);
}

async function end(world: World): Promise<void> {
  const { timeline } = world;
  const life = world.life;
  if (life === null) return;
  world.stop(null);
  const untilMs = timeline.nowMs + 10_000;
  await timeline.run(untilMs, () => life.done);
  if (!life.done) world.ledger.fault("a stop takes more than 10 s");
}

function sayEverywhere(world: World): void {
  for (const service of world.services) {
    for (const channel of service.channels) world.say(service, channel, 0, "lol");
  }
}

/** Whether the relay is in all channels. */
function isEverywhere(world: World): boolean {
  return world.services.every((service) =>
    service.channels.every((channel) =>
      world.life?.bridges.get(service.account)?.link?.isUp(channel) === true
    )
  );
}

/** Whether something was dropped that has not been announced. */
function hasToTell(world: World): boolean {
  const store = world.life?.store;
  return world.services.some((service) =>
    service.channels.some((channel) =>
      (store?.unannounced(endpointId(service.account, channel)) ?? 0) > 0
    )
  );
}

/** What has not been delivered, in words; empty when everything has. */
function waitingIn(world: World): string {
  const store = world.life?.store;
  if (store === undefined) return "no process lives";
  const endpoints = world.services.flatMap((service) =>
    service.channels.map((channel) => endpointId(service.account, channel))
  );
  return endpoints.flatMap((endpoint) => {
    const { waiting } = store.level(endpoint);
    const underWay = store.underWay(endpoint).length;
    return waiting + underWay === 0 ? [] : [`${endpoint}: ${waiting} wait, ${underWay} under way`];
  }).join("; ");
}

/** When nothing is left of it. */
function endOf(happening: Happening): number {
  const lasts = "forMs" in happening
    ? happening.forMs
    : "downMs" in happening
    ? happening.downMs + 5_000
    : 5_000;
  return happening.atMs + lasts;
}

/** Whatever is still wrong is put right. */
function calm(world: World): void {
  world.ledger.trace("calm");
  world.disk.crashPoint = null;
  world.disk.syncMs = 0;
  world.disk.full = false;
  for (const service of world.services) {
    service.down = false;
    service.mood = "well";
    service.slowMs = 0;
    service.banned.clear();
  }
}

/** The service and the channel a happening is about. */
function placeOf(world: World, at: { readonly service: number; readonly channel?: number }) {
  const service = world.services[at.service];
  const channel = service?.channels[at.channel ?? 0];
  if (service === undefined || channel === undefined) throw new Error("no such place");
  return { service, channel };
}

function happen(world: World, doing: Doing): void {
  world.ledger.count(doing.kind);
  if (doing.kind !== "say") world.ledger.trace(`happens ${JSON.stringify(doing)}`);
  switch (doing.kind) {
    case "say":
      return say(world, doing);
    case "edit":
    case "delete":
    case "react":
      return followUp(world, doing);
    case "crash":
      return crash(world, doing);
    case "stop":
      return world.stop(doing.downMs);
    case "disk-full":
      world.disk.full = true;
      world.timeline.after(doing.forMs, () => world.disk.full = false);
      return;
    case "disk-slow":
      return slowDisk(world, doing);
    case "clock":
      return world.machine.jump(doing.byMs);
    case "suspend":
      return world.machine.suspend(doing.forMs);
    case "reload":
      return world.reload(doing.replaces === null ? null : world.services[doing.replaces] ?? null);
    default:
      return happenAt(world, placeOf(world, doing).service, doing);
  }
}

type AtService = Exclude<
  Extract<Doing, { readonly service: number }>,
  { readonly kind: "say" | "edit" | "delete" | "react" }
>;

function happenAt(world: World, service: Service, doing: AtService): void {
  const { timeline } = world;
  const link = world.life?.bridges.get(service.account)?.link ?? null;
  switch (doing.kind) {
    case "cut":
      link?.cut();
      for (let time = 1; time < doing.times; time++) {
        timeline.after(time * 4_000, () => {
          world.life?.bridges.get(service.account)?.link?.cut();
        });
      }
      return;
    case "outage":
      service.down = true;
      for (const open of [...service.links]) open.end("the service goes down");
      if (doing.forgets) service.forget();
      timeline.after(doing.forMs, () => service.down = false);
      return;
    case "stall":
      return link?.stall(doing.forMs, doing.dies);
    case "mood":
      service.mood = doing.mood;
      service.wasSilent = true;
      timeline.after(doing.forMs, () => service.mood = "well");
      return;
    case "slow":
      service.slowMs = doing.byMs;
      timeline.after(doing.forMs, () => service.slowMs = 0);
      return;
    case "service-clock":
      return service.jumpClock(doing.byMs);
    default:
      return happenInChannel(world, service, doing);
  }
}

function happenInChannel(
  world: World,
  service: Service,
  doing: Extract<AtService, { readonly channel: number }>,
): void {
  const { channel } = placeOf(world, doing);
  const link = world.life?.bridges.get(service.account)?.link ?? null;
  if (doing.kind === "ban") {
    service.banned.add(channel);
    world.timeline.after(doing.forMs, () => service.banned.delete(channel));
  }
  if (doing.kind === "enter-again") {
    if (link?.isUp(channel)) link.enterAgain(channel);
  } else if (link?.isUp(channel)) link.kick(channel);
}

function say(world: World, doing: Extract<Doing, { readonly kind: "say" }>): void {
  const { service, channel } = placeOf(world, doing);
  const answers = doing.answers === 0 ? null : numberBack(world, service, channel, doing.answers);
  const speaker = doing.speaker % world.plan.speakers;
  world.say(service, channel, speaker, doing.text, { answers, poison: doing.poison });
}

/** The number of the how-manieth latest message there that still stands. */
function numberBack(
  world: World,
  service: Service,
  channel: string,
  back: number,
): number | null {
  const origin = endpointId(service.account, channel as never);
  const standing = [...world.ledger.said.values()].filter((said) =>
    said.origin === origin && said.edits === null && said.deletedMs === null && !said.empty
  );
  return standing.at(-back)?.number ?? null;
}

function followUp(
  world: World,
  doing: Extract<Doing, { readonly kind: "edit" | "delete" | "react" }>,
): void {
  const { service, channel } = placeOf(world, doing);
  const number = numberBack(world, service, channel, doing.back);
  const said = number === null ? undefined : world.ledger.said.get(number);
  if (number === null || said === undefined) return;
  const id = service.entryOf(channel, number)?.id ?? null;
  if (id === null) return;
  const base = { channel, atMs: service.clockMs(), late: false, id };
  const sender = personOf(0, null);
  world.ledger.trace(`${said.origin} ${doing.kind} of #${number}`);
  switch (doing.kind) {
    case "react":
      return service.tellAll(channel, {
        ...base,
        kind: "reaction",
        sender,
        key: "+",
        removed: false,
      }, () => {});
    case "delete":
      said.deletedMs = world.timeline.nowMs;
      service.takeBack(channel, number);
      return service.tellAll(
        channel,
        { ...base, kind: "deletion", by: sender },
        () => said.deletionHeardMs ??= world.timeline.nowMs,
      );
    case "edit": {
      const edit = world.nextNumber();
      const newSaid = world.newSaid(edit, service, channel, sender, "yes", { edits: number });
      return service.tellAll(
        channel,
        { ...base, kind: "edit", sender, text: numbered("yes", edit) },
        () => newSaid.heardMs ??= world.timeline.nowMs,
      );
    }
  }
}

/** A slow disk may be kept busy for a part of the time, not for most of it. */
function slowDisk(world: World, doing: Extract<Doing, { readonly kind: "disk-slow" }>): void {
  const { disk, timeline, ledger } = world;
  disk.syncMs = doing.syncMs;
  const [syncedBeforeMs, sinceMs] = [disk.syncedMs, timeline.nowMs];
  timeline.after(doing.forMs, () => {
    disk.syncMs = 0;
    const share = (disk.syncedMs - syncedBeforeMs) / (timeline.nowMs - sinceMs);
    if (doing.forMs > 10_000 && share > MOST_OF_DISK) {
      ledger.fault(`${Math.round(share * 100)} % of the time a slow disk was kept busy`);
    }
  });
}

function crash(world: World, doing: Extract<Doing, { readonly kind: "crash" }>): void {
  const { life } = world;
  if (life === null) return;
  world.restartMs = doing.downMs;
  if (doing.how === "now") world.disk.crashNow(life.process);
  else world.disk.crashAt({ after: doing.after, how: doing.how });
}
