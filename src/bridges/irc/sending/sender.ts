import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type { Cancel, Timers } from "../../../base/timers.ts";
import { TokenBucket } from "../../../base/token_bucket.ts";
import type { Part, Receipt } from "../../../relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";
import type { Fence } from "../link/ping.ts";
import type { OutLine } from "../wire/message.ts";
import { type Flight, Flights } from "./flights.ts";
import type { Pace } from "./pace.ts";
import { linesOf } from "./parts.ts";

interface SenderOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly pace: Pace;
  readonly fence: Fence;
  readonly send: (line: OutLine) => void;
  readonly has: (capability: string) => boolean;
  /** Bytes that one PRIVMSG's text to this channel may have. */
  readonly textBytes: (channel: ChannelId) => number;
  /** The channel's name as the server writes it. */
  readonly nameOf: (channel: ChannelId) => string;
  readonly isUp: (channel: ChannelId) => boolean;
  /** No echo for this long: a fence is set behind the lines. */
  readonly echoMs: number;
}

interface Waiting {
  readonly channel: ChannelId;
  readonly part: Part;
  readonly settle: (receipt: Receipt) => void;
  readonly plain: boolean;
  readonly retries: number;
}

/** Lines that may pass before a fence is set behind them, where the queue never gets empty. */
const LINES_PER_FENCE = 4;
const MAX_RETRIES = 3;
/** The longest that a line waits for its fence while slower ones are still to follow. */
const FENCE_MS = 3_000;

/**
 * Everything of ours that costs flood budget leaves through here: first what keeps the link in order (JOIN, NICK),
 * then messages in the order of the calls. Each message ends with what the server showed: its echo, an error numeric,
 * or the PONG to a PING behind it.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #flights = new Flights();
  readonly #bucket: TokenBucket;
  #control: { readonly line: OutLine; readonly sent: () => void }[] = [];
  #queue: Waiting[] = [];
  #held: Cancel | null = null;
  #granted = false;
  #fencing = false;
  #ended: string | null = null;
  #labels = 0;
  #watch: Cancel | null = null;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.pace.bucket, options.clock.monotonic());
  }

  /** A line for the server's own ears, ahead of all messages. `sent` is called when it leaves. */
  control(line: OutLine, sent: () => void = () => {}): void {
    if (this.#ended !== null) return;
    this.#control.push({ line, sent });
    this.#pump();
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    const hindrance = this.#hindrance(channel, signal);
    if (hindrance !== null) {
      resolve({ outcome: "unsent", reason: hindrance });
      return promise;
    }
    const giveUp = () => this.#giveUp(waiting);
    const settle = (receipt: Receipt) => {
      signal.removeEventListener("abort", giveUp);
      resolve(receipt);
    };
    const waiting: Waiting = { channel, part, settle, plain: false, retries: 0 };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#queue.push(waiting);
    this.#pump();
    return promise;
  }

  /** Why nothing can be sent there now; null when it can. */
  #hindrance(channel: ChannelId, signal: AbortSignal): string | null {
    if (this.#ended !== null) return this.#ended;
    if (signal.aborted) return "the sending was given up";
    return this.#options.isUp(channel) ? null : "the channel is not entered";
  }

  /** The channel can't be used any more: what waits for it has not left. */
  channelDown(channel: ChannelId, reason: string): void {
    const gone = this.#queue.filter((waiting) => waiting.channel === channel);
    this.#queue = this.#queue.filter((waiting) => waiting.channel !== channel);
    for (const waiting of gone) waiting.settle({ outcome: "unsent", reason });
  }

  /** Our own line came back. `label` null: found by its text. */
  echoed(channel: ChannelId, text: string, label: string | null, id: MessageId | null): void {
    const flight = label === null
      ? this.#flights.echoed(channel, text)
      : this.#flights.labelled(label);
    if (flight !== null) this.#flights.confirm(flight, id);
  }

  /** Our own topic is shown. */
  topicShown(channel: ChannelId, label: string | null): void {
    const flight = label === null ? this.#flights.topicOf(channel) : this.#flights.labelled(label);
    if (flight !== null) this.#flights.confirm(flight, null);
  }

  /** The server took a labelled command and has nothing to show for it. */
  acknowledged(label: string): void {
    const flight = this.#flights.labelled(label);
    if (flight !== null) this.#flights.confirm(flight, null);
  }

  /** The server refused a line. True when it was one of ours. */
  refused(channel: ChannelId | null, label: string | null, reason: string): boolean {
    const flight = label === null ? this.#flights.oldestOf(channel) : this.#flights.labelled(label);
    if (flight === null) return false;
    if (!this.#options.isUp(flight.channel)) {
      // We were thrown out while it was under way: it was refused for that, and nobody has seen it.
      if (this.#flights.remove(flight)) flight.settle({ outcome: "unsent", reason });
      return true;
    }
    if (/colou?r|formatting|\+c\b/i.test(reason) && this.#flights.remove(flight)) {
      flight.again(true);
    } else this.#flights.reject(flight, reason);
    return true;
  }

  /** The server says that we are too fast. `channel` given: it threw away our line to that one. */
  slowDown(channel: ChannelId | null, reason: string): void {
    const now = this.#options.clock.monotonic();
    this.#options.pace.slower();
    this.#bucket.retune(this.#options.pace.bucket, now);
    this.#bucket.drain(now);
    this.#options.log.warn(
      "The server asks for fewer messages: {reason}. Going on at half the pace",
      { reason },
    );
    const flight = channel === null ? null : this.#flights.oldestOf(channel);
    if (flight !== null && this.#flights.remove(flight)) flight.again(false);
  }

  /** Nothing leaves any more; what has left may still be confirmed. */
  stop(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#held?.();
    this.#watch?.();
    this.#control = [];
    const queue = this.#queue;
    this.#queue = [];
    for (const waiting of queue) waiting.settle({ outcome: "unsent", reason });
  }

  /** The server has worked off all our lines, in order, up to our goodbye. */
  workedOff(): void {
    this.#flights.confirmAll();
  }

  /** The link has ended: every open call resolves. */
  end(reason: string): void {
    this.stop(reason);
    this.#flights.end(reason);
  }

  #giveUp(waiting: Waiting): void {
    const index = this.#queue.indexOf(waiting);
    if (index === -1) return;
    this.#queue.splice(index, 1);
    waiting.settle({ outcome: "unsent", reason: "the sending was given up" });
  }

  #pump(): void {
    while (this.#held === null && this.#ended === null) {
      if (this.#control.length === 0 && this.#queue.length === 0) break;
      if (!this.#granted && !this.#takeToken()) return;
      this.#granted = false;
      const control = this.#control.shift();
      if (control === undefined) {
        this.#sendNext();
      } else {
        this.#options.send(control.line);
        control.sent();
      }
    }
    this.#setFence();
  }

  /** True when a line may leave now; else comes back by itself. */
  #takeToken(): boolean {
    const waitMs = this.#bucket.take(this.#options.clock.monotonic());
    this.#granted = true;
    if (waitMs === 0) return true;
    this.#held = this.#options.timers.after(waitMs, () => {
      this.#held = null;
      this.#pump();
    });
    this.#setFence();
    return false;
  }

  #sendNext(): void {
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    const { channel, part, settle } = waiting;
    const lines = linesOf(part, {
      channel: this.#options.nameOf(channel),
      textBytes: this.#options.textBytes(channel),
      plain: waiting.plain,
      has: this.#options.has,
    });
    if (lines.length === 0) {
      return settle({ outcome: "rejected", reason: "there is nothing visible in it" });
    }
    lines.forEach(({ line, text }, index) => {
      // A part takes more than one line only when our own prefix grew after it was rendered.
      if (index > 0) this.#bucket.take(this.#options.clock.monotonic());
      const label = this.#label();
      const tags = new Map(line.tags ?? []);
      if (label !== null) tags.set("label", label);
      this.#flights.add(this.#flight(waiting, text, label, index === lines.length - 1));
      this.#options.send({ ...line, tags });
    });
  }

  #flight(waiting: Waiting, text: string, label: string | null, last: boolean): Flight {
    const { channel, part, settle, retries } = waiting;
    const again = (plain: boolean) => {
      if (retries >= MAX_RETRIES || this.#ended !== null) {
        return settle({ outcome: "rejected", reason: "the server refused it several times" });
      }
      this.#queue.unshift({ ...waiting, plain: plain || waiting.plain, retries: retries + 1 });
      this.#pump();
    };
    const sentAtMs = this.#options.clock.monotonic();
    return { channel, part, text, label, sentAtMs, fenced: false, last, settle, again };
  }

  #label(): string | null {
    if (!this.#options.has("labeled-response") || !this.#options.has("batch")) return null;
    this.#labels++;
    return `r${this.#labels}`;
  }

  #echoes(): boolean {
    return this.#options.has("echo-message");
  }

  /** Without echoes a fence is the only confirmation; with them it is the answer to silence. */
  #setFence(): void {
    if (this.#flights.size === 0 || this.#ended !== null) return;
    if (this.#echoes()) return this.#watchFor(this.#options.echoMs);
    const unfenced = this.#flights.unfenced;
    const idle = this.#queue.length === 0;
    if (unfenced === 0 || this.#fencing) return;
    if (idle || unfenced >= LINES_PER_FENCE) this.#fence();
    else this.#watchFor(FENCE_MS);
  }

  #fence(): void {
    const behind = this.#flights.takeUnfenced();
    // Takes nothing from the flood budget: it is short, and at most one follows four lines.
    this.#fencing = true;
    this.#options.fence.after(() => {
      // Everything before the fence is worked off and nothing was refused: the lines were shown.
      for (const flight of behind) this.#flights.confirm(flight, null);
      this.#fencing = false;
      this.#setFence();
    });
  }

  /** Sets a fence once the oldest line has waited this long for its confirmation. */
  #watchFor(patienceMs: number): void {
    if (this.#watch !== null) return;
    this.#watch = this.#options.timers.after(patienceMs, () => {
      this.#watch = null;
      const oldest = this.#flights.oldestUnfenced;
      const nowMs = this.#options.clock.monotonic();
      if (oldest !== null && nowMs - oldest.sentAtMs >= patienceMs && !this.#fencing) this.#fence();
      this.#setFence();
    });
  }
}
