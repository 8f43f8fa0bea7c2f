import type { Timers } from "../../../base/timers.ts";
import type { BridgeHost, ChannelPlan } from "../../../relay/port/bridge.ts";
import type { Person } from "../../../relay/port/event.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import { Channels } from "../channels/channels.ts";
import type { Batch, PlaybackFilter } from "../history/playback.ts";
import type { IrcSettings } from "../link/options.ts";
import { People } from "../link/people.ts";
import type { Fence } from "../link/ping.ts";
import type { Self } from "../link/self.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import { Arrival } from "../login/first_commands.ts";
import { NickKeeper } from "../login/nick_keeper.ts";
import type { Puppets } from "../puppets/puppets.ts";
import type { Sender } from "../sending/sender.ts";
import { type IrcMessage, type OutLine, param } from "../wire/message.ts";
import { Membership } from "./membership.ts";
import { Talk } from "./messages.ts";
import { CtcpResponder } from "./private.ts";
import { Answers } from "./replies.ts";

interface PresenceOptions {
  readonly settings: IrcSettings;
  readonly host: BridgeHost;
  readonly features: ServerFeatures;
  readonly self: Self;
  readonly timers: Timers;
  readonly fence: Fence;
  readonly sender: Sender;
  readonly playback: PlaybackFilter;
  readonly has: (capability: string) => boolean;
  /** True when SASL has logged us in. */
  readonly loggedIn: boolean;
  readonly puppets: Puppets | null;
}

/** All that exists only between the welcome and the end: channels, people, our nick. */
export class Presence {
  readonly #self: Self;
  readonly #channels: Channels;
  readonly #talk: Talk;
  readonly #membership: Membership;
  readonly #answers: Answers;
  readonly #nickKeeper: NickKeeper;
  readonly #arrival: Arrival;
  readonly #people: People;
  readonly #puppets: Puppets | null;

  constructor(options: PresenceOptions) {
    const { settings, host, features, self, timers, fence, sender, playback, has, loggedIn } =
      options;
    const { puppets } = options;
    const { clock, limits, log, nickServ, relayNotices, userInfo, version } = settings;
    const people = new People(features);
    const control = (line: OutLine, sent?: () => void) => sender.control(line, sent);
    const onDown = (channel: ChannelId, reason: string) => sender.channelDown(channel, reason);
    const onLive = (messages: readonly IrcMessage[]) =>
      messages.forEach((message) => this.handle(message, null));
    const channels = new Channels({
      ...{
        settings,
        clock,
        host,
        features,
        people,
        self,
        timers,
        fence,
        has,
        control,
        onDown,
        onLive,
        puppets,
      },
    });
    const ctcp = new CtcpResponder({ clock, version, userInfo, gapMs: limits.ctcpMs, control });
    const isPlayback = (message: IrcMessage) => playback.isOld(message);
    const onPrivate = (message: IrcMessage) => {
      if (isPlayback(message)) return;
      if (settings.puppet === null) ctcp.handle(message);
      else if (self.is(param(message, 0))) settings.puppet.hear(message);
    };
    this.#self = self;
    this.#people = people;
    this.#puppets = puppets;
    this.#channels = channels;
    this.#talk = new Talk({
      ...{
        host,
        clock,
        features,
        self,
        people,
        channels,
        sender,
        relayNotices,
        isPlayback,
        onPrivate,
        puppets,
      },
    });
    this.#membership = new Membership({ host, clock, log, features, self, people, channels });
    this.#answers = new Answers(channels, sender);
    host.linkUp(self.person);
    const service = nickServ ?? (loggedIn ? { nick: "NickServ", password: "" } : null);
    this.#nickKeeper = new NickKeeper({
      self,
      features,
      timers,
      control,
      regainMs: limits.regainMs,
      service,
    });
    const done = () => channels.joinAll();
    this.#arrival = new Arrival({ settings, features, self, timers, log, control, loggedIn, done });
  }

  nameOf(channel: ChannelId): string {
    return this.#channels.nameOf(channel);
  }

  isUp(channel: ChannelId): boolean {
    return this.#channels.isUp(channel);
  }

  /** Enters and leaves channels as the host wants it now. */
  replan(): void {
    this.#channels.replan();
  }

  /** True when somebody in one of our channels has this nick. */
  isHere(nick: string): boolean {
    return this.#people.isKnown(nick);
  }

  /** Who is in a channel beside ourselves and our puppets; empty where we are not. */
  members(channel: ChannelId): readonly Person[] {
    if (!this.#channels.isUp(channel)) return [];
    return this.#people.inChannel(channel)
      .filter(({ nick }) => !this.#self.is(nick) && this.#puppets?.isNick(nick) !== true);
  }

  /** Enters one channel more. */
  enter(plan: ChannelPlan): void {
    this.#channels.add(plan);
  }

  /** Every line that is not the link's own business. `label`: the command of ours that it answers. */
  handle(message: IrcMessage, label: string | null): void {
    this.#nickKeeper.observe(message);
    this.#arrival.observe(message);
    if (this.#puppets?.takes(message)) return;
    if (this.#talk.handle(message, label) || this.#membership.handle(message)) return;
    if (message.command === "INVITE") {
      if (this.#self.is(param(message, 0))) this.#channels.invited(param(message, 1));
    } else {
      this.#answers.handle(message, label);
    }
  }

  /** Lines that the server plays back together. */
  played(batch: Batch): void {
    if (batch.type !== "chathistory" && batch.type !== "znc.in/playback") return;
    this.#channels.played(batch.params[0] ?? "", batch.messages);
  }
}
