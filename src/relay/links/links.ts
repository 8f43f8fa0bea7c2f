import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { Worker } from "../delivery/worker.ts";
import type { HostInput } from "../intake/core_loop.ts";
import type { RelayAccount } from "../intake/intake.ts";
import type { Routing } from "../intake/routing.ts";
import type { Typing } from "../intake/typing.ts";
import type { BridgeHost, ChannelPlan, Cursor } from "../port/bridge.ts";
import { type AccountId, type ChannelId, type EndpointId, endpointId } from "../port/ids.ts";
import type { LinkState, RelayObserver } from "../port/observer.ts";
import type { GatewayEndpoint } from "../port/settings.ts";
import type { OutboxLimits, RelayStore } from "../port/store.ts";
import { Supervisor } from "./supervisor.ts";

interface LinksOptions {
  readonly accounts: ReadonlyMap<AccountId, RelayAccount>;
  readonly routing: Routing;
  readonly store: RelayStore;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly observer: RelayObserver;
  readonly post: (input: HostInput) => void;
  /** As the plan wants it at that moment. */
  readonly outbox: () => OutboxLimits;
  /** Somebody's loop has broken: the program is wrong, and nothing is delivered there any more. */
  readonly broken: (thrown: unknown) => void;
  /** Resolves when all that was posted before is stored. */
  readonly stored: () => Promise<void>;
  readonly typing: Typing;
}

/** A supervisor or a worker that runs until it is stopped. */
interface Running<Who> {
  readonly who: Who;
  readonly stop: AbortController;
  /** Null before it runs. */
  done: Promise<void> | null;
}

const LOOK_EVERY_MS = 20;

/** Starts and ends what works in the core, as the plan wants it: one supervisor an account, one worker a destination. */
export class Links {
  readonly #options: LinksOptions;
  readonly #supervisors = new Map<AccountId, Running<Supervisor>>();
  readonly #workers = new Map<EndpointId, Running<Worker>>();
  /** Ends all links; null before the relay runs. */
  #linksSignal: AbortSignal | null = null;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  states(): ReadonlyMap<AccountId, LinkState> {
    return new Map([...this.#supervisors].map(([account, { who }]) => [account, who.state]));
  }

  worker(endpoint: EndpointId): Worker | undefined {
    return this.#workers.get(endpoint)?.who;
  }

  /** True when no worker can or need do anything now. */
  get idle(): boolean {
    return [...this.#workers.values()].every(({ who }) => who.idle);
  }

  reconnect(account: AccountId, reason: string, by: "relay" | "person" = "relay"): void {
    this.#supervisors.get(account)?.who.reconnect(reason, by);
  }

  /** Creates missing supervisors and workers, and starts them if the relay is running. Answers the new destinations. */
  addMissing(): readonly EndpointId[] {
    for (const account of this.#options.accounts.values()) this.#addSupervisor(account);
    const fresh: EndpointId[] = [];
    for (const [endpoint, place] of this.#options.routing.destinations()) {
      if (this.#workers.has(endpoint)) continue;
      this.#addWorker(endpoint, place);
      fresh.push(endpoint);
    }
    this.#begin();
    return fresh;
  }

  /** The relay runs. `links` ends every link. */
  begin(links: AbortSignal): void {
    this.#linksSignal = links;
    this.#begin();
  }

  /** These begin nothing new; resolves when what they have under way has ended, or at `signal`. */
  async drain(endpoints: readonly EndpointId[], signal: AbortSignal): Promise<void> {
    const workers = endpoints.flatMap((endpoint) => this.worker(endpoint) ?? []);
    for (const worker of workers) worker.close();
    const isDone = () => workers.every((worker) => worker.settled);
    while (!signal.aborted && !isDone()) {
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
    }
  }

  /** Ends these workers at once; what they had under way stays in the store. */
  async endWorkers(endpoints: readonly EndpointId[]): Promise<void> {
    const leaving = endpoints.flatMap((endpoint) => this.#workers.get(endpoint) ?? []);
    for (const endpoint of endpoints) this.#workers.delete(endpoint);
    for (const { who } of leaving) who.finish();
    await Promise.all(leaving.map(({ done }) => done));
  }

  /** Ends the links of these accounts, as their services want it. */
  async endLinks(accounts: readonly AccountId[]): Promise<void> {
    const leaving = accounts.flatMap((account) => this.#supervisors.get(account) ?? []);
    for (const { stop } of leaving) stop.abort(new Error("the account is no longer wanted"));
    await Promise.all(leaving.map(({ done }) => done));
    for (const account of accounts) this.#supervisors.delete(account);
  }

  /** What is under way stays in the store. */
  endAllWorkers(): Promise<void> {
    return this.endWorkers([...this.#workers.keys()]);
  }

  /** No worker begins anything new. */
  closeWorkers(): void {
    for (const { who } of this.#workers.values()) who.close();
  }

  /** Resolves when all links have ended. */
  async linksEnded(): Promise<void> {
    await Promise.all([...this.#supervisors.values()].map(({ done }) => done));
  }

  #begin(): void {
    const links = this.#linksSignal;
    if (links === null) return;
    const { broken } = this.#options;
    for (const running of this.#workers.values()) running.done ??= running.who.run().catch(broken);
    for (const running of this.#supervisors.values()) {
      running.done ??= running.who.run(AbortSignal.any([links, running.stop.signal])).catch(broken);
    }
  }

  #addSupervisor({ bridge }: RelayAccount): void {
    const id = bridge.account;
    if (this.#supervisors.has(id)) return;
    const { clock, random, log, observer, store, routing, post, stored, typing } = this.#options;
    const who = new Supervisor({
      bridge,
      clock,
      random,
      log: log.with({ account: id }),
      host: (supervisor) =>
        bridgeHost({
          account: id,
          get plans() {
            return routing.plans(id);
          },
          store,
          post,
          stored,
          linkUp: (self) => supervisor.linkUp(self),
          latency: (roundTripMs) => observer.latency(id, roundTripMs),
          typing,
        }),
      onLinkEnd: () => post({ kind: "link-end", account: id }),
      onState: (state) => observer.linkState(id, state),
    });
    this.#supervisors.set(id, { who, stop: new AbortController(), done: null });
  }

  #addWorker(endpoint: EndpointId, place: GatewayEndpoint): void {
    const { accounts, store, clock, log, observer } = this.#options;
    const bridge = accounts.get(place.account)?.bridge;
    if (bridge === undefined) throw new Error(`Cannot deliver to ${endpoint}: no such account`);
    const who = new Worker({
      endpoint,
      channel: place.channel,
      bridge,
      store,
      clock,
      log: log.with({ account: place.account, channel: place.written }),
      observer,
      packing: bridge.capabilities.packing ?? null,
      limits: this.#options.outbox,
      reconnect: (reason) => this.reconnect(place.account, reason),
    });
    this.#workers.set(endpoint, { who, stop: new AbortController(), done: null });
  }
}

interface BridgeHostOptions {
  readonly account: AccountId;
  readonly plans: readonly ChannelPlan[];
  readonly store: RelayStore;
  readonly post: (input: HostInput) => void;
  readonly stored: () => Promise<void>;
  readonly linkUp: (self: string) => void;
  readonly latency: (roundTripMs: number) => void;
  readonly typing?: Typing;
}

/** The two clocks may differ by so much without a doubtful shipment being missed in the history. */
const CLOCK_SKEW_MS = 120_000;

/** The core's side of the port, for one connection of one account. */
export function bridgeHost(options: BridgeHostOptions): BridgeHost {
  const { account, store, post } = options;
  return {
    channels: () => options.plans,
    cursor: (channel) => historyCursor(store, account, channel),
    doubtful: (channel) =>
      store.underWay(endpointId(account, channel))
        .flatMap(({ parts, confirmed }) => parts.slice(confirmed)),
    linkUp: (self) => options.linkUp(self.nick),
    channelUp: (channel, history) => post({ kind: "channel-up", account, channel, history }),
    channelDown: (channel, why) => post({ kind: "channel-down", account, channel, why }),
    event: (event) => post({ kind: "event", account, event }),
    latency: options.latency,
    wantsTyping: (channel) => options.typing?.isWanted(account, channel) ?? false,
    typing: (channel, who, active) => options.typing?.told(account, channel, who, active),
    stored: options.stored,
  };
}

/**
 * From where a bridge must read history: from the cursor, or from before the oldest shipment whose fate is unknown. A
 * message of ours may stand before the cursor although its confirmation was never stored.
 */
function historyCursor(store: RelayStore, account: AccountId, channel: ChannelId): Cursor | null {
  const endpoint = endpointId(account, channel);
  const cursor = store.cursor(endpoint);
  const times = store.underWay(endpoint).flatMap(({ deliveries, announces }) => [
    ...deliveries.map((delivery) => delivery.acceptedAtMs),
    ...(announces === null ? [] : [announces.atMs]),
  ]);
  if (times.length === 0) return cursor;
  // Lines without ids are told apart by counting them from there on.
  const position = store.ownPosition(endpoint);
  if (position !== null && position.nameless > 0) times.push(position.atMs);
  // The cursor bears the service's time, deliveries bear ours: whichever is earlier, should somebody have set our clock.
  const oldestMs = Math.min(...times, cursor?.atMs ?? Infinity);
  return { id: null, atMs: oldestMs - CLOCK_SKEW_MS };
}
