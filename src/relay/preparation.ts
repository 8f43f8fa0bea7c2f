import { withDeadline } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Bridge, Outgoing } from "./bridge.ts";
import type { ChannelId } from "./ids.ts";
import type { Pack } from "./packing.ts";
import type { Delivery } from "./relay_store.ts";

export interface PreparationOptions {
  readonly bridge: Bridge;
  readonly channel: ChannelId;
  readonly clock: Clock;
  readonly log: Logger;
  /** Something that was being made ready is ready, or was given up: ask again. */
  readonly done: () => void;
}

/** How long a message may be held up before it goes out as it stands. */
const LONGEST_MS = 15_000;

/**
 * What a bridge does to a message before it renders it, for one endpoint. It works beside the worker's loop, so that
 * receipts and bad news are not held up, and on one message at a time, so that none overtakes another.
 */
export class Preparation {
  readonly #options: PreparationOptions;
  #isBusy = false;
  #ready: Pack | null = null;

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  /**
   * The pack as it is to be rendered; null while something is being made ready, and `done` tells when that is over. What
   * was made ready is given out as long as its deliveries still lead `waiting`. An aborted `signal` forgets it.
   */
  take(pack: Pack, waiting: readonly Delivery[], signal: AbortSignal): Pack | null {
    if (this.#isBusy) return null;
    const ready = this.#ready;
    this.#ready = null;
    if (ready !== null && leads(ready, waiting)) return ready;
    const work = this.#options.bridge.prepare?.(this.#options.channel, pack.outgoing) ?? null;
    if (work === null) return pack;
    this.#isBusy = true;
    this.#prepare(pack, work, signal).finally(() => {
      this.#isBusy = false;
      this.#options.done();
    });
    return null;
  }

  async #prepare(
    pack: Pack,
    work: (signal: AbortSignal) => Promise<Outgoing>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log } = this.#options;
    const action = "make a message ready";
    try {
      const outgoing = await withDeadline({ clock, signal, limitMs: LONGEST_MS, action }, work);
      this.#ready = { ...pack, outgoing };
    } catch (error) {
      if (signal.aborted) return;
      log.warn("a message goes out as it stands: {error}", { error: describeError(error) });
      this.#ready = pack;
    }
  }
}

/** Whether the pack's deliveries are the first that wait: none of them was dropped meanwhile. */
function leads(pack: Pack, waiting: readonly Delivery[]): boolean {
  return pack.deliveries.every((delivery, at) => waiting[at]?.id === delivery.id);
}
