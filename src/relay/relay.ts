import { type Clock, steadied } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { bridgeHost } from "./bridge_host.ts";
import type { CatchUpLimits } from "./catch_up.ts";
import type { ChatCommands } from "./chat_commands.ts";
import { CoreLoop } from "./core_loop.ts";
import { EndpointWorker } from "./endpoint_worker.ts";
import { keepHouse } from "./housekeeping.ts";
import { type AccountId, type ChannelId, type EndpointId, endpointId } from "./ids.ts";
import { Intake, type RelayAccount } from "./intake.ts";
import type { ChannelState, LinkState } from "./link_state.ts";
import type { RelayObserver } from "./observer.ts";
import { RecentMessages } from "./recent_messages.ts";
import { RecentSpeakers } from "./recent_speakers.ts";
import type { OutboxLimits, RelayStore } from "./relay_store.ts";
import { Routing } from "./routing.ts";
import type { Gateway, GatewayEndpoint } from "./settings.ts";
import { Supervisor } from "./supervisor.ts";

export interface RelayOptions {
  readonly gateways: readonly Gateway[];
  readonly accounts: readonly RelayAccount[];
  readonly commands: ChatCommands;
  readonly store: RelayStore;
  readonly outbox: OutboxLimits;
  readonly catchUp: CatchUpLimits;
  /** Message links and known ids are kept so long. */
  readonly keepLinksMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly observer: RelayObserver;
}

/** How long a stop waits for what is under way before it ends the links. */
const FLUSH_MS = 2_000;

/** The core: takes events from the bridges, stores what follows from them, has it delivered. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #routing: Routing;
  readonly #accounts: ReadonlyMap<AccountId, RelayAccount>;
  readonly #supervisors = new Map<AccountId, Supervisor>();
  readonly #workers = new Map<EndpointId, EndpointWorker>();
  readonly #loop: CoreLoop;

  constructor(given: RelayOptions) {
    const options = { ...given, clock: steadied(given.clock) };
    this.#options = options;
    this.#routing = new Routing(options.gateways);
    this.#accounts = new Map(options.accounts.map((account) => [account.bridge.account, account]));
    const intake = new Intake({
      accounts: this.#accounts,
      routing: this.#routing,
      store: options.store,
      recent: new RecentMessages(),
      speakers: new RecentSpeakers(),
      clock: options.clock,
    });
    this.#loop = new CoreLoop({
      ...options,
      routing: this.#routing,
      intake,
      workers: this.#workers,
    });
    for (const account of options.accounts) this.#supervise(account);
    for (const [endpoint, place] of this.#routing.destinations()) this.#employ(endpoint, place);
  }

  /** How each account stands. */
  links(): ReadonlyMap<AccountId, LinkState> {
    return new Map(
      [...this.#supervisors].map(([account, supervisor]) => [account, supervisor.state]),
    );
  }

  /** How each channel of a ready link stands. */
  channels(): ReadonlyMap<EndpointId, ChannelState> {
    return this.#loop.channels;
  }

  /** Resolves as soon as the core has handled all that bridges reported until now; never if it is stuck or has ended. */
  handled(): Promise<void> {
    return this.#loop.handled();
  }

  /** The endpoints that get what is said in this channel. */
  neighbours(account: AccountId, channel: ChannelId): readonly GatewayEndpoint[] {
    return this.#routing.from(endpointId(account, channel)).map((route) => route.to);
  }

  /** Ends an account's connection and makes a new one. */
  reconnect(account: AccountId, reason: string): void {
    this.#supervisors.get(account)?.reconnect(reason);
  }

  /**
   * Relays until `signal` aborts; then what is under way is flushed for a moment, the rest stays in the store, and the
   * links are ended as their services want it. Resolves when all of that is done.
   */
  async run(signal: AbortSignal): Promise<void> {
    const links = new AbortController();
    const loop = this.#loop.run();
    const workers = [...this.#workers.values()].map((worker) => worker.run());
    const keepers = [...this.#supervisors.values()].map((one) => one.run(links.signal));
    const housekeeping = keepHouse(this.#options, links.signal);
    await aborted(signal);
    await this.#flush();
    links.abort(new Error("stopping"));
    await Promise.all([...keepers, housekeeping]);
    this.#loop.close();
    await loop;
    for (const worker of this.#workers.values()) worker.finish();
    await Promise.all(workers);
  }

  #supervise(account: RelayAccount): void {
    const { bridge } = account;
    const { clock, random, log, observer, store } = this.#options;
    const id = bridge.account;
    this.#supervisors.set(
      id,
      new Supervisor({
        bridge,
        clock,
        random,
        log: log.with({ account: id }),
        host: (supervisor) =>
          bridgeHost({
            account: id,
            plans: this.#routing.plans(id),
            store,
            post: (input) => this.#loop.post(input),
            linkUp: (self) => supervisor.linkUp(self),
            latency: (roundTripMs) => observer.latency(id, roundTripMs),
          }),
        onLinkEnd: () => this.#loop.post({ kind: "link-end", account: id }),
        onState: (state) => observer.linkState(id, state),
      }),
    );
  }

  #employ(endpoint: EndpointId, place: GatewayEndpoint): void {
    const bridge = this.#accounts.get(place.account)?.bridge;
    if (bridge === undefined) throw new Error(`Cannot deliver to ${endpoint}: no such account`);
    const { store, clock, log, observer } = this.#options;
    this.#workers.set(
      endpoint,
      new EndpointWorker({
        endpoint,
        channel: place.channel,
        bridge,
        store,
        clock,
        log: log.with({ account: place.account, channel: place.written }),
        observer,
        packing: bridge.capabilities.packing ?? null,
        reconnect: (reason) => this.reconnect(place.account, reason),
      }),
    );
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.monotonic() + FLUSH_MS;
    const never = new AbortController().signal;
    while (clock.monotonic() < untilMs && !this.#idle()) await clock.sleep(20, never);
    for (const worker of this.#workers.values()) worker.close();
  }

  #idle(): boolean {
    return this.#loop.idle && [...this.#workers.values()].every((worker) => worker.idle);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
