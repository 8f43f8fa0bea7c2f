import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type {
  Bridge,
  BridgeHost,
  Capabilities,
  LinkEnd,
  Outgoing,
  Part,
  Receipt,
} from "../../relay/port/bridge.ts";
import type { AccountId, ChannelId } from "../../relay/port/ids.ts";
import { partOf } from "./message.ts";
import { type LossOfRing, Session } from "./session.ts";

export interface MatterbridgeOptions {
  readonly account: AccountId;
  /** Where its `[api.NAME]` listens, such as "http://127.0.0.1:4242". */
  readonly url: string;
  readonly token: string | null;
  /** The gateway that the channel "api" stands for; null if each channel names its own. */
  readonly gateway: string | null;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How many parts may wait here for their turn: they are posted one at a time. */
const WINDOW = 32;

/** The client of a running Matterbridge's `[api.NAME]`. A channel is a gateway there, by its name. */
export class MatterbridgeBridge implements Bridge {
  readonly account: AccountId;
  readonly protocol = "matterbridge";
  /** Matterbridge gives no ids to what is posted, so nothing can be changed later. */
  readonly capabilities: Capabilities = {
    window: WINDOW,
    deletions: false,
    replies: false,
    history: "bounded",
  };
  readonly #options: MatterbridgeOptions;
  readonly #lossOfRing: LossOfRing = { isUntold: false };
  #session: Session | null = null;

  constructor(options: MatterbridgeOptions) {
    this.#options = options;
    this.account = options.account;
  }

  channelId(written: string): ChannelId {
    const name = ["", "api", "main"].includes(written.trim().toLowerCase())
      ? this.#options.gateway
      : written;
    if (name === null) {
      throw new Error(
        `Cannot use ${
          JSON.stringify(written)
        }: it stands for the account's Gateway, which is not set`,
      );
    }
    if (/[\p{Cc}]/u.test(name)) {
      throw new Error(`Cannot use ${JSON.stringify(written)} as the name of a gateway`);
    }
    return name as ChannelId;
  }

  async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    const session = new Session(this.#options, host, this.#lossOfRing);
    this.#session = session;
    try {
      return await session.run(signal);
    } finally {
      this.#session = null;
    }
  }

  replan(): void {
    this.#session?.replan();
  }

  render(channel: ChannelId, outgoing: Outgoing): readonly Part[] {
    const part = outgoing.kind === "deletion" ? null : partOf(outgoing, channel);
    return part === null ? [] : [part];
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    return this.#session?.transmit(channel, part, signal) ??
      Promise.resolve({ outcome: "unsent", reason: "not connected to Matterbridge" });
  }
}
