import { byteLength } from "../../../base/text.ts";
import type { Timers } from "../../../base/timers.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import type { OutLine } from "../wire/message.ts";

/** A channel to be joined. */
interface Joinable {
  readonly name: string;
  readonly plan: { readonly key: string | null };
}

interface JoinQueueOptions<Channel extends Joinable> {
  readonly features: ServerFeatures;
  readonly timers: Timers;
  /** Wait between two JOINs; 0: several channels in one line. */
  readonly delayMs: number;
  /** Sends within the flood budget, which may take long; `sent` is called when the line leaves. */
  readonly control: (line: OutLine, sent: () => void) => void;
  /** False for a channel that needs no JOIN any more. */
  readonly wanted: (channel: Channel) => boolean;
  /** Takes the channel off the list of those that wait. */
  readonly joining: (channel: Channel) => void;
  readonly asked: (channel: Channel) => void;
}

/** Longest list of channels in one JOIN. */
const JOIN_BYTES = 400;
const CHANNELS_PER_JOIN = 10;

/** Joins channels in as few lines as the server takes, because each line costs flood budget. */
export class JoinQueue<Channel extends Joinable> {
  readonly #options: JoinQueueOptions<Channel>;
  #waiting: Channel[] = [];
  #paused = false;

  constructor(options: JoinQueueOptions<Channel>) {
    this.#options = options;
  }

  add(channels: readonly Channel[]): void {
    this.#waiting.push(...channels.filter((channel) => !this.#waiting.includes(channel)));
    this.#next();
  }

  #next(): void {
    while (!this.#paused) {
      const batch = this.#takeBatch();
      if (batch.length === 0) return;
      const keys = batch.map((channel) => channel.plan.key).filter((key) => key !== null);
      const names = batch.map((channel) => channel.name).join(",");
      const params = keys.length === 0 ? [names] : [names, keys.join(",")];
      for (const channel of batch) this.#options.joining(channel);
      this.#options.control({ command: "JOIN", params }, () => batch.forEach(this.#options.asked));
      this.#pause();
    }
  }

  #pause(): void {
    const { delayMs, timers } = this.#options;
    if (delayMs === 0) return;
    this.#paused = true;
    timers.after(delayMs, () => {
      this.#paused = false;
      this.#next();
    });
  }

  /** Channels with keys come first: keys are matched by position. */
  #takeBatch(): readonly Channel[] {
    const waiting = this.#waiting.filter((channel) => this.#options.wanted(channel));
    waiting.sort((a, b) => Number(b.plan.key !== null) - Number(a.plan.key !== null));
    const batch: Channel[] = [];
    let bytes = 0;
    for (const channel of waiting) {
      bytes += byteLength(channel.name) + byteLength(channel.plan.key ?? "") + 2;
      if (batch.length >= this.#most() || (batch.length > 0 && bytes > JOIN_BYTES)) break;
      batch.push(channel);
    }
    this.#waiting = waiting.filter((channel) => !batch.includes(channel));
    return batch;
  }

  #most(): number {
    if (this.#options.delayMs > 0) return 1;
    const told = /\bJOIN:(\d+)/.exec(this.#options.features.text("TARGMAX") ?? "");
    return Math.min(CHANNELS_PER_JOIN, Math.max(1, Number(told?.[1] ?? CHANNELS_PER_JOIN)));
  }
}
