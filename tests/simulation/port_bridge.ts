import type {
  Bridge,
  BridgeHost,
  Capabilities,
  LinkEnd,
  Outgoing,
  Part,
  Receipt,
  WireText,
} from "../../src/relay/port/bridge.ts";
import { type AccountId, type ChannelId, endpointId } from "../../src/relay/port/ids.ts";
import { cutInParts, numbersIn, readPieces, writePieces } from "./hidden.ts";
import type { Ledger, Shown } from "./ledger.ts";
import type { Process } from "./process.ts";
import type { Cable, Service, ServiceLink } from "./service.ts";
import type { Timeline } from "./timeline.ts";

/** Silence after which a part that left counts as unknown, and a link as dead. */
const UNANSWERED_MS = 30_000;
const DEAD_MS = 90_000;

interface Sending {
  readonly channel: ChannelId;
  readonly part: Part;
  readonly settle: (receipt: Receipt) => void;
  /** When the core gave it away. */
  readonly givenMs: number;
  left: boolean;
  done: boolean;
}

export interface PortBridgeOptions {
  readonly service: Service;
  readonly process: Process;
  readonly timeline: Timeline;
  readonly ledger: Ledger;
}

/** A bridge as the port wants it, to a simulated service. It belongs to one process. */
export class PortBridge implements Bridge {
  readonly account: AccountId;
  readonly protocol = "simulated";
  readonly capabilities: Capabilities;
  readonly #options: PortBridgeOptions;
  #link: PortLink | null = null;
  #freeAtMs = 0;

  constructor(options: PortBridgeOptions) {
    this.#options = options;
    const { habits } = options.service;
    this.account = options.service.account;
    this.capabilities = {
      window: habits.window,
      deletions: habits.deletions,
      replies: habits.replies,
      ...(habits.packs ? { packing: { separator: " | ", maxLength: 320 } } : {}),
      uniqueNicks: habits.uniqueNicks,
      history: habits.history,
    };
  }

  channelId(written: string): ChannelId {
    return written as ChannelId;
  }

  /** The link that there is, for faults that hit it. */
  get link(): PortLink | null {
    return this.#link;
  }

  async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    if (signal.aborted) return { kind: "stopped", reason: "asked to stop" };
    const link = new PortLink(this.#options, host);
    this.#link = link;
    const stop = () => link.stop();
    signal.addEventListener("abort", stop, { once: true });
    link.dial();
    const end = await link.ended;
    signal.removeEventListener("abort", stop);
    if (this.#link === link) this.#link = null;
    return end;
  }

  replan(): void {
    this.#link?.enterAll();
  }

  render(_channel: ChannelId, outgoing: Outgoing): readonly Part[] {
    if (outgoing.kind !== "message") {
      const target = outgoing.kind === "deletion" ? outgoing.target : null;
      const wire = `${outgoing.kind} ${target}` as WireText;
      return [{ kind: outgoing.kind, wire, target, speaker: null }];
    }
    const { ledger, service } = this.#options;
    ledger.mustRender(numbersIn(outgoing.text));
    return cutInParts(outgoing.prefix, outgoing.text, service.habits.partLength).map((cut) => ({
      kind: "message",
      wire: cut.text as WireText,
      target: outgoing.replyTo,
      speaker: writePieces(cut.pieces),
    }));
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    const link = this.#link;
    if (link === null || !link.isUp(channel)) {
      return Promise.resolve({ outcome: "unsent", reason: "not there" });
    }
    if (signal.aborted) return Promise.resolve({ outcome: "unsent", reason: "given up" });
    const { process, service, ledger } = this.#options;
    ledger.give(endpointId(this.account, channel), readPieces(part.speaker));
    const { habits } = service;
    const nowMs = process.monotonicMs();
    const burstMs = habits.messageDelayMs * (habits.burst - 1);
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - burstMs) + habits.messageDelayMs;
    const waitMs = Math.max(0, this.#freeAtMs - habits.messageDelayMs - nowMs);
    return link.send(channel, part, signal, waitMs);
  }
}

/** One connection: both ends and the way between them. */
export class PortLink implements ServiceLink, Cable {
  readonly process: number;
  readonly entered = new Set<ChannelId>();
  /** The service's end is gone: nothing passes any more. */
  #gone = false;
  readonly ended: Promise<LinkEnd>;
  readonly #resolve: (end: LinkEnd) => void;
  readonly #options: PortBridgeOptions;
  readonly #host: BridgeHost;
  /** Channels that the relay was told it is in. */
  readonly #up = new Set<ChannelId>();
  readonly #sendings = new Set<Sending>();
  #over = false;
  #stalledUntilMs = 0;
  #lastDownMs = 0;
  #lastUpMs = 0;

  constructor(options: PortBridgeOptions, host: BridgeHost) {
    this.#options = options;
    this.#host = host;
    this.process = options.process.number;
    const { promise, resolve } = Promise.withResolvers<LinkEnd>();
    this.ended = promise;
    this.#resolve = resolve;
  }

  get isOver(): boolean {
    return this.#over;
  }

  isUp(channel: ChannelId): boolean {
    return !this.#over && this.#up.has(channel);
  }

  dial(): void {
    const { service, ledger, process } = this.#options;
    process.tries.tried(service.account, process.monotonicMs());
    this.#later(2 * service.latencyMs() + 1, () => {
      if (service.down) return this.finish({ kind: "lost", reason: "refused" });
      process.tries.ready(service.account);
      service.links.add(this);
      service.readers.set(this, (event, heard) => {
        heard();
        this.#host.event(event);
      });
      ledger.trace(`${service.account} link up of process ${this.process}`);
      this.#host.linkUp({ id: "self" as never, nick: "relay", userId: "relay@host" });
      this.enterAll();
    });
  }

  /** Enters what is planned and leaves what is not. */
  enterAll(): void {
    const planned = this.#host.channels().map((plan) => plan.channel);
    for (const channel of [...this.#up]) {
      if (planned.includes(channel)) continue;
      this.#up.delete(channel);
      this.entered.delete(channel);
    }
    for (const channel of planned) if (!this.#up.has(channel)) this.enter(channel);
  }

  enterAgain(channel: ChannelId): void {
    this.enter(channel);
  }

  enter(channel: ChannelId): void {
    const { service } = this.#options;
    this.#toService(() => {
      if (service.banned.has(channel)) {
        return this.tell(() => {
          this.#host.channelDown(channel, { reason: "banned", mend: "person" });
          this.#later(5_000, () => this.enter(channel));
        });
      }
      this.entered.add(channel);
      const { history, read } = service.history(channel, this.#host.cursor(channel));
      this.tell(() => {
        read();
        this.#up.add(channel);
        this.#options.ledger.trace(
          `${service.account} ${channel} up, history ${history?.messages.length ?? "none"}`,
        );
        this.#options.process.entered(service.account, channel);
        this.#host.channelUp(channel, history);
      });
    });
  }

  /** Thrown out; enters again by itself. */
  kick(channel: ChannelId): void {
    this.entered.delete(channel);
    this.tell(() => {
      this.#up.delete(channel);
      this.#host.channelDown(channel, { reason: "kicked", mend: "wait" });
      this.#later(1_000, () => this.enter(channel));
    });
  }

  send(channel: ChannelId, part: Part, signal: AbortSignal, waitMs: number): Promise<Receipt> {
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    const giveUp = () => {
      if (!sending.left) sending.settle({ outcome: "unsent", reason: "given up" });
    };
    const sending: Sending = {
      channel,
      part,
      givenMs: this.#options.timeline.nowMs,
      left: false,
      done: false,
      settle: (receipt) => {
        if (sending.done) return;
        sending.done = true;
        this.#sendings.delete(sending);
        signal.removeEventListener("abort", giveUp);
        resolve(receipt);
      },
    };
    this.#sendings.add(sending);
    signal.addEventListener("abort", giveUp, { once: true });
    if (waitMs <= 0) this.#leave(sending);
    else this.#later(waitMs, () => this.#leave(sending));
    return promise;
  }

  #leave(sending: Sending): void {
    if (sending.done) return;
    if (!this.isUp(sending.channel)) {
      return sending.settle({ outcome: "unsent", reason: "the channel is gone" });
    }
    const { service, ledger } = this.#options;
    sending.left = true;
    ledger.trace(`${service.account} ${sending.channel} sent [${sending.part.speaker ?? ""}]`);
    const { channel, part, givenMs } = sending;
    this.#toService(
      () =>
        service.take(
          channel,
          part,
          this,
          givenMs,
          (receipt, shown) => this.#answered(sending, receipt, shown),
        ),
      () => service.lose(channel, part, givenMs),
    );
    this.#later(UNANSWERED_MS, () => sending.settle({ outcome: "unknown", reason: "no answer" }));
  }

  #answered(sending: Sending, receipt: Receipt, shown: Shown | null): void {
    if (sending.done) return;
    if (shown !== null) {
      shown.confirmedMs ??= this.#options.timeline.nowMs;
    }
    sending.settle(receipt);
  }

  stall(forMs: number, dies: boolean): void {
    const isDead = dies || forMs >= DEAD_MS;
    this.#stalledUntilMs = isDead ? Infinity : this.#options.timeline.nowMs + forMs;
    if (isDead) this.#cutSilently(Math.min(forMs, DEAD_MS));
  }

  /** The service's end is gone; the relay's finds out later. */
  #cutSilently(afterMs: number): void {
    this.#leaveService();
    this.#later(afterMs, () => this.finish({ kind: "lost", reason: "silence" }));
  }

  cut(): void {
    this.#leaveService();
    this.#later(this.#options.service.latencyMs(), () => {
      this.finish({ kind: "lost", reason: "reset" });
    });
  }

  end(reason: string): void {
    this.#leaveService();
    this.#later(0, () => this.finish({ kind: "lost", reason }));
  }

  stop(): void {
    if (this.#over) return;
    const { service } = this.#options;
    this.#up.clear();
    for (const sending of [...this.#sendings]) {
      if (!sending.left) sending.settle({ outcome: "unsent", reason: "stopping" });
    }
    const end: LinkEnd = { kind: "stopped", reason: "said goodbye" };
    // What has left is worked off before the goodbye is, and answered before it is.
    this.#toService(() => {
      this.tell(() => this.finish(end));
      this.#leaveService();
    });
    this.#later(Math.min(1_500, 4 * service.latencyMs() + 1_000), () => this.finish(end));
  }

  finish(end: LinkEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#leaveService();
    const { service, ledger, process } = this.#options;
    process.tries.ended(service.account, process.monotonicMs());
    ledger.trace(`${service.account} link of process ${this.process} ends: ${end.reason}`);
    for (const sending of [...this.#sendings]) {
      sending.settle(
        sending.left
          ? { outcome: "unknown", reason: end.reason }
          : { outcome: "unsent", reason: end.reason },
      );
    }
    this.#resolve(end);
  }

  #leaveService(): void {
    const { service } = this.#options;
    this.entered.clear();
    this.#gone = true;
    service.links.delete(this);
    service.readers.delete(this);
  }

  /** From the service to the relay, in order, behind what is on its way. */
  tell(act: () => void): void {
    const { timeline, service } = this.#options;
    const atMs = Math.max(
      this.#lastDownMs,
      timeline.nowMs + service.latencyMs(),
      this.#stalledUntilMs,
    );
    if (atMs === Infinity) return;
    this.#lastDownMs = atMs;
    const isOpen = () => !this.#over;
    timeline.at(atMs, () => this.#options.process.when(() => isOpen() && act()));
  }

  #toService(act: () => void, lost: () => void = () => {}): void {
    const { timeline, service, process } = this.#options;
    if (process.dead) return;
    const atMs = Math.max(
      this.#lastUpMs,
      timeline.nowMs + service.latencyMs(),
      this.#stalledUntilMs,
    );
    if (atMs === Infinity) return lost();
    this.#lastUpMs = atMs;
    timeline.at(atMs, () => {
      if (this.#gone) lost();
      else act();
    });
  }

  /** The bridge's own timer. */
  #later(waitMs: number, act: () => void): void {
    this.#options.process.after(waitMs, () => {
      if (!this.#over) act();
    });
  }
}
