import type { Cancel } from "../../../base/timers.ts";
import { TokenBucket } from "../../../base/token_bucket.ts";
import type { Part, Receipt } from "../../../relay/port/bridge.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import type { ChannelList } from "../channels/channel_list.ts";
import type { Link } from "../link/link.ts";
import type { OutLine } from "../wire/message.ts";
import { Confirmation } from "./confirmation.ts";
import type { Again } from "./flights.ts";
import type { Pace } from "./pace.ts";
import { linesOf, type PartLine, takesMultiline } from "./parts.ts";

interface Waiting {
  /** Order of the calls. */
  readonly turn: number;
  readonly channel: ChannelId;
  readonly part: Part;
  readonly settle: (receipt: Receipt) => void;
  readonly plain: boolean;
  /** How the name of a RELAYMSG is given. */
  readonly name: "as it is" | "repaired" | "ours";
  readonly refusals: number;
}

/** The longest wait after a refusal that passes by itself. */
const LONGEST_REFUSED_MS = 60_000;

/**
 * Everything of ours that costs flood budget leaves through here: first what keeps the link in order (JOIN, NICK),
 * then messages in the order of the calls. Each message ends with what the server showed: its echo, a refusal, or, from a
 * server that echoes nothing, the answer to a question behind it. Where answers bear labels several lines may be under
 * way; else one at a time, so that no answer is given to the wrong line, and a crash leaves at most one in doubt.
 */
export class Sender {
  readonly #link: Link;
  readonly #channels: ChannelList;
  readonly #pace: Pace;
  /** What became of what left. */
  readonly answers: Confirmation;
  readonly #bucket: TokenBucket;
  /** Channels that refused a line for now. */
  readonly #resting = new Set<ChannelId>();
  /** Channels where we may not speak under other names. */
  readonly #noRelay = new Set<ChannelId>();
  #control: { readonly line: OutLine; readonly sent: () => void }[] = [];
  #queue: Waiting[] = [];
  #held: Cancel | null = null;
  #granted = false;
  #ended: string | null = null;
  #labels = 0;
  #turns = 0;
  /** The server offers messages of several lines, and refused one: each would cost a line in vain. */
  #isLineByLine = false;

  constructor(link: Link, channels: ChannelList, pace: Pace) {
    this.#link = link;
    this.#channels = channels;
    this.#pace = pace;
    this.#bucket = new TokenBucket(pace.bucket, link.clock.monotonic());
    this.answers = new Confirmation(link, channels, {
      next: () => this.#pump(),
      spend: () => void this.#bucket.take(link.clock.monotonic()),
      refuseRelay: (channel) => void this.#noRelay.add(channel),
    });
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
    const giveUp = () => this.#giveUp(settle);
    const settle = (receipt: Receipt) => {
      signal.removeEventListener("abort", giveUp);
      resolve(receipt);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    const turn = this.#turns++;
    this.#queue.push({
      turn,
      channel,
      part,
      settle,
      plain: false,
      name: "as it is",
      refusals: 0,
    });
    this.#pump();
    return promise;
  }

  /** Why nothing can be sent there now; null when it can. */
  #hindrance(channel: ChannelId, signal: AbortSignal): string | null {
    if (this.#ended !== null) return this.#ended;
    if (signal.aborted) return "the sending was given up";
    const state = this.#channels.byId(channel)?.state;
    // Entered anew: what is sent waits until it is known what was shown before.
    return state === "up" || state === "entering" ? null : "the channel is not entered";
  }

  /** Best effort: where there is nothing else to send. */
  typing(channel: ChannelId, active: boolean): void {
    const { name, state } = this.#channels.byId(channel) ?? {};
    if (state !== "up" || name === undefined || !this.#link.has("+typing")) return;
    if (this.#ended !== null || this.#queue.length > 0) return;
    if (!this.#bucket.tryTake(this.#link.clock.monotonic())) return;
    const tags = new Map([["+typing", active ? "active" : "done"]]);
    this.#link.send({ command: "TAGMSG", params: [name], tags });
  }

  /** The channel can't be used any more: what waits for it has not left. */
  channelDown(channel: ChannelId, reason: string): void {
    this.#noRelay.delete(channel);
    const gone = this.#queue.filter((waiting) => waiting.channel === channel);
    this.#queue = this.#queue.filter((waiting) => waiting.channel !== channel);
    for (const waiting of gone) waiting.settle({ outcome: "unsent", reason });
  }

  /** The channel was entered anew while it was up: the core takes up again all that is not settled by now. */
  channelAnew(channel: ChannelId): void {
    const reason = "the channel was entered anew";
    this.channelDown(channel, reason);
    this.answers.void(channel, reason);
    this.#pump();
  }

  /** The server says that we are too fast. `channel` given: it threw away our line to that one. */
  slowDown(channel: ChannelId | null, reason: string): void {
    const now = this.#link.clock.monotonic();
    this.#pace.slower();
    this.#bucket.retune(this.#pace.bucket, now);
    this.#bucket.drain(now);
    this.#link.log.warn(
      "Rate-limited by the server: {reason}. Halving the send rate",
      { reason },
    );
    if (channel !== null) this.answers.retract(channel)?.again({});
  }

  /** Nothing leaves any more; what has left may still be confirmed. */
  stop(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#held?.();
    this.answers.stop();
    this.#control = [];
    const queue = this.#queue;
    this.#queue = [];
    for (const waiting of queue) waiting.settle({ outcome: "unsent", reason });
  }

  /** The link has ended: every open call resolves. */
  end(reason: string): void {
    this.stop(reason);
    this.answers.end(reason);
  }

  #giveUp(settle: Waiting["settle"]): void {
    const index = this.#queue.findIndex((waiting) => waiting.settle === settle);
    if (index === -1) return;
    this.#queue.splice(index, 1);
    settle({ outcome: "unsent", reason: "the sending was given up" });
  }

  #pump(): void {
    while (this.#held === null && this.#ended === null) {
      const next = this.#control.length > 0 ? null : this.#next();
      if (this.#control.length === 0 && next === null) break;
      if (!this.#granted && !this.#takeToken()) return;
      this.#granted = false;
      const control = this.#control.shift();
      if (control !== undefined) {
        this.#link.send(control.line);
        control.sent();
      } else if (next !== null) this.#send(next);
    }
    this.answers.watch();
  }

  /** The oldest part that may leave now. */
  #next(): Waiting | null {
    if (this.answers.isOpen && !this.answers.isLabelled) return null;
    return this.#queue.find(({ channel }) =>
      !this.#resting.has(channel) && this.#channels.byId(channel)?.state === "up"
    ) ?? null;
  }

  /** True when a line may leave now; else comes back by itself. */
  #takeToken(): boolean {
    const waitMs = this.#bucket.take(this.#link.clock.monotonic());
    this.#granted = true;
    if (waitMs === 0) return true;
    this.#held = this.#link.timers.after(waitMs, () => {
      this.#held = null;
      this.#pump();
    });
    this.answers.watch();
    return false;
  }

  #send(waiting: Waiting): void {
    this.#queue.splice(this.#queue.indexOf(waiting), 1);
    const { channel, part, settle, plain, name } = waiting;
    const link = this.#link;
    const written = this.#channels.byId(channel)?.name ?? channel;
    const lines = linesOf(part, {
      channel: written,
      textBytes: link.budget.textBytes(written),
      plain,
      relaySign: name === "ours" ? null : this.#relaySign(channel),
      repaired: name === "repaired",
      batch: this.#isLineByLine || !takesMultiline(link) ? null : `m${waiting.turn}`,
      has: (capability) => link.has(capability),
    });
    if (lines.length === 0) {
      return settle({ outcome: "rejected", reason: "there is nothing visible in it" });
    }
    lines.forEach((line, index) => {
      // A part takes more than one line only when our own prefix grew after it was rendered.
      if (index > 0) this.#bucket.take(link.clock.monotonic());
      this.#sendLine(waiting, line, index === lines.length - 1);
    });
  }

  #sendLine(waiting: Waiting, { line, more, text, speaker }: PartLine, last: boolean): void {
    const { channel, part, settle } = waiting;
    const label = this.#label();
    const tags = new Map(line.tags ?? []);
    if (label !== null) tags.set("label", label);
    if (speaker !== null) this.#link.memory.spokenAs.add(this.#link.server.fold(speaker));
    this.answers.add({
      ...{ channel, part, text, label, speaker, last, settle },
      sentAtMs: this.#link.clock.monotonic(),
      again: (how) => this.#again(waiting, how),
      fenced: false,
      echo: null,
      strange: [],
    });
    this.#link.send({ ...line, tags });
    for (const each of more ?? []) {
      if (each.command !== "BATCH") this.#bucket.take(this.#link.clock.monotonic());
      this.#link.send(each);
    }
  }

  #again(waiting: Waiting, { plain, single, name, waitMs }: Again): void {
    const reason = this.#ended;
    if (reason !== null) return waiting.settle({ outcome: "unsent", reason });
    if (single === true) this.#isLineByLine = true;
    const repaired = name === "repaired" && waiting.name === "repaired" ? "ours" : name;
    const later = this.#queue.findIndex((other) => other.turn > waiting.turn);
    this.#queue.splice(later === -1 ? this.#queue.length : later, 0, {
      ...waiting,
      plain: plain ?? waiting.plain,
      name: repaired ?? waiting.name,
      refusals: waiting.refusals + 1,
    });
    if (waitMs !== undefined) this.#rest(waiting.channel, waitMs * 2 ** waiting.refusals);
    this.#pump();
  }

  #rest(channel: ChannelId, waitMs: number): void {
    this.#resting.add(channel);
    this.#link.timers.after(Math.min(waitMs, LONGEST_REFUSED_MS), () => {
      this.#resting.delete(channel);
      this.#pump();
    });
  }

  #label(): string | null {
    if (!this.answers.isLabelled) return null;
    this.#labels++;
    return `r${this.#labels}`;
  }

  #relaySign(channel: ChannelId): string | null {
    if (!this.#link.has("draft/relaymsg") || this.#noRelay.has(channel)) return null;
    return this.#link.self.relaySigns.charAt(0);
  }
}
