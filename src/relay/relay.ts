import { type Clock, steadied } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { keepHouse } from "./delivery/retention.ts";
import { CoreLoop } from "./intake/core_loop.ts";
import { Intake, type RelayAccount } from "./intake/intake.ts";
import { LoopGuard, RecentMessages, RecentSpeakers } from "./intake/recent.ts";
import { Routing } from "./intake/routing.ts";
import { Typing } from "./intake/typing.ts";
import { Links } from "./links/links.ts";
import { type PlanChange, planChange, type RelayPlan } from "./plan.ts";
import { type AccountId, type ChannelId, type EndpointId, endpointId } from "./port/ids.ts";
import type { ChannelState, LinkState, RelayObserver } from "./port/observer.ts";
import type { GatewayEndpoint } from "./port/settings.ts";
import type { RelayStore } from "./port/store.ts";

interface RelayOptions extends RelayPlan {
  readonly store: RelayStore;
  /** Message links and known ids are kept so long. */
  readonly keepLinksMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly observer: RelayObserver;
}

/** How long a stop, or a change of the plan, waits for what is under way before it ends the links. */
const FLUSH_MS = 2_000;

/** The core: takes events from the bridges, stores what follows from them, has it delivered. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #routing: Routing;
  readonly #accounts: Map<AccountId, RelayAccount>;
  readonly #links: Links;
  readonly #loop: CoreLoop;
  #plan: RelayPlan;
  /** Aborts when the relay stops; null before it runs. */
  #stopping: AbortSignal | null = null;
  /** Rejects when a loop of the core has broken. */
  readonly #broken = Promise.withResolvers<never>();
  /** The last change of the plan: one at a time. */
  #change: Promise<unknown> = Promise.resolve();

  constructor(given: RelayOptions) {
    const options = { ...given, clock: steadied(given.clock) };
    this.#options = options;
    this.#plan = options;
    this.#routing = new Routing(options.gateways);
    this.#accounts = byId(options.accounts);
    const intake = new Intake({
      accounts: this.#accounts,
      routing: this.#routing,
      store: options.store,
      recent: new RecentMessages(),
      speakers: new RecentSpeakers(),
      loops: new LoopGuard(),
      clock: options.clock,
      log: options.log,
    });
    this.#loop = new CoreLoop({
      ...options,
      routing: this.#routing,
      intake,
      worker: (endpoint) => this.#links.worker(endpoint),
      plan: () => this.#plan,
    });
    this.#links = new Links({
      ...options,
      accounts: this.#accounts,
      routing: this.#routing,
      post: (input) => this.#loop.post(input),
      outbox: () => this.#plan.outbox,
      broken: this.#broken.reject,
      stored: () => this.handled(),
      typing: new Typing({ ...options, accounts: this.#accounts, routing: this.#routing }),
    });
    this.#links.addMissing();
    this.#broken.promise.catch(() => {});
  }

  /** How each account stands. */
  links(): ReadonlyMap<AccountId, LinkState> {
    return this.#links.states();
  }

  /** How each channel of a ready link stands. */
  channels(): ReadonlyMap<EndpointId, ChannelState> {
    return this.#loop.channels;
  }

  /** Resolves as soon as the core has handled all that bridges reported until now; never if it is stuck or has ended. */
  handled(): Promise<void> {
    return this.#loop.inTurn(() => {});
  }

  /** The endpoints that get what is said in this channel. */
  neighbours(account: AccountId, channel: ChannelId): readonly GatewayEndpoint[] {
    return this.#routing.from(endpointId(account, channel)).map((route) => route.to);
  }

  /** Ends an account's connection and makes a new one, since a person asked for it. */
  reconnect(account: AccountId, reason: string): void {
    this.#links.reconnect(account, reason, "person");
  }

  /**
   * Relays until `signal` aborts; then what is under way is flushed for a moment, the rest stays in the store, and the
   * links are ended as their services want it. Resolves when all of that is done. Rejects when one of the core's loops has
   * broken, once everything else has ended: a relay that delivers only half must not look well.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#stopping = signal;
    const links = new AbortController();
    const loop = this.#loop.run().catch(this.#broken.reject);
    this.#links.begin(links.signal);
    const house = {
      ...this.#options,
      outbox: () => this.#plan.outbox,
      dropped: (endpoint: EndpointId) => this.#links.worker(endpoint)?.dropped(),
    };
    const housekeeping = keepHouse(house, links.signal).catch(this.#broken.reject);
    const fault = await Promise.race([aborted(signal), this.#broken.promise.catch(describeError)]);
    if (fault !== undefined) {
      this.#options.log.error("the relay is broken and ends: {fault}", { fault });
    }
    await this.#flush();
    links.abort(new Error("stopping"));
    await this.#change.catch(() => {});
    await Promise.all([this.#links.linksEnded(), housekeeping]);
    this.#loop.close();
    await loop;
    await this.#links.endAllWorkers();
    if (fault !== undefined) await this.#broken.promise;
  }

  /**
   * Goes on by another plan, while it runs. Accounts that keep their bridge keep their link; their channels are entered and
   * left as the new plan wants it. What is under way to destinations that go is seen through first, within 2 s; what
   * waits for them stays in the store. Changes happen one after the other. Rejects when the relay stops meanwhile.
   */
  apply(plan: RelayPlan): Promise<PlanChange> {
    const change = this.#change.then(() => this.#applyNow(plan));
    this.#change = change.catch(() => {});
    return change;
  }

  async #applyNow(plan: RelayPlan): Promise<PlanChange> {
    const stopping = this.#stopping;
    if (stopping === null) throw new Error("Cannot change the plan: the relay does not run yet");
    const next = { accounts: byId(plan.accounts), routing: new Routing(plan.gateways) };
    const now = { accounts: this.#accounts, routing: this.#routing };
    const change = planChange(now, next);
    await this.#links.drain(change.retired, this.#drainLimit(stopping));
    await this.#links.endLinks([...change.removed, ...change.replaced]);
    if (stopping.aborted) throw new Error("Cannot change the plan: the relay is stopping");
    // In its turn: what the bridges reported before goes where the old plan sent it.
    let retired: Promise<void> = Promise.resolve();
    await this.#loop.inTurn(() => {
      this.#plan = plan;
      this.#routing.replace(plan.gateways);
      this.#accounts.clear();
      for (const [id, account] of next.accounts) this.#accounts.set(id, account);
      retired = this.#links.endWorkers(change.retired);
      this.#loop.replanned(this.#links.addMissing());
    });
    await retired;
    for (const id of change.replanned) this.#accounts.get(id)?.bridge.replan?.();
    return change;
  }

  #drainLimit(stopping: AbortSignal): AbortSignal {
    const over = new AbortController();
    this.#options.clock.sleep(FLUSH_MS, stopping).then(
      () => over.abort(),
      () => over.abort(),
    );
    return over.signal;
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.monotonic() + FLUSH_MS;
    const never = new AbortController().signal;
    const isIdle = () => this.#loop.idle && this.#links.idle;
    while (clock.monotonic() < untilMs && !isIdle()) await clock.sleep(20, never);
    this.#links.closeWorkers();
  }
}

function byId(accounts: readonly RelayAccount[]): Map<AccountId, RelayAccount> {
  return new Map(accounts.map((account) => [account.bridge.account, account]));
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
