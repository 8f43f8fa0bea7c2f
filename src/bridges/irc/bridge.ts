import { SeenIds } from "../../base/bounded.ts";
import type {
  Bridge,
  BridgeHost,
  Capabilities,
  LinkEnd,
  Outgoing,
  Part,
  Receipt,
  WireText,
} from "../../relay/port/bridge.ts";
import type { Person } from "../../relay/port/event.ts";
import type { AccountId, ChannelId } from "../../relay/port/ids.ts";
import { channelIdOf } from "./channels/channel_name.ts";
import type { Memory } from "./link/link.ts";
import { type IrcBridgeOptions, type IrcSettings, settingsOf } from "./link/options.ts";
import { renewSts } from "./login/sts.ts";
import { PuppetGate } from "./puppets/gate.ts";
import type { OpenLink } from "./puppets/puppet.ts";
import { shownTexts } from "./puppets/puppet_name.ts";
import { Puppets, type PuppetStage } from "./puppets/puppets.ts";
import { Pace } from "./sending/pace.ts";
import { renderOutgoing } from "./sending/parts.ts";
import { Session } from "./session.ts";

/** A link that held this long has shown that the server bears our pace. */
const PACE_TRUSTED_MS = 30 * 60_000;
const UNLIMITED_WINDOW = 64;
const SMALLEST_WINDOW = 4;

/** A slow line is used well: several short messages of one person fit on it, and the prefix counts once. */
/** A pace at which a backlog lasts long enough that fewer lines help; MessageDelay=1 says that the server needs no sparing. */
const PACKED_FROM_MS = 100;
const PACKING = { separator: " | ", maxLength: 320 };

/** One IRC account: the connection, and what is sent into its channels. */
export class IrcBridge implements Bridge {
  readonly account: AccountId;
  readonly protocol = "irc";
  readonly #settings: IrcSettings;
  readonly #pace: Pace;
  readonly #gate: PuppetGate;
  readonly #memory = emptyMemory();
  #session: Session | null = null;
  /** Which of the servers is tried next. */
  #server = 0;

  constructor(options: IrcBridgeOptions) {
    this.account = options.account;
    this.#settings = settingsOf(options);
    this.#gate = new PuppetGate(options.random);
    this.#pace = new Pace(this.#settings.messageDelayMs, this.#settings.burst);
  }

  get capabilities(): Capabilities {
    const { messageDelayMs, burst } = this.#settings;
    return {
      window: messageDelayMs === 0 ? UNLIMITED_WINDOW : Math.max(burst, SMALLEST_WINDOW),
      deletions: this.#session?.link.has("draft/message-redaction") ?? false,
      reactions: this.#session?.link.has("+draft/react") ?? false,
      // The reply tag is sent where it can be, but few clients show it: people need the words.
      replies: false,
      uniqueNicks: true,
      ...(messageDelayMs < PACKED_FROM_MS ? {} : { packing: PACKING }),
      history: this.#history(),
    };
  }

  /** Without server-time and batches nothing that a server plays back can be told from what is said now. */
  #history(): Capabilities["history"] {
    const link = this.#session?.link;
    if (link?.has("draft/chathistory")) return "full";
    return link?.has("batch") || link?.has("server-time") ? "bounded" : "none";
  }

  channelId(written: string): ChannelId {
    return channelIdOf(written);
  }

  replan(): void {
    this.#session?.replan();
  }

  members(channel: ChannelId): readonly Person[] {
    return this.#session?.members(channel) ?? [];
  }

  typing(channel: ChannelId, active: boolean): void {
    this.#session?.typing(channel, active);
  }

  async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    if (signal.aborted) return { kind: "stopped", reason: "We were asked to stop" };
    const { clock } = this.#settings;
    const startedMs = clock.monotonic();
    try {
      return await this.#tryServers(host, signal);
    } finally {
      this.#session = null;
      if (clock.monotonic() - startedMs > PACE_TRUSTED_MS) this.#pace.faster();
    }
  }

  /** Each server once, from the one that let us in last, until one lets us in. */
  async #tryServers(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    const { moreServers, log } = this.#settings;
    const first = this.#settings;
    const servers = [first, ...moreServers];
    const failed: LinkEnd[] = [];
    while (true) {
      const { host: name, port } = servers[this.#server % servers.length] ?? first;
      const settings = secured({ ...this.#settings, host: name, port });
      const end = await this.#live(settings, host, signal);
      if (servers.length === 1 || signal.aborted || this.#session?.isRegistered) return end;
      this.#server++;
      const reason = `${name}:${port}: ${end.reason}`;
      failed.push({ ...end, reason });
      if (failed.length === servers.length) return endOfAll(failed);
      log.warn("{reason}. Trying the next server", { reason });
    }
  }

  /** One connection; a second one where the server wants TLS (STS) as soon as it sees us. */
  async #live(settings: IrcSettings, host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    const session = new Session(settings, host, {
      pace: this.#pace,
      memory: this.#memory,
      puppets: (stage) => this.#puppets(stage),
    });
    this.#session = session;
    const connectedMs = settings.clock.now();
    const end = await session.run(signal);
    renewSts(settings, connectedMs);
    if (session.upgradePort === null || signal.aborted) return end;
    return await this.#live(byTls(settings, session.upgradePort), host, signal);
  }

  #puppets(stage: PuppetStage): Puppets | null {
    const { puppets } = stage.settings;
    const open: OpenLink = (settings, host, pace) =>
      new Session(settings, host, { pace, memory: emptyMemory() });
    return puppets === null ? null : new Puppets({ ...stage, puppets, gate: this.#gate, open });
  }

  render(channel: ChannelId, outgoing: Outgoing): readonly Part[] {
    const name = this.#session?.nameOf(channel) ?? channel;
    return renderOutgoing(outgoing, this.#settings, this.#session?.link ?? null, name);
  }

  shownAs(part: Part): readonly WireText[] {
    return shownTexts(part);
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    const session = this.#session;
    if (session === null) {
      return Promise.resolve({ outcome: "unsent", reason: "there is no connection" });
    }
    return session.transmit(channel, part, signal);
  }
}

function emptyMemory(): Memory {
  return { nicks: new SeenIds(64), spokenAs: new SeenIds(1_000), silent: new SeenIds(100) };
}

/** Where nobody let us in: the end after which it is soonest worth while to try again. */
function endOfAll(ends: readonly LinkEnd[]): LinkEnd {
  const kinds = ["stopped", "lost", "throttled", "refused"] as const;
  const kind = kinds.find((kind) => ends.some((end) => end.kind === kind)) ?? "lost";
  const best = ends.find((end) => end.kind === kind);
  return { ...best, kind, reason: ends.map(({ reason }) => reason).join("; ") };
}

/** The settings with what the server once demanded: TLS, as long as its policy holds. */
function secured(settings: IrcSettings): IrcSettings {
  const policy = settings.tls === null ? settings.sts.get(settings.host) : null;
  return policy === null || policy.untilMs <= settings.clock.now()
    ? settings
    : byTls(settings, policy.port);
}

/** A policy is worth nothing without a certificate that is checked. */
function byTls(settings: IrcSettings, port: number): IrcSettings {
  return { ...settings, port, tls: { ...settings.stsTls, verify: true } };
}
