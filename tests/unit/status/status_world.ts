import { type Clock, systemClock } from "../../../src/base/clock.ts";
import type { AccountId, EndpointId } from "../../../src/relay/port/ids.ts";
import type { ChannelState, LinkState } from "../../../src/relay/port/observer.ts";
import type { Delivery, OutboxLevel } from "../../../src/relay/port/store.ts";
import { RelayMeter } from "../../../src/status/counts/meter.ts";
import {
  redactedSubject,
  type StatusSubject,
  type SubjectPlace,
  type TokenView,
} from "../../../src/status/counts/subject.ts";
import { openMetrics } from "../../../src/status/metrics.ts";
import { StatusServer } from "../../../src/status/server.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { accountId, delivery, endpoint, outgoing } from "../relay/builders.ts";

export const IRC = accountId("irc.libera");
export const KOSMI = accountId("kosmi.movienight");
export const FILMS = endpoint("irc.libera #films");
export const MAIN = endpoint("kosmi.movienight @movienight");

export interface StatusWorldOptions {
  readonly token?: string | null;
  readonly host?: string;
  readonly showsTexts?: boolean;
  readonly tokenInAddress?: boolean;
  readonly clock?: Clock;
  readonly redact?: (text: string) => string;
}

/** A relay of one gateway whose state a test sets, with a meter that counts along. */
export class StatusWorld {
  readonly clock: Clock;
  readonly meter: RelayMeter;
  readonly subject: StatusSubject;
  readonly links = new Map<AccountId, LinkState>();
  readonly channels = new Map<EndpointId, ChannelState>();
  readonly levels = new Map<EndpointId, OutboxLevel>();
  token: TokenView = { origin: "cache", expiresAtMs: null, fault: null };
  /** What the core does when it is asked whether it is there. */
  handled: () => Promise<void> = () => Promise.resolve();
  #nextId = 1;

  constructor(readonly options: StatusWorldOptions = {}) {
    this.clock = options.clock ?? systemClock;
    const redact = options.redact ?? ((text) => text);
    this.meter = new RelayMeter({
      clock: this.clock,
      keepTexts: options.showsTexts ?? false,
      redact,
    });
    this.subject = redactedSubject(this.#subject(), redact);
  }

  /** Everything is connected. */
  ready(): void {
    this.link(IRC, { kind: "ready", sinceMs: this.clock.now(), self: "relay" });
    this.link(KOSMI, { kind: "ready", sinceMs: this.clock.now(), self: "Relay Bot" });
    for (const place of [FILMS, MAIN]) {
      this.channel(place, { kind: "up", sinceMs: this.clock.now() });
    }
  }

  link(account: AccountId, state: LinkState): void {
    this.links.set(account, state);
    this.meter.linkState(account, state);
  }

  channel(place: EndpointId, state: ChannelState): void {
    this.channels.set(place, state);
    this.meter.channelState(place, state);
  }

  /** A delivery of the gateway that was just taken over. */
  delivery(to: EndpointId, more: Partial<Delivery> = {}): Delivery {
    return delivery(this.#nextId++, outgoing("a text"), {
      endpoint: to,
      gateway: "films",
      acceptedAtMs: this.clock.now(),
      ...more,
    });
  }

  #subject(): StatusSubject {
    const places: SubjectPlace[] = [
      { endpoint: FILMS, account: IRC, written: "#films", direction: "inout" },
      { endpoint: MAIN, account: KOSMI, written: "main", direction: "inout" },
    ];
    return {
      version: "1.2.3",
      runtime: "2.0.0",
      startedAtMs: this.clock.now(),
      accounts: () => [{ id: IRC, token: () => null }, { id: KOSMI, token: () => this.token }],
      gateways: () => [{ name: "films", places }],
      links: () => this.links,
      channels: () => this.channels,
      level: (place) => this.levels.get(place) ?? { waiting: 0, oldestAcceptedAtMs: null },
      handled: () => this.handled(),
    };
  }
}

/** The status server over such a relay, on a port of its own. */
export class StatusSite implements AsyncDisposable {
  readonly log: LogRecorder;
  readonly #stop: AbortController;
  readonly #running: Promise<void>;

  private constructor(
    readonly world: StatusWorld,
    readonly port: number,
    parts: { log: LogRecorder; stop: AbortController; running: Promise<void> },
  ) {
    this.log = parts.log;
    this.#stop = parts.stop;
    this.#running = parts.running;
  }

  static async open(options: StatusWorldOptions = {}, port = 0): Promise<StatusSite> {
    const world = new StatusWorld(options);
    const { subject, meter, clock } = world;
    const metrics = await openMetrics({ subject, meter, clock });
    const log = new LogRecorder();
    const stop = new AbortController();
    const listening = Promise.withResolvers<number>();
    const server = new StatusServer({
      subject,
      meter,
      metrics: () => metrics.text(),
      host: options.host ?? "127.0.0.1",
      port,
      token: options.token ?? null,
      showsTexts: options.showsTexts ?? false,
      tokenInAddress: options.tokenInAddress ?? true,
      clock,
      log,
      onListen: (address) => listening.resolve(address.port),
    });
    const running = server.run(stop.signal);
    return new StatusSite(world, await listening.promise, { log, stop, running });
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Redirects are not followed. */
  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url(path), { redirect: "manual", ...init });
  }

  async text(path: string, init: RequestInit = {}): Promise<string> {
    return await (await this.get(path, init)).text();
  }

  async status(path: string, init: RequestInit = {}): Promise<number> {
    const response = await this.get(path, init);
    await response.body?.cancel();
    return response.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
