import { AsyncQueue } from "../../base/async_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Worker } from "../delivery/worker.ts";
import { type ChannelRefusal, type History, NOTHING_TO_SAY, ownLine } from "../port/bridge.ts";
import type { ChatEvent, DeletionEvent } from "../port/event.ts";
import {
  type AccountId,
  type ChannelId,
  type EndpointId,
  endpointId,
  type MessageId,
} from "../port/ids.ts";
import type { ChannelState, RelayObserver } from "../port/observer.ts";
import type { NewDelivery, RelayStore } from "../port/store.ts";
import {
  catchUp,
  type CatchUpLimits,
  firstCursor,
  passedOver,
  rightWayRound,
  saidBeforeUs,
} from "./catch_up.ts";
import type { ChatCommand, ChatCommandCall, ChatCommands } from "./chat_commands.ts";
import type { Intake, Taken } from "./intake.ts";
import type { Routing } from "./routing.ts";

interface CoreLoopOptions {
  readonly routing: Routing;
  readonly intake: Intake;
  readonly worker: (endpoint: EndpointId) => Worker | undefined;
  /** What holds at that moment. */
  readonly plan: () => { readonly commands: ChatCommands; readonly catchUp: CatchUpLimits };
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: RelayObserver;
}

/** What the core's loop handles, in order. */
export type HostInput =
  | { readonly kind: "event"; readonly account: AccountId; readonly event: ChatEvent }
  | {
    readonly kind: "channel-up";
    readonly account: AccountId;
    readonly channel: ChannelId;
    readonly history: History | null;
  }
  | {
    readonly kind: "channel-down";
    readonly account: AccountId;
    readonly channel: ChannelId;
    readonly why: ChannelRefusal;
  }
  | { readonly kind: "link-end"; readonly account: AccountId };

type LoopInput = HostInput | { readonly kind: "act"; readonly act: () => void };

/**
 * The one loop that handles what all bridges report, in the order in which they reported it. It stores what follows
 * from events and tells the workers; nobody else does.
 */
export class CoreLoop {
  readonly #options: CoreLoopOptions;
  readonly #inputs = new AsyncQueue<LoopInput>();
  readonly #channels = new Map<EndpointId, ChannelState>();

  constructor(options: CoreLoopOptions) {
    this.#options = options;
  }

  post(input: HostInput): void {
    this.#inputs.push(input);
  }

  /**
   * Calls `act` when all that was posted before has been handled, and then resolves; never when the loop is stuck or has
   * ended. Rejects with what `act` throws.
   */
  inTurn(act: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const guarded = () => {
        try {
          act();
          resolve();
        } catch (thrown) {
          reject(thrown);
        }
      };
      this.#inputs.push({ kind: "act", act: guarded });
    });
  }

  /** The routing has changed: channels that nobody wants any more are forgotten, `fresh` destinations told that they are up. */
  replanned(fresh: readonly EndpointId[]): void {
    const { routing, worker } = this.#options;
    for (const endpoint of [...this.#channels.keys()]) {
      if (!routing.isPlanned(endpoint)) this.#setChannel(endpoint, null);
    }
    for (const endpoint of fresh) {
      if (this.#channels.get(endpoint)?.kind === "up") worker(endpoint)?.channelUp(null);
    }
  }

  /** Handles what is left, then ends `run`. */
  close(): void {
    this.#inputs.close();
  }

  get idle(): boolean {
    return this.#inputs.size === 0;
  }

  /** How each channel of a ready link stands. */
  get channels(): ReadonlyMap<EndpointId, ChannelState> {
    return this.#channels;
  }

  /** Whatever has gathered is handled in order, events that follow each other in one transaction. */
  async run(): Promise<void> {
    for (let batch = await this.#inputs.takeAll(); batch; batch = await this.#inputs.takeAll()) {
      this.#handleBatch(batch);
    }
  }

  #handleBatch(batch: readonly LoopInput[]): void {
    let events: { account: AccountId; event: ChatEvent }[] = [];
    for (const input of batch) {
      if (input.kind === "event") {
        events.push(input);
        continue;
      }
      this.#acceptEvents(events);
      events = [];
      this.#handle(input);
    }
    this.#acceptEvents(events);
  }

  #acceptEvents(events: readonly { account: AccountId; event: ChatEvent }[]): void {
    let taken: Taken[] = [];
    for (const { account, event } of events) {
      const call = event.kind === "message" ? { account, event } : null;
      const command = call === null ? null : this.#commandIn(call);
      // What refers to another message must find it stored, also when both came together.
      if (refersToAnother(event) || command !== null) {
        this.#accept(taken);
        taken = [];
      }
      if (call !== null && command !== null) {
        this.#obey(command, call);
        continue;
      }
      if (event.kind === "deletion") this.#withdraw(account, event);
      taken.push(this.#options.intake.taken(account, event));
    }
    this.#accept(taken);
  }

  #commandIn(call: ChatCommandCall): ChatCommand | null {
    return this.#guarded(call.account, () => this.#options.plan().commands.find(call));
  }

  /** Null where a fault of the program is in the way: it is logged, and everything else goes on. */
  #guarded<T>(account: AccountId, work: () => T): T | null {
    try {
      return work();
    } catch (thrown) {
      const fault = describeError(thrown);
      this.#options.log.error("internal error, please report it: {fault}", { account, fault });
      return null;
    }
  }

  /** What was taken back before it left never leaves. */
  #withdraw(account: AccountId, { channel, id }: DeletionEvent): void {
    const { store, worker } = this.#options;
    const gone = store.withdraw({ endpoint: endpointId(account, channel), id }, NOTHING_TO_SAY);
    for (const { endpoint } of gone) worker(endpoint)?.withdrawn();
  }

  /** A command is taken over like a message, so that it is not run twice, but it goes nowhere. */
  #obey(command: ChatCommand, call: ChatCommandCall): void {
    const { account, event } = call;
    const { plan, log } = this.#options;
    const origin = endpointId(account, event.channel);
    const acceptance = {
      origin,
      messageId: event.id,
      cursorAtMs: event.atMs,
      live: !event.late,
      deliveries: [],
    };
    if (this.#accept([{ acceptance, event }]) === 0) return;
    this.#options.observer.command?.(origin);
    const answer = this.#guarded(account, () => plan().commands.answer(command, call));
    log.info("{nick} asks for {command}", {
      account,
      nick: event.sender.nick,
      command: command.name,
    });
    if (answer === null || this.#options.worker(origin) === undefined) return;
    const delivery = {
      endpoint: origin,
      outgoing: ownLine(answer),
      source: null,
      gateway: "",
      speaker: null,
    };
    this.#acceptOwn(origin, [delivery]);
  }

  /** Stores what was taken over, and wakes the workers. Answers how many were new. */
  #accept(taken: readonly Taken[]): number {
    if (taken.length === 0) return 0;
    const { store, clock, observer } = this.#options;
    const stored = store.accept(taken.map(({ acceptance }) => acceptance), clock.now());
    let fresh = 0;
    taken.forEach(({ acceptance: { origin }, event, lost }, at) => {
      const deliveries = stored[at] ?? null;
      if (deliveries === null) return observer.duplicate(origin);
      fresh++;
      observer.accepted(origin, deliveries, event);
      if (lost !== undefined) this.#tellLost(lost);
    });
    const added = stored.flatMap((deliveries) => deliveries ?? []);
    for (const [endpoint, deliveries] of Map.groupBy(added, (one) => one.endpoint)) {
      this.#options.worker(endpoint)?.wake(deliveries);
    }
    return fresh;
  }

  #tellLost({ deliveries, words }: NonNullable<Taken["lost"]>): void {
    const { observer, worker } = this.#options;
    for (const one of deliveries) {
      observer.dropped(one.endpoint, one.gateway, [one], { cause: "fault", words });
      worker(one.endpoint)?.dropped();
    }
  }

  /** Lines of the relay's own, which no event stands behind. */
  #acceptOwn(origin: EndpointId, deliveries: readonly NewDelivery[]): void {
    const acceptance = { origin, messageId: null, cursorAtMs: null, deliveries };
    this.#accept([{ acceptance, event: null }]);
  }

  #handle(input: Exclude<LoopInput, { kind: "event" }>): void {
    switch (input.kind) {
      case "channel-up":
        return this.#isPlanned(input) ? this.#channelUp(input) : undefined;
      case "channel-down":
        return this.#isPlanned(input) ? this.#channelDown(input) : undefined;
      case "act":
        return input.act();
      case "link-end":
        for (const plan of this.#options.routing.plans(input.account)) {
          const endpoint = endpointId(input.account, plan.channel);
          this.#setChannel(endpoint, null);
          this.#options.worker(endpoint)?.channelDown();
        }
    }
  }

  /** What a bridge reports of a channel crosses the news that nobody wants it any more. */
  #isPlanned({ account, channel }: { account: AccountId; channel: ChannelId }): boolean {
    return this.#options.routing.isPlanned(endpointId(account, channel));
  }

  #channelUp({ account, channel, ...input }: Extract<HostInput, { kind: "channel-up" }>): void {
    const { store, clock, log, plan, intake } = this.#options;
    const endpoint = endpointId(account, channel);
    const nowMs = clock.now();
    const thereMs = intake.clocks.timeAt(endpoint, nowMs);
    this.#setChannel(endpoint, { kind: "up", sinceMs: nowMs });
    const written = this.#written(account, channel);
    log.info("in {channel}", { account, channel: written });
    const cursor = store.cursor(endpoint);
    const isKnown = (id: MessageId) => store.traces({ endpoint, id }) !== null;
    const history = input.history === null ? null : rightWayRound(input.history, isKnown);
    if (cursor === null) this.#firstVisit(endpoint, history, nowMs);
    const missed = history === null
      ? null
      : this.#guarded(account, () => catchUp(history, cursor, plan().catchUp, thereMs, isKnown));
    if (missed?.gap === true) this.#announceGap(account, endpoint, written);
    store.accept(passedOver(endpoint, missed?.passedOver ?? [], nowMs), nowMs);
    this.#acceptEvents((missed?.events ?? []).map((event) => ({ account, event })));
    // Only now: the worker must find its doubtful shipments as the history of this moment shows them.
    this.#options.worker(endpoint)?.channelUp(history);
  }

  /** From here on everything is ours to relay, and nothing that stands there already. */
  #firstVisit(origin: EndpointId, history: History | null, nowMs: number): void {
    const { store } = this.#options;
    const cursor = firstCursor(history, nowMs);
    store.setCursor(origin, cursor);
    const known = history === null ? [] : saidBeforeUs(history, cursor);
    store.accept(
      known.map(({ id }) => ({ origin, messageId: id, cursorAtMs: null, deliveries: [] })),
      nowMs,
    );
  }

  #setChannel(endpoint: EndpointId, state: ChannelState | null): void {
    if (state === null) this.#channels.delete(endpoint);
    else this.#channels.set(endpoint, state);
    this.#options.observer.channelState(endpoint, state);
  }

  #channelDown({ account, channel, why }: Extract<HostInput, { kind: "channel-down" }>): void {
    const endpoint = endpointId(account, channel);
    const before = this.#channels.get(endpoint);
    this.#setChannel(endpoint, { kind: "down", ...why });
    this.#options.worker(endpoint)?.channelDown();
    if (before?.kind === "down" && before.reason === why.reason) return;
    const facts = { account, channel: this.#written(account, channel), reason: why.reason };
    const template = "not in {channel}: {reason}";
    if (why.mend === "person") this.#options.log.error(template, facts);
    else this.#options.log.warn(template, facts);
  }

  /** Somebody must know that the other side said more than will ever be shown. */
  #announceGap(account: AccountId, origin: EndpointId, written: string): void {
    const { log } = this.#options;
    log.warn("more was said in {channel} while the relay was away than it may catch up with", {
      account,
      channel: written,
    });
    const text = `Some messages from ${written} were missed while the relay was offline`;
    const deliveries = this.#options.routing.from(origin).map((route) => ({
      endpoint: route.destination,
      outgoing: ownLine(text),
      source: null,
      gateway: route.gateway,
      speaker: null,
    }));
    this.#acceptOwn(origin, deliveries);
  }

  #written(account: AccountId, channel: ChannelId): string {
    const plan = this.#options.routing.plans(account).find((plan) => plan.channel === channel);
    return plan?.written ?? channel;
  }
}

function refersToAnother(event: ChatEvent): boolean {
  return event.kind === "message"
    ? event.replyTo !== null
    : event.kind === "edit" || event.kind === "deletion" || event.kind === "reaction";
}
