import type { Clock } from "../../../base/clock.ts";
import { type Logger, OnceLog } from "../../../base/log.ts";
import { TokenBucket } from "../../../base/token_bucket.ts";
import type { BridgeHost, ChannelPlan, Outgoing, Receipt } from "../../../relay/port/bridge.ts";
import type { Person } from "../../../relay/port/event.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import type { KosmiLink } from "../link/link.ts";
import { linkEndOf } from "../link/link_end.ts";
import type { Markup, WebAppKnowledge } from "../link/options.ts";
import { KnownOperations } from "../protocol/known_operations.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { KosmiSession } from "../session.ts";
import { renderParts } from "../text/kosmi_text.ts";

interface RoomProbeOptions {
  readonly link: KosmiLink;
  readonly token: string;
  readonly expectsLogin: boolean;
  readonly protocol: KosmiProtocol;
  readonly app: WebAppKnowledge;
  readonly rooms: readonly ChannelPlan[];
  readonly markup: Markup;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly limitMs: number;
}

/** How one room stands. `up`: entered, and its new messages are shown to us. */
export type RoomFinding =
  | { readonly kind: "up"; readonly history: number | null }
  | { readonly kind: "down"; readonly reason: string }
  | { readonly kind: "silent" };

/** Lives in the rooms as the relay does, on a link that exists, for as long as it takes to see how they stand. */
export class RoomProbe {
  readonly #options: RoomProbeOptions;
  readonly #found = new Map<ChannelId, RoomFinding>();
  readonly #session: KosmiSession;
  #changed: () => void = () => {};
  #self: Person | null = null;
  #endReason: string | null = null;

  constructor(options: RoomProbeOptions) {
    this.#options = options;
    const { link, token, expectsLogin, protocol, clock, log } = options;
    this.#session = new KosmiSession({
      ...options,
      // A check must not end the relay's own connection of the same account.
      protocol: { ...protocol, disconnectOtherConnections: false },
      link,
      host: this.#host(),
      credentials: { token, expectsLogin },
      known: new KnownOperations(protocol, options.app),
      learn: (signal) => options.app.learn(signal),
      ownIds: new Set(),
      pace: new TokenBucket({ capacity: 1, refillMs: 0 }, clock.monotonic()),
      window: 1,
      history: { maxMessages: 20 },
      said: new OnceLog(log),
    });
  }

  /** Whether Kosmi takes us for an anonymous visitor; null where it did not tell. */
  get isAnonymous(): boolean | null {
    return this.#session.isAnonymous;
  }

  /** How Kosmi shows us; null where it did not tell. */
  get self(): Person | null {
    return this.#self;
  }

  /** Resolves when every room is up or refused, when the link ended, or when the time is over. Never rejects. */
  async run(signal: AbortSignal): Promise<ReadonlyMap<ChannelId, RoomFinding>> {
    const { link, rooms, clock, limitMs, expectsLogin } = this.#options;
    // The session says goodbye to rooms when its signal aborts, which might end a running relay's stay: it never does.
    const ended = this.#session.run(new AbortController().signal).then((fault) => {
      this.#endReason = linkEndOf(fault, expectsLogin).reason;
      this.#changed();
    });
    const over = new AbortController();
    const limit = clock.sleep(limitMs, AbortSignal.any([signal, over.signal])).catch(() => {});
    const settled = new Promise<void>((resolve) => {
      this.#changed = () => {
        if (this.#found.size >= rooms.length || this.#endReason !== null) resolve();
      };
      this.#changed();
    });
    await Promise.race([settled, limit]);
    over.abort();
    if (link.signal.aborted) await ended;
    for (const { channel } of rooms) {
      if (this.#found.has(channel)) continue;
      const reason = this.#endReason;
      this.#found.set(channel, reason === null ? { kind: "silent" } : { kind: "down", reason });
    }
    return this.#found;
  }

  /** Says something in a room that is up, and waits until Kosmi shows it. */
  async say(channel: ChannelId, text: string, signal: AbortSignal): Promise<Receipt> {
    const { markup, protocol } = this.#options;
    const outgoing: Outgoing = {
      kind: "message",
      prefix: [],
      text: [{ text, style: {} }],
      action: false,
      replyTo: null,
      sender: null,
    };
    const maxGraphemes = protocol.limits.messageGraphemes;
    const [part] = renderParts(outgoing, { markup, maxGraphemes });
    const room = this.#session.room(channel);
    if (part === undefined || room === undefined) {
      return { outcome: "unsent", reason: "the room is not open" };
    }
    return await room.transmit(part, signal);
  }

  #host(): BridgeHost {
    return {
      channels: () => this.#options.rooms,
      cursor: () => null,
      linkUp: (self) => this.#self = self,
      channelUp: (channel, history) => {
        this.#note(channel, { kind: "up", history: history?.messages.length ?? null });
      },
      channelDown: (channel, why) => this.#note(channel, { kind: "down", reason: why.reason }),
      event: () => {},
      latency: () => {},
      stored: () => Promise.resolve(),
    };
  }

  #note(channel: ChannelId, finding: RoomFinding): void {
    this.#found.set(channel, finding);
    this.#changed();
  }
}
