import type { Logger, LogProperties } from "../../src/base/log.ts";
import { ApiBridge } from "../../src/bridges/api/bridge.ts";
import { MatterbridgeBridge } from "../../src/bridges/matterbridge/bridge.ts";
import { ChatCommands } from "../../src/relay/intake/chat_commands.ts";
import type { RelayAccount } from "../../src/relay/intake/intake.ts";
import type { RelayPlan } from "../../src/relay/plan.ts";
import type { Bridge } from "../../src/relay/port/bridge.ts";
import type { Person } from "../../src/relay/port/event.ts";
import {
  type AccountId,
  type ChannelId,
  type EndpointId,
  endpointId,
} from "../../src/relay/port/ids.ts";
import { noObserver, type RelayObserver } from "../../src/relay/port/observer.ts";
import type { AccountSettings, Gateway } from "../../src/relay/port/settings.ts";
import type { Delivery, RelayStore } from "../../src/relay/port/store.ts";
import { Relay } from "../../src/relay/relay.ts";
import type { OpenLog } from "../../src/store/sqlite/database.ts";
import { openRelayStore } from "../../src/store/sqlite/sqlite_store.ts";
import { ApiService } from "./api_service.ts";
import { type Disk, FileDisk, MemoryDisk, ProcessDied } from "./disk.ts";
import { numbersIn } from "./hidden.ts";
import { HttpBridge, HttpService } from "./http_bridge.ts";
import { IrcService } from "./irc_service.ts";
import { Ledger, type Said } from "./ledger.ts";
import { MatterbridgeService } from "./matterbridge_service.ts";
import { emptyNet } from "./memory_net.ts";
import { numberedStore } from "./numbered_store.ts";
import type { Plan } from "./plan.ts";
import { PortBridge } from "./port_bridge.ts";
import { Machine, Process } from "./process.ts";
import { chanceOf } from "./random.ts";
import { type Cable, Service } from "./service.ts";
import { Timeline } from "./timeline.ts";
import { WireBridge } from "./wire_bridge.ts";

/** The relay's own lines about what will never be shown. */
const DROPPED_LINE = /(\d+) older messages? (?:was|were) not relayed/;
const GAP_LINE = /were missed while the relay was offline/;

const EPOCH_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A bridge to a service of the world, and the link that faults can hit. */
export interface SimulatedBridge extends Bridge {
  readonly link: Cable | null;
}

interface Life {
  readonly process: Process;
  readonly store: RelayStore;
  readonly relay: Relay;
  readonly stop: AbortController;
  readonly bridges: Map<AccountId, SimulatedBridge>;
  /** As the configuration that was read last wants them. */
  planned: ReadonlyMap<AccountId, SimulatedBridge>;
  done: boolean;
}

/** Services, people and the machine of one seed, and the relay that lives there for as long as it lives. */
export class World {
  readonly timeline = new Timeline();
  readonly ledger: Ledger;
  readonly services: readonly Service[];
  readonly disk: Disk;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly gateways: readonly Gateway[];
  /** When each endpoint was entered for the very first time. */
  readonly firstEntered = new Map<EndpointId, number>();
  life: Life | null = null;
  #lives = 0;
  #unwrittenSinceMs: number | null = null;
  #numbers = 0;

  constructor(plan: Plan, directory: string, keepsLines: boolean) {
    emptyNet();
    this.plan = plan;
    this.ledger = new Ledger(() => this.timeline.nowMs, keepsLines);
    this.machine = new Machine(this.timeline, EPOCH_MS);
    const chance = () => chanceOf(plan.seed, "torn", this.#lives);
    this.disk = plan.onFile
      ? new FileDisk(`${directory}/seed-${plan.seed}`, chance)
      : new MemoryDisk(`${directory}/memory.sqlite`);
    this.services = plan.services.map(({ habits, channels, kind }, at) => {
      const options = {
        account: `service.${at}` as AccountId,
        seed: plan.seed,
        habits,
        channels: Array.from({ length: channels }, (_, index) => `#${index}` as ChannelId),
        timeline: this.timeline,
        ledger: this.ledger,
        epochMs: EPOCH_MS,
      };
      if (kind === "port") return new Service(options);
      if (kind === "matterbridge") return new MatterbridgeService(options);
      return "irc" in kind
        ? new IrcService({ ...options, ...kind })
        : new ApiService({ ...options, ...kind });
    });
    this.gateways = gatewaysOf(this.services);
  }

  dispose(): void {
    this.life?.process.die();
    this.disk.dispose();
  }

  /** A new process, unless one lives. */
  start(): void {
    if (this.life !== null) return;
    const process = new Process({
      number: ++this.#lives,
      machine: this.machine,
      timeline: this.timeline,
      onDeath: () => this.#died(process),
      onFault: (what) => this.ledger.fault(what),
      onEntered: (account, channel) => this.#entered(endpointId(account, channel)),
    });
    process.when(() => this.#boot(process));
  }

  #boot(process: Process): void {
    this.ledger.trace(`process ${process.number} starts`);
    const { clock } = process;
    const log = this.#logger(process);
    try {
      const openHandle = () => this.disk.openFor(process);
      const path = this.disk.path;
      const store = numberedStore(
        openRelayStore({ path, clock, log, openHandle, openLog: this.#openLog }),
        process.note,
        (call) => process.storeCall = call,
      );
      const bridges = new Map<AccountId, SimulatedBridge>();
      for (const service of this.services) {
        bridges.set(service.account, this.#bridge(process, service));
      }
      const relay = new Relay({
        ...this.relayPlan(bridges),
        store,
        keepLinksMs: 7 * 86_400_000,
        clock,
        random: () => this.#jitter(),
        log,
        observer: this.#observer(process),
      });
      const life: Life = {
        process,
        store,
        relay,
        stop: new AbortController(),
        bridges,
        planned: bridges,
        done: false,
      };
      this.life = life;
      relay.run(life.stop.signal).then(
        () => this.#ended(life),
        (error) => this.#broke(life, error),
      );
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
    }
  }

  #bridge(process: Process, service: Service): SimulatedBridge {
    const { timeline, ledger, plan } = this;
    const log = this.#logger(process);
    if (service instanceof HttpService) {
      const inner = this.#httpBridge(process, service, log);
      const bridge = new HttpBridge({ inner, service, process, timeline, ledger });
      service.attach(bridge);
      return bridge;
    }
    if (!(service instanceof IrcService)) {
      return new PortBridge({ service, process, timeline, ledger });
    }
    return new WireBridge({
      ...{ service, process, timeline, ledger },
      log,
      random: () => this.#jitter(),
      history: {
        maxMessages: plan.limits.catchUpMaxMessages,
        maxAgeMs: plan.limits.catchUpMaxAgeMs,
      },
    });
  }

  #httpBridge(process: Process, service: HttpService, log: Logger): Bridge {
    const { account } = service;
    const { clock } = process;
    const host = service.hostOf(process);
    if (service instanceof MatterbridgeService) {
      const url = `http://${host}`;
      return new MatterbridgeBridge({ account, url, token: null, gateway: null, clock, log });
    }
    return new ApiBridge({
      ...{ account, host, port: 80, token: null, allowOrigins: [], buffer: 1_000, clock, log },
      maxAgeMs: this.plan.limits.outboxMaxAgeMs,
      problems: () => [],
    });
  }

  #jitter(): number {
    return chanceOf(this.plan.seed, "jitter", this.timeline.nowMs);
  }

  relayPlan(bridges: ReadonlyMap<AccountId, SimulatedBridge>): RelayPlan {
    const { limits } = this.plan;
    const accounts: RelayAccount[] = [...bridges.values()].map((bridge) => ({
      bridge,
      settings: SETTINGS,
    }));
    return {
      gateways: this.gateways,
      accounts,
      commands: new ChatCommands({
        prefix: "",
        commands: [],
        mayUse: () => false,
        clock: this.life?.process.clock ?? NO_CLOCK,
      }),
      outbox: { maxAgeMs: limits.outboxMaxAgeMs, maxMessages: limits.outboxMaxMessages },
      catchUp: { maxMessages: limits.catchUpMaxMessages, maxAgeMs: limits.catchUpMaxAgeMs },
    };
  }

  /** The configuration is read again; the bridge of `replaced` is another one from now on. */
  reload(replaced: Service | null): void {
    const { life } = this;
    if (life === null || life.stop.signal.aborted) return;
    const bridges = new Map(life.planned);
    life.planned = bridges;
    if (replaced !== null) {
      bridges.set(replaced.account, this.#bridge(life.process, replaced));
    }
    const { process, relay } = life;
    process.when(() => {
      relay.apply(this.relayPlan(bridges)).then(
        () => {
          if (this.life !== life) return;
          if (replaced !== null) this.ledger.endsMs.push(this.timeline.nowMs);
          for (const [account, bridge] of bridges) life.bridges.set(account, bridge);
        },
        () => {},
      );
    });
  }

  /** Where the disk is never slow, nobody need wait for it. */
  get #openLog(): OpenLog | null {
    const isSlow = this.plan.schedule.some((one) => one.kind === "disk-slow" && one.syncMs >= 300);
    const wait = (forMs: number) =>
      new Promise<void>((resolve) => this.timeline.after(forMs, resolve));
    return isSlow ? () => this.disk.logFor(wait) : null;
  }

  /** SIGTERM; a new process `afterMs` after the end. */
  stop(afterMs: number | null): void {
    const { life } = this;
    if (life === null || life.stop.signal.aborted) return;
    this.#startAfterMs = afterMs;
    this.ledger.trace(`process ${life.process.number} is asked to stop`);
    life.process.when(() => life.stop.abort(new Error("stop")));
  }

  #startAfterMs: number | null = null;

  #ended(life: Life): void {
    if (life.process.dead) return;
    this.ledger.trace(`process ${life.process.number} ends`);
    this.ledger.endsMs.push(this.timeline.nowMs);
    try {
      life.store.close();
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
      return;
    }
    if (life.process.timers > 0) {
      this.ledger.fault(`${life.process.timers} timers are left after a stop`);
    }
    if (this.#unwrittenSinceMs !== null) this.#died(life.process);
    life.process.dead = true;
    life.done = true;
    if (this.life === life) this.life = null;
    const afterMs = this.#startAfterMs;
    if (afterMs !== null) this.timeline.after(afterMs, () => this.start());
  }

  #broke(life: Life, error: unknown): void {
    if (life.process.dead) return;
    this.ledger.fault(`the relay ended by itself: ${error}`);
    this.disk.crashNow(life.process);
  }

  /** How long the next process lets wait for itself after a death. */
  restartMs = 0;

  #died(process: Process): void {
    const { nowMs } = this.timeline;
    this.ledger.trace(`process ${process.number} dies`);
    this.ledger.deaths.push({
      process: process.number,
      atMs: nowMs,
      storeCall: process.storeCall,
      unwrittenSinceMs: this.#unwrittenSinceMs,
    });
    this.#unwrittenSinceMs = null;
    const { life } = this;
    this.life = null;
    for (const bridge of life?.bridges.values() ?? []) bridge.link?.cut();
    this.timeline.after(this.restartMs, () => this.start());
  }

  #entered(endpoint: EndpointId): void {
    if (!this.firstEntered.has(endpoint)) this.firstEntered.set(endpoint, this.timeline.nowMs);
  }

  /** Somebody says something; the number by which it is known. */
  say(
    service: Service,
    channel: ChannelId,
    speaker: number,
    text: string,
    more: { answers?: number | null; poison?: Said["poison"]; edits?: number } = {},
  ): number {
    const number = ++this.#numbers;
    const person = personOf(speaker, more.poison ?? null);
    const words = service instanceof IrcService ? text.replaceAll("\n", " ").slice(0, 300) : text;
    const said = this.newSaid(number, service, channel, person, words, more);
    service.say(channel, person, said, words, more.answers ?? null);
    return number;
  }

  newSaid(
    number: number,
    service: Service,
    channel: ChannelId,
    person: Person,
    text: string,
    more: { poison?: Said["poison"]; edits?: number },
  ): Said {
    const lines = text.split("\n");
    const said: Said = {
      number,
      origin: endpointId(service.account, channel),
      speaker: person.id,
      saidMs: this.timeline.nowMs,
      edits: more.edits ?? null,
      text,
      empty: text.trim() === "",
      repeats: lines.length > 1 && new Set(lines).size === 1,
      poison: more.poison ?? null,
      deletedMs: null,
      deletionHeardMs: null,
      heardMs: null,
      isEarly: false,
      readMs: [],
      takenMs: null,
      takenBy: null,
      takenFor: [],
      forgotten: false,
      cut: false,
    };
    this.ledger.said.set(number, said);
    return said;
  }

  nextNumber(): number {
    return ++this.#numbers;
  }

  #observer(process: Process): RelayObserver {
    const { ledger, timeline } = this;
    return {
      ...noObserver,
      accepted: (_origin, deliveries, event) => {
        if (process.dead || event === null || !("text" in event)) return;
        for (const number of numbersIn(event.text)) {
          const said = ledger.said.get(number);
          if (said === undefined) continue;
          ledger.trace(`#${number} taken over`);
          said.takenMs ??= timeline.nowMs;
          said.takenBy ??= process.number;
          said.takenFor = deliveries.map((delivery) => delivery.endpoint);
        }
      },
      dropped: (endpoint, _gateway, deliveries, why) => {
        if (process.dead) return;
        const numbers = deliveries.flatMap(numbersOf);
        ledger.trace(`${endpoint} drops [${numbers.join(" ")}]: ${why.cause}`);
        const acceptedMs = Math.min(...deliveries.map((delivery) => delivery.acceptedAtMs));
        ledger.dropped.push({
          endpoint,
          numbers,
          deliveries: deliveries.length,
          cause: why.cause,
          atMs: timeline.nowMs,
          acceptedMs: acceptedMs - EPOCH_MS,
        });
      },
    };
  }

  #logger(process: Process): Logger {
    const { ledger } = this;
    const say = (level: string) => (template: string, properties: LogProperties = {}) => {
      if (process.dead) return;
      if (template.includes("is writable again")) this.#unwrittenSinceMs = null;
      if (template.startsWith("Cannot write")) this.#unwrittenSinceMs ??= this.timeline.nowMs;
      if (level === "error") ledger.errors.push(`${template} ${properties["error"] ?? ""}`);
      ledger.trace(`log ${level} ${template} ${properties["reason"] ?? properties["error"] ?? ""}`);
    };
    const logger: Logger = {
      debug: say("debug"),
      info: say("info"),
      warn: say("warn"),
      error: say("error"),
      with: () => logger,
    };
    return logger;
  }
}

function numbersOf(delivery: Delivery): number[] {
  return delivery.outgoing.kind === "message" ? numbersIn(delivery.outgoing.text) : [];
}

/** What a line of the relay's own says is missing; null for other lines. */
export function announcementIn(text: string): number | "gap" | null {
  const count = DROPPED_LINE.exec(text)?.[1];
  if (count !== undefined) return Number(count);
  return GAP_LINE.test(text) ? "gap" : null;
}

const CURSED_NICK = "cursed";

export function personOf(speaker: number, poison: Said["poison"]): Person {
  const nick = poison === "compose" ? CURSED_NICK : `person${speaker}`;
  return { id: `id-${nick}` as Person["id"], nick, userId: `${nick}@host` };
}

/** Breaks when it is asked about one who is cursed. */
const CURSE = {
  test(nick: string): boolean {
    if (nick === CURSED_NICK) throw new Error("cannot compose this");
    return false;
  },
} as unknown as RegExp;

const SETTINGS: AccountSettings = {
  label: "",
  ignoreNicks: [CURSE],
  ignoreMessages: [],
  replaceMessages: [],
  replaceNicks: [],
  extractNicks: [],
  noSendJoinPart: false,
  remoteNickFormat: "<{NICK}> ",
  stripNick: false,
  colorNicks: false,
  editSuffix: " (edited)",
  editDisable: false,
  showDeletes: true,
  showReactions: true,
  showReplies: true,
  showJoinPart: false,
  showJoinPartFor: "everybody",
  verboseJoinPart: false,
  showQuit: false,
  showNickChange: false,
  showTopicChange: false,
  syncTopic: false,
};

const NO_CLOCK = {
  now: () => EPOCH_MS,
  monotonic: () => 0,
  sleep: () => Promise.reject(new Error("nobody sleeps here")),
};

function gatewaysOf(services: readonly Service[]): Gateway[] {
  return [0, 1].flatMap((at) => {
    const endpoints = services.flatMap((service) => {
      const channel = service.channels[at];
      if (channel === undefined) return [];
      const { account } = service;
      return [{ account, channel, written: channel, direction: "inout" as const, key: null }];
    });
    return endpoints.length < 2 ? [] : [{ name: `gateway${at}`, endpoints }];
  });
}
