import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { type Bridge, ownLine } from "../port/bridge.ts";
import type { ChannelId, EndpointId } from "../port/ids.ts";
import type { RelayStore, Shipment } from "../port/store.ts";

interface AnnouncerOptions {
  readonly endpoint: EndpointId;
  readonly channel: ChannelId;
  readonly bridge: Bridge;
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ask again for what is `next`. */
  readonly wake: () => void;
}

type NewAnnouncement = Parameters<RelayStore["ship"]>[0][number];

/** Where much is dropped, one line says it for all. */
const PAUSE_MS = 30_000;

/**
 * Says at one destination how many messages it will never see. An announcement is a shipment like any other, so that it is
 * neither lost nor doubled; the store keeps the count until it was shown.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  #isDue = true;
  #wasRefused = false;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  /** The session whose end ends the wait for `#nextAtMs`. */
  #waiting: AbortSignal | null = null;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Something was dropped, or may have been. */
  dropped(): void {
    this.#isDue = true;
  }

  /** What was announced could not be said here: it is tried again when something else gets through. */
  refused(reason: string): void {
    this.#wasRefused = true;
    this.#options.log.warn("cannot say how many messages were not relayed: {reason}", { reason });
  }

  /** What was announced never left. */
  unsaid(): void {
    this.#nextAtMs = Number.NEGATIVE_INFINITY;
    this.#isDue = true;
  }

  delivered(shipment: Shipment): void {
    if (this.#wasRefused && shipment.announces === null) this.#isDue = true;
  }

  /** What is to be announced now; null where there is nothing, or its time has not come. */
  next(session: AbortSignal): NewAnnouncement | null {
    if (!this.#isDue || !this.#isTime(session)) return null;
    this.#isDue = false;
    this.#wasRefused = false;
    const { store, endpoint, bridge, channel, clock } = this.#options;
    const dropped = store.unannounced(endpoint);
    if (dropped === 0) return null;
    this.#nextAtMs = clock.monotonic() + PAUSE_MS;
    const text = dropped === 1
      ? "1 older message was not relayed"
      : `${dropped} older messages were not relayed`;
    try {
      const parts = bridge.render(channel, ownLine(text));
      return { endpoint, deliveries: [], parts, announces: { dropped, atMs: clock.now() } };
    } catch (thrown) {
      this.refused(describeError(thrown));
      return null;
    }
  }

  #isTime(session: AbortSignal): boolean {
    const { clock, wake } = this.#options;
    const waitMs = this.#nextAtMs - clock.monotonic();
    if (waitMs <= 0) return true;
    if (this.#waiting !== session) {
      this.#waiting = session;
      const over = () => {
        if (this.#waiting === session) this.#waiting = null;
      };
      clock.sleep(waitMs, session).then(() => {
        over();
        wake();
      }, over);
    }
    return false;
  }
}
