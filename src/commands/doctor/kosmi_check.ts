import { KosmiBridge } from "../../bridges/kosmi/bridge.ts";
import type { KosmiLink } from "../../bridges/kosmi/link/link.ts";
import type { LinkFault } from "../../bridges/kosmi/link/link_end.ts";
import type { KosmiBridgeOptions } from "../../bridges/kosmi/link/options.ts";
import {
  type BridgeHost,
  type ChannelPlan,
  type LinkEnd,
  ownLine,
  type Receipt,
} from "../../relay/port/bridge.ts";
import type { Person } from "../../relay/port/event.ts";
import type { ChannelId } from "../../relay/port/ids.ts";
import { hearing } from "./checks.ts";

/** How one room stands. `up`: joined, and its new messages are shown to the relay. */
export type RoomFinding =
  | { readonly kind: "up" }
  | { readonly kind: "down"; readonly reason: string }
  | { readonly kind: "silent" };

const CLOSE_MS = 1_000;

/** The relay's own bridge, made to connect once, with everything heard that it does not report itself. */
export class KosmiCheck {
  /** The link once Kosmi acknowledged it; null when it did not. */
  readonly ready = Promise.withResolvers<KosmiLink | null>();
  /** Why the last attempt, or the link, ended. */
  fault: LinkFault = { kind: "network", said: "there was no attempt to connect" };
  end: LinkEnd | null = null;
  /** How Kosmi shows the relay; null where it did not tell. */
  self: Person | null = null;
  readonly #bridge: KosmiBridge;
  readonly #rooms: readonly ChannelPlan[];
  readonly #found = new Map<ChannelId, RoomFinding>();
  readonly #ended: Promise<void>;
  #isAnonymous: () => boolean | null = () => null;
  #link: KosmiLink | null = null;
  #changed: () => void = () => {};

  constructor(options: KosmiBridgeOptions, rooms: readonly ChannelPlan[], signal: AbortSignal) {
    this.#rooms = rooms;
    this.#bridge = new KosmiBridge({
      ...options,
      inspection: {
        connected: (link, session) => {
          this.#link = link;
          this.#isAnonymous = () => session.isAnonymous;
          this.ready.resolve(link);
        },
        ended: (fault) => this.fault = fault,
      },
    });
    this.#ended = this.#bridge.runOnce(this.#host(), signal).then((end) => {
      this.end = end;
      this.ready.resolve(null);
      this.#changed();
    });
  }

  /** Whether Kosmi takes the relay for an anonymous visitor; null where it did not tell. */
  get isAnonymous(): boolean | null {
    return this.#isAnonymous();
  }

  /** Resolves when every room is up or refused, when the link ended, or at `limit`. */
  async rooms(limit: Promise<void>): Promise<ReadonlyMap<ChannelId, RoomFinding>> {
    const settled = new Promise<void>((resolve) => {
      this.#changed = () => {
        if (this.#found.size >= this.#rooms.length || this.end !== null) resolve();
      };
      this.#changed();
    });
    await Promise.race([settled, limit]);
    const rest: RoomFinding = this.end === null
      ? { kind: "silent" }
      : { kind: "down", reason: this.end.reason };
    return new Map(this.#rooms.map(({ channel }) => [channel, this.#found.get(channel) ?? rest]));
  }

  /** Says a line in a room that is up, as the relay does. */
  async say(channel: ChannelId, text: string, signal: AbortSignal): Promise<Receipt> {
    const [part] = this.#bridge.render(channel, ownLine(text));
    if (part === undefined) return { outcome: "unsent", reason: "there is nothing to say" };
    return await this.#bridge.transmit(channel, part, signal);
  }

  /** Closes the link without leaving the rooms: that might end the stay of a relay that runs. */
  async close(): Promise<void> {
    await this.#link?.close(CLOSE_MS);
    await this.#ended;
  }

  #host(): BridgeHost {
    const note = (channel: ChannelId, finding: RoomFinding) => {
      this.#found.set(channel, finding);
      this.#changed();
    };
    return hearing({
      channels: () => this.#rooms,
      linkUp: (self) => this.self = self,
      channelUp: (channel) => note(channel, { kind: "up" }),
      channelDown: (channel, { reason }) => note(channel, { kind: "down", reason }),
    });
  }
}
