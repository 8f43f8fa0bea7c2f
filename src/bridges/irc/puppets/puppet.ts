import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type {
  BridgeHost,
  ChannelPlan,
  LinkEnd,
  Part,
  Receipt,
} from "../../../relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";
import type { IrcSettings } from "../link/options.ts";
import { CtcpLimit, readCtcp } from "../link/read_event.ts";
import { Pace } from "../sending/pace.ts";
import { asPuppet, type Speaker } from "../sending/speaker.ts";
import { type IrcMessage, type OutLine, param } from "../wire/message.ts";
import type { LaneEntry, Voice } from "./lane.ts";
import { madeUpAddress, madeUpHost } from "./puppet_name.ts";

/** One connection, as far as a puppet needs it. */
interface PuppetLink {
  run(signal: AbortSignal): Promise<LinkEnd>;
  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt>;
  /** Another connection has seen our line in the channel. */
  seen(channel: ChannelId, text: string, id: MessageId | null): void;
  /** Enters one channel more. */
  enter(plan: ChannelPlan): void;
  control(line: OutLine): void;
}

export type OpenLink = (settings: IrcSettings, host: BridgeHost, pace: Pace) => PuppetLink;

interface PuppetOptions {
  /** Of the relay's own connection. */
  readonly settings: IrcSettings;
  readonly open: OpenLink;
  readonly speaker: Speaker;
  readonly nick: string;
  readonly user: string;
  /** It is logged in under this nick. */
  readonly onNick: (puppet: Puppet, nick: string) => void;
  /** It became ready in a channel, or can't be used there. */
  readonly onChange: () => void;
}

/** coming: not there yet. closed: the channel does not let it in, for now. */
type PuppetPlace = "coming" | "up" | "closed";

/** A channel that refused to take a puppet's line is left to the relay's own nick for this long. */
const MUTED_MS = 300_000;
const NEVER_MS = 86_400_000;

/** What a puppet asks the server for. The main connection sees its lines: echoes of its own would only cost time. */
const CAPABILITIES: ReadonlySet<string> = new Set([
  "cap-notify",
  "message-tags",
  "standard-replies",
]);

/** One person's own connection. It reads nothing: what it sees, the main connection sees too. */
export class Puppet implements Voice {
  readonly speaker: Speaker;
  readonly user: string;
  /** The nick it was made with. */
  readonly wantedNick: string;
  /** When it was last needed; monotonic. */
  lastMs: number;
  /** The main connection saw it leave: what was not shown before never will be. */
  quitSeen = false;
  #upSinceMs: number | null = null;
  #left = false;
  readonly #options: PuppetOptions;
  readonly #stop = new AbortController();
  readonly #places = new Map<ChannelId, PuppetPlace>();
  readonly #plans: ChannelPlan[] = [];
  readonly #mutedUntilMs = new Map<ChannelId, number>();
  #link: PuppetLink | null = null;

  constructor(options: PuppetOptions) {
    this.#options = options;
    this.speaker = options.speaker;
    this.user = options.user;
    this.wantedNick = options.nick;
    this.lastMs = options.settings.clock.monotonic();
  }

  /** Lives its one connection. Never rejects. */
  async run(): Promise<LinkEnd> {
    const { settings, open } = this.#options;
    if (this.#stop.signal.aborted) return { kind: "stopped", reason: "it was not needed any more" };
    const pace = new Pace(settings.messageDelayMs, settings.burst);
    this.#link = open(this.#settings(), this.#host(), pace);
    try {
      return await this.#link.run(this.#stop.signal);
    } finally {
      this.#link = null;
      this.#left = true;
    }
  }

  /** How long it has been logged in; null when it never was. */
  get livedMs(): number | null {
    return this.#upSinceMs === null
      ? null
      : this.#options.settings.clock.monotonic() - this.#upSinceMs;
  }

  /** True once it has no connection any more, or is about to have none. */
  get left(): boolean {
    return this.#left;
  }

  /** Says goodbye. Idempotent. */
  leave(): void {
    this.#left = true;
    this.#stop.abort();
  }

  /** True while a channel is still to be entered. */
  get isComing(): boolean {
    return [...this.#places.values()].includes("coming");
  }

  place(channel: ChannelId): PuppetPlace {
    const mutedUntilMs = this.#mutedUntilMs.get(channel) ?? -Infinity;
    if (this.#options.settings.clock.monotonic() < mutedUntilMs) return "closed";
    return this.#places.get(channel) ?? "closed";
  }

  /** Goes into a channel, unless it is there or on its way. */
  enter(plan: ChannelPlan): void {
    if (this.#places.has(plan.channel)) return;
    this.#places.set(plan.channel, "coming");
    this.#plans.push(plan);
    if (this.#upSinceMs !== null) this.#link?.enter(plan);
  }

  /** The channel does not take what it says. */
  mute(channel: ChannelId): void {
    this.#mutedUntilMs.set(channel, this.#options.settings.clock.monotonic() + MUTED_MS);
  }

  /** It said that it can't send there: not to be used there until it is let in again. */
  close(channel: ChannelId): void {
    this.#places.set(channel, "closed");
  }

  say(entry: LaneEntry): Promise<Receipt> {
    this.lastMs = this.#options.settings.clock.monotonic();
    const link = this.#link;
    if (link === null) return Promise.resolve({ outcome: "unsent", reason: "it has left" });
    return link.transmit(entry.channel, asPuppet(entry.part, this.speaker), entry.signal);
  }

  seen(channel: ChannelId, text: string, id: MessageId | null): void {
    this.#link?.seen(channel, text, id);
  }

  #settings(): IrcSettings {
    const { settings, nick, user, speaker } = this.#options;
    const answers = new PrivateAnswers({
      clock: settings.clock,
      gapMs: settings.limits.ctcpMs,
      relayNick: settings.nick,
      control: (line) => this.#link?.control(line),
    });
    const { webirc = null } = settings.puppets ?? {};
    return {
      ...settings,
      nick,
      userName: user,
      realName: `${speaker.nick} (relayed by ${settings.nick})`,
      // It stands for a person: what is the relay's own (account, certificate, commands) is not theirs.
      sasl: null,
      nickServ: null,
      runCommands: [],
      botMode: false,
      useRelayMsg: false,
      tls: settings.tls === null ? null : { ...settings.tls, clientCertificatePem: null },
      limits: { ...settings.limits, regainMs: NEVER_MS },
      log: quiet(settings.log),
      puppets: null,
      puppet: {
        capabilities: CAPABILITIES,
        webirc: webirc === null
          ? null
          : { ...webirc, host: madeUpHost(user), address: madeUpAddress(speaker.key) },
        hear: (message: IrcMessage) => answers.hear(message),
      },
    };
  }

  #host(): BridgeHost {
    const change = (channel: ChannelId, place: PuppetPlace) => {
      // Somebody waited for this: only from now on can it be silent.
      this.lastMs = this.#options.settings.clock.monotonic();
      this.#places.set(channel, place);
      this.#options.onChange();
    };
    return {
      channels: () => this.#plans,
      cursor: () => null,
      linkUp: (self) => {
        this.#upSinceMs = this.#options.settings.clock.monotonic();
        this.#options.onNick(this, self.nick);
      },
      channelUp: (channel) => change(channel, "up"),
      channelDown: (channel) => change(channel, "closed"),
      event: () => {},
      latency: () => {},
      stored: () => Promise.resolve(),
    };
  }
}

/** Twenty puppets would fill the log with what concerns nobody. */
function quiet(log: Logger): Logger {
  const debug: Logger["debug"] = (template, properties) => log.debug(template, properties);
  return {
    debug,
    info: debug,
    warn: debug,
    error: (template, properties) => log.error(template, properties),
    with: (properties) => quiet(log.with(properties)),
  };
}

interface PrivateAnswersOptions {
  readonly clock: Clock;
  /** At most one answer in this time, whoever writes. */
  readonly gapMs: number;
  readonly relayNick: string;
  readonly control: (line: OutLine) => void;
}

const MOST_REMEMBERED = 500;

/** Tells those who write to a puppet, once each, that the person behind it does not see it. */
class PrivateAnswers {
  readonly #options: PrivateAnswersOptions;
  readonly #limit: CtcpLimit;
  readonly #told = new Set<string>();

  constructor(options: PrivateAnswersOptions) {
    this.#options = options;
    this.#limit = new CtcpLimit(options.gapMs);
  }

  hear(message: IrcMessage): void {
    const { clock, control, relayNick } = this.#options;
    // A NOTICE is never answered; a server has no user name.
    if (message.command !== "PRIVMSG" || message.user === "") return;
    const ctcp = readCtcp(param(message, 1));
    if (ctcp !== null && ctcp.command !== "ACTION") return;
    if (this.#told.has(message.nick) || this.#told.size >= MOST_REMEMBERED) return;
    if (!this.#limit.allows(clock.monotonic())) return;
    this.#told.add(message.nick);
    const text =
      `This nick stands for a user of another chat, relayed by ${relayNick}, and receives no private messages. ` +
      "Please write in the channel.";
    control({ command: "NOTICE", params: [message.nick, text] });
  }
}
