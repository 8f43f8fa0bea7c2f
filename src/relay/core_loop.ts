import { AsyncQueue } from "../base/async_queue.ts";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { HostInput } from "./bridge_host.ts";
import type { ChatCommand, ChatCommandCall, ChatCommands } from "./chat_commands.ts";
import { catchUp, type CatchUpLimits, firstCursor } from "./catch_up.ts";
import { composeOwnLine } from "./compose.ts";
import type { EndpointWorker } from "./endpoint_worker.ts";
import type { ChatEvent } from "./event.ts";
import { type AccountId, type ChannelId, type EndpointId, endpointId } from "./ids.ts";
import type { Intake } from "./intake.ts";
import type { ChannelState } from "./link_state.ts";
import type { RelayObserver } from "./observer.ts";
import type { Acceptance, RelayStore } from "./relay_store.ts";
import type { Routing } from "./routing.ts";

export interface CoreLoopOptions {
  readonly routing: Routing;
  readonly intake: Intake;
  readonly workers: ReadonlyMap<EndpointId, EndpointWorker>;
  readonly commands: ChatCommands;
  readonly store: RelayStore;
  readonly catchUp: CatchUpLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: RelayObserver;
}

/**
 * The one loop that handles what all bridges report, in the order in which they reported it. It stores what follows
 * from events and tells the workers; nobody else does.
 */
export class CoreLoop {
  readonly #options: CoreLoopOptions;
  readonly #inputs = new AsyncQueue<HostInput>();
  readonly #channels = new Map<EndpointId, ChannelState>();

  constructor(options: CoreLoopOptions) {
    this.#options = options;
  }

  post(input: HostInput): void {
    this.#inputs.push(input);
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

  #handleBatch(batch: readonly HostInput[]): void {
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
    let acceptances: Acceptance[] = [];
    for (const { account, event } of events) {
      const call = event.kind === "message" ? { account, event } : null;
      const command = call === null ? null : this.#options.commands.find(call);
      // What refers to another message must find it stored, also when both came together.
      if (refersToAnother(event) || command !== null) {
        this.#accept(acceptances);
        acceptances = [];
      }
      if (call !== null && command !== null) {
        this.#obey(command, call);
        continue;
      }
      const acceptance = this.#acceptanceOf(account, event);
      if (acceptance !== null) acceptances.push(acceptance);
    }
    this.#accept(acceptances);
  }

  /** A command is taken over like a message, so that it is not run twice, but it goes nowhere. */
  #obey(command: ChatCommand, call: ChatCommandCall): void {
    const { account, event } = call;
    const { commands, store, clock, log } = this.#options;
    const origin = endpointId(account, event.channel);
    const taken = { origin, messageId: event.id, cursorAtMs: event.atMs, deliveries: [] };
    if (store.accept([taken], clock.now())[0] === null) return;
    const answer = commands.answer(command, call);
    log.info("{nick} asks for {command}", {
      account,
      nick: event.sender.nick,
      command: command.name,
    });
    if (answer === null || !this.#options.workers.has(origin)) return;
    const delivery = {
      endpoint: origin,
      outgoing: composeOwnLine(answer),
      source: null,
      gateway: "",
      speaker: null,
    };
    this.#accept([{ origin, messageId: null, cursorAtMs: null, deliveries: [delivery] }]);
  }

  #acceptanceOf(account: AccountId, event: ChatEvent): Acceptance | null {
    try {
      return this.#options.intake.acceptanceOf(account, event);
    } catch (error) {
      this.#options.log.error("an event could not be relayed: {error}", {
        account,
        error: describeError(error),
      });
      return null;
    }
  }

  #accept(acceptances: readonly Acceptance[]): void {
    if (acceptances.length === 0) return;
    const { store, clock, observer } = this.#options;
    const stored = store.accept(acceptances, clock.now());
    const woken = new Set<EndpointId>();
    stored.forEach((deliveries, at) => {
      const origin = acceptances[at]?.origin;
      if (deliveries === null || origin === undefined) return;
      observer.accepted(origin, deliveries);
      for (const delivery of deliveries) woken.add(delivery.endpoint);
    });
    for (const endpoint of woken) this.#options.workers.get(endpoint)?.wake();
  }

  #handle(input: Exclude<HostInput, { kind: "event" }>): void {
    switch (input.kind) {
      case "channel-up":
        return this.#channelUp(input);
      case "channel-down":
        return this.#channelDown(input);
      case "link-end":
        for (const plan of this.#options.routing.plans(input.account)) {
          const endpoint = endpointId(input.account, plan.channel);
          this.#channels.delete(endpoint);
          this.#options.workers.get(endpoint)?.channelDown();
        }
    }
  }

  #channelUp({ account, channel, history }: Extract<HostInput, { kind: "channel-up" }>): void {
    const { store, clock, log } = this.#options;
    const endpoint = endpointId(account, channel);
    const nowMs = clock.now();
    this.#channels.set(endpoint, { kind: "up", sinceMs: nowMs });
    const written = this.#written(account, channel);
    log.info("in {channel}", { account, channel: written });
    const cursor = store.cursor(endpoint);
    if (cursor === null) store.setCursor(endpoint, firstCursor(history, nowMs));
    const missed = history === null
      ? { events: [], gap: false }
      : catchUp(history, cursor, this.#options.catchUp, nowMs);
    if (missed.gap) this.#announceGap(account, endpoint, written);
    this.#acceptEvents(missed.events.map((event) => ({ account, event })));
    // Only now: the worker must find its doubtful shipments as the history of this moment shows them.
    this.#options.workers.get(endpoint)?.channelUp(history);
  }

  #channelDown({ account, channel, why }: Extract<HostInput, { kind: "channel-down" }>): void {
    const endpoint = endpointId(account, channel);
    const before = this.#channels.get(endpoint);
    this.#channels.set(endpoint, { kind: "down", ...why });
    this.#options.workers.get(endpoint)?.channelDown();
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
    const text = `Some messages of ${written} from while the relay was away are missing here`;
    const deliveries = this.#options.routing.from(origin).map((route) => ({
      endpoint: route.destination,
      outgoing: composeOwnLine(text),
      source: null,
      gateway: route.gateway,
      speaker: null,
    }));
    this.#accept([{ origin, messageId: null, cursorAtMs: null, deliveries }]);
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
