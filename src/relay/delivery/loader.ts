import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { type Bridge, isNothing, type Outgoing } from "../port/bridge.ts";
import type { ChannelId, EndpointId } from "../port/ids.ts";
import { plainText } from "../port/rich_text.ts";
import type { Delivery, RelayStore } from "../port/store.ts";
import { Backlog, type Pack, type PackingPolicy, Preparation, takePack } from "./backlog.ts";

interface LoaderOptions {
  readonly endpoint: EndpointId;
  readonly channel: ChannelId;
  readonly bridge: Bridge;
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly packing: PackingPolicy | null;
  /** Ask again for what is `next`. */
  readonly wake: () => void;
}

/** What is to be shipped; `fault` tells why it can't be rendered: it has no parts then. */
export type NewShipment = Parameters<RelayStore["ship"]>[0][number] & { readonly fault?: string };

const PACKING_LOOKAHEAD = 128;
/** So many deliveries must be waiting before messages are packed; from then on until none waits. */
const PACK_FROM_WAITING = 10;

/** Takes what waits for one endpoint, in order: packs it where much waits, has it prepared and rendered. */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #preparation: Preparation;
  readonly #backlog: Backlog;
  #isPacking = false;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#preparation = new Preparation({ ...options, done: options.wake });
    this.#backlog = new Backlog(options.store, options.endpoint);
  }

  /** These deliveries were stored, behind all earlier ones. */
  add(deliveries: readonly Delivery[]): void {
    this.#backlog.add(deliveries);
  }

  /** What waits is another than was known: some of it was taken back, or what had left waits again. */
  startAnew(): void {
    this.#backlog.startAnew();
  }

  /** Up to `room` shipments; none when nothing is left, or is not ready. What is given out must be shipped. */
  next(room: number, session: AbortSignal): readonly NewShipment[] {
    // Where a message can be taken back, it must not take others along.
    const packing = this.#options.bridge.capabilities.deletions ? null : this.#options.packing;
    const limit = packing === null ? room : Math.max(room, PACKING_LOOKAHEAD);
    let waiting = this.#backlog.isEmpty ? [] : this.#backlog.first(limit);
    const isAll = waiting.length < limit;
    this.#isPacking = waiting.length >= PACK_FROM_WAITING ||
      (this.#isPacking && waiting.length > 0);
    const batch: NewShipment[] = [];
    while (batch.length < room) {
      // The end of what was read may be the middle of what could be packed: read on before packing it.
      if (batch.length > 0 && !isAll && waiting.length < PACK_FROM_WAITING) break;
      const next = takePack(waiting, this.#isPacking ? packing : null);
      const pack = next === null ? null : this.#preparation.take(next, waiting, session);
      if (pack === null) break;
      const shipment = this.#render(pack, waiting);
      batch.push(shipment);
      waiting = waiting.slice(shipment.deliveries.length);
    }
    this.#backlog.left(batch.flatMap(({ deliveries }) => deliveries));
    return batch;
  }

  /** One that can't be rendered takes no other along. */
  #render(pack: Pack, waiting: readonly Delivery[]): NewShipment {
    const { endpoint, bridge, channel, clock } = this.#options;
    const { deliveries } = pack;
    try {
      const acceptedAtMs = deliveries[0]?.acceptedAtMs ?? clock.now();
      const outgoing = marked(pack.outgoing, acceptedAtMs, clock.now());
      const parts = isNothing(outgoing) ? [] : bridge.render(channel, outgoing);
      return { endpoint, deliveries, parts };
    } catch (thrown) {
      const alone = deliveries.length > 1 ? takePack(waiting, null) : null;
      if (alone !== null) return this.#render(alone, waiting);
      return { endpoint, deliveries, parts: [], fault: describeError(thrown) };
    }
  }
}

/** What leaves so long after it was written carries its time. */
export const LATE_MS = 60_000;

/** The same message with the time at which it was written, where it leaves late and does not tell it yet. */
function marked(outgoing: Outgoing, writtenAtMs: number, nowMs: number): Outgoing {
  if (outgoing.kind !== "message" || outgoing.sender === null || outgoing.isMarked === true) {
    return outgoing;
  }
  if (nowMs - writtenAtMs <= LATE_MS) return outgoing;
  const mark = lateMark(outgoing.atMs ?? writtenAtMs, nowMs);
  const prefix = [...outgoing.prefix, ...plainText(mark)];
  return { ...outgoing, prefix, isMarked: true };
}

/** When a late message was written: the time, and the day where it was not today. Local time of the machine. */
export function lateMark(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const today = new Date(nowMs).toDateString() === at.toDateString();
  const day = today ? "" : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} `;
  return `[${day}${time}] `;
}
