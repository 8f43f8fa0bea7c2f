import { catchUp, firstCursor, saidBeforeUs } from "../../src/relay/intake/catch_up.ts";
import type {
  BridgeHost,
  ChannelPlan,
  ChannelRefusal,
  History,
} from "../../src/relay/port/bridge.ts";
import type { ChatEvent, MessageEvent, Person } from "../../src/relay/port/event.ts";
import type { ChannelId } from "../../src/relay/port/ids.ts";
import { textOf } from "../../src/relay/port/rich_text.ts";
import type { CountedCursor } from "../../src/relay/port/store.ts";
import { movedCursor } from "../../src/store/sqlite/database.ts";
import { Changes } from "../support/wait.ts";

/** One call of the bridge. */
export type Told =
  | { readonly kind: "linkUp"; readonly self: Person }
  | { readonly kind: "up"; readonly channel: ChannelId; readonly history: History | null }
  | { readonly kind: "down"; readonly channel: ChannelId; readonly why: ChannelRefusal }
  | { readonly kind: "event"; readonly event: ChatEvent };

const CATCH_UP = { maxMessages: 1_000, maxAgeMs: 86_400_000 };

/**
 * The core's side of the port, for all runs of one bridge: keeps every call in order, takes messages over and moves
 * the cursors as the core does, and writes down each call that the port does not allow.
 */
export class RecordingHost implements BridgeHost {
  readonly told: Told[] = [];
  readonly latencies: number[] = [];
  /** Who was told to be typing. */
  readonly typists: string[] = [];
  /** What the core would relay, in its order: live and caught up, each message once. */
  readonly takenOver: MessageEvent[] = [];
  /** What the port forbids and the bridge did all the same. */
  readonly violations: string[] = [];
  /** Called inside each call of the bridge, before it returns. */
  onTold: (told: Told) => void = () => {};
  readonly #plans: readonly ChannelPlan[];
  readonly #cursors = new Map<ChannelId, CountedCursor>();
  readonly #known: MessageEvent[] = [];
  readonly #up = new Set<ChannelId>();
  readonly #changes = new Changes();
  #self: Person | null = null;
  #running = false;

  constructor(plans: readonly ChannelPlan[]) {
    this.#plans = plans;
  }

  channels(): readonly ChannelPlan[] {
    return this.#plans;
  }

  cursor(channel: ChannelId): CountedCursor | null {
    return this.#cursors.get(channel) ?? null;
  }

  linkUp(self: Person): void {
    if (this.#self !== null) this.violations.push("linkUp twice in one run");
    if (self.nick === "") this.violations.push("linkUp with an empty nick");
    this.#self = self;
    this.#tell({ kind: "linkUp", self });
  }

  channelUp(channel: ChannelId, history: History | null): void {
    this.#isUsed(channel, "channelUp");
    if (this.#up.has(channel)) this.violations.push(`channelUp of ${channel}, which is up`);
    this.#up.add(channel);
    for (const message of history?.messages ?? []) {
      if (!message.own && !message.event.late) this.violations.push("history that is not late");
      if (!message.own && message.event.channel !== channel) {
        this.violations.push(`history of ${message.event.channel} with ${channel}`);
      }
    }
    this.#catchUp(channel, history);
    this.#tell({ kind: "up", channel, history });
  }

  channelDown(channel: ChannelId, why: ChannelRefusal): void {
    this.#isUsed(channel, "channelDown");
    if (why.reason === "") this.violations.push("channelDown without a reason");
    this.#up.delete(channel);
    this.#tell({ kind: "down", channel, why });
  }

  event(event: ChatEvent): void {
    this.#isUsed(event.channel, `the event ${event.kind}`);
    if (!this.#up.has(event.channel)) {
      this.violations.push(`the event ${event.kind} in ${event.channel}, which is not up`);
    }
    if (doerOf(event)?.id === this.#self?.id) this.violations.push(`our own ${event.kind}`);
    if (event.kind === "message") this.#takeOver(event);
    this.#tell({ kind: "event", event });
  }

  stored(): Promise<void> {
    return Promise.resolve();
  }

  typing(channel: ChannelId, who: Person, active: boolean): void {
    this.#isUsed(channel, "typing");
    if (active) this.typists.push(who.nick);
    this.#changes.notify();
  }

  latency(roundTripMs: number): void {
    if (!(roundTripMs >= 0)) this.violations.push(`a round trip of ${roundTripMs} ms`);
    this.latencies.push(roundTripMs);
    this.#changes.notify();
  }

  /** To be called around each run: what is told outside of one is a violation. */
  runBegins(): void {
    this.#running = true;
    this.#self = null;
    this.#up.clear();
  }

  runEnded(): void {
    this.#running = false;
    this.#up.clear();
    this.#changes.notify();
  }

  get self(): Person | null {
    return this.#self;
  }

  ups(channel: ChannelId): readonly (History | null)[] {
    return this.told.flatMap((one) =>
      one.kind === "up" && one.channel === channel ? [one.history] : []
    );
  }

  downs(channel: ChannelId): readonly ChannelRefusal[] {
    return this.told.flatMap((one) =>
      one.kind === "down" && one.channel === channel ? [one.why] : []
    );
  }

  get events(): readonly ChatEvent[] {
    return this.told.flatMap((one) => one.kind === "event" ? [one.event] : []);
  }

  messages(channel: ChannelId): readonly MessageEvent[] {
    return this.events.flatMap((event) =>
      event.kind === "message" && event.channel === channel ? [event] : []
    );
  }

  texts(channel: ChannelId): readonly string[] {
    return this.messages(channel).map((message) => textOf(message.text));
  }

  waitFor<T>(probe: () => T, what: string): Promise<Exclude<T, false | null | undefined>> {
    const seen = () => JSON.stringify(this.told.slice(-10), null, 1);
    return this.#changes.until(probe, what, undefined, seen);
  }

  async waitUp(channel: ChannelId, count = 1): Promise<History | null> {
    const enough = () => this.ups(channel).length >= count;
    await this.waitFor(enough, `${channel} to be up (${count})`);
    return this.ups(channel).at(-1) ?? null;
  }

  /** Texts of what the core would relay from there. */
  relayed(channel: ChannelId): readonly string[] {
    return this.takenOver.filter((message) => message.channel === channel)
      .map((message) => textOf(message.text));
  }

  async waitForTexts(channel: ChannelId, count: number): Promise<readonly string[]> {
    const enough = () => this.messages(channel).length >= count;
    await this.waitFor(enough, `${count} messages from ${channel}`);
    return this.texts(channel);
  }

  #isUsed(channel: ChannelId, call: string): void {
    if (this.#plans.some((plan) => plan.channel === channel)) return;
    this.violations.push(`${call} for ${channel}, which nobody uses`);
  }

  #tell(told: Told): void {
    if (!this.#running) this.violations.push(`${told.kind} outside of a run`);
    if (this.#self === null) this.violations.push(`${told.kind} before linkUp`);
    this.told.push(told);
    this.onTold(told);
    this.#changes.notify();
  }

  #catchUp(channel: ChannelId, history: History | null): void {
    const cursor = this.cursor(channel);
    const now = Date.now();
    if (cursor === null) {
      const first = firstCursor(history, now);
      this.#cursors.set(channel, first);
      this.#known.push(...history === null ? [] : saidBeforeUs(history, first));
    }
    if (cursor === null || history === null) return;
    for (const event of catchUp(history, cursor, CATCH_UP, now).events) this.#takeOver(event);
  }

  #takeOver(event: MessageEvent): void {
    const { channel, id, atMs } = event;
    const isSame = (other: MessageEvent) => other.id === id && other.channel === channel;
    if (id !== null && this.#known.some(isSame)) return;
    this.#known.push(event);
    this.takenOver.push(event);
    const before = this.cursor(channel);
    this.#cursors.set(channel, movedCursor(before, { messageId: id, cursorAtMs: atMs }));
  }
}

/** Who did it, as far as the event tells. */
function doerOf(event: ChatEvent): Person | null {
  switch (event.kind) {
    case "message":
    case "edit":
    case "reaction":
      return event.sender;
    case "deletion":
    case "topic":
      return event.by;
    case "join":
    case "leave":
    case "rename":
      return event.who;
  }
}

/** The same host as an object whose members can be replaced. */
export function bound(host: BridgeHost): BridgeHost {
  return {
    channels: () => host.channels(),
    cursor: (channel) => host.cursor(channel),
    linkUp: (self) => host.linkUp(self),
    channelUp: (channel, history) => host.channelUp(channel, history),
    channelDown: (channel, why) => host.channelDown(channel, why),
    event: (event) => host.event(event),
    latency: (roundTripMs) => host.latency(roundTripMs),
    stored: () => host.stored(),
  };
}
