import { describeError } from "../../base/errors.ts";
import type { BridgeHost, ChannelPlan, LinkEnd, Part, Receipt } from "../../relay/port/bridge.ts";
import type { Person } from "../../relay/port/event.ts";
import type { ChannelId, MessageId } from "../../relay/port/ids.ts";
import { ChannelList } from "./channels/channel_list.ts";
import { Channels } from "./channels/channels.ts";
import { type Batch, Batches, type Placed, PlaybackFilter } from "./history/playback.ts";
import { type Link, makeLink, type Memory } from "./link/link.ts";
import type { IrcSettings } from "./link/options.ts";
import { Keepalive } from "./link/ping.ts";
import { FirstCommands } from "./login/first_commands.ts";
import { heldFor, LastWords } from "./login/link_end.ts";
import { NickKeeper } from "./login/nick_keeper.ts";
import { Registration } from "./login/registration.ts";
import { heedSts } from "./login/sts.ts";
import type { Puppets, PuppetStage } from "./puppets/puppets.ts";
import { Incoming } from "./reading/incoming.ts";
import { Membership } from "./reading/membership.ts";
import { Messages } from "./reading/messages.ts";
import { Replies } from "./reading/replies.ts";
import type { Pace } from "./sending/pace.ts";
import { Sender } from "./sending/sender.ts";
import { asRelay } from "./sending/speaker.ts";
import type { IrcMessage, OutLine } from "./wire/message.ts";
import { type Connection, openConnection } from "./wire/socket.ts";

const SOCKET_GONE_MS = 1_000;
/** How long the server gets to close after its last words. */
const CLOSE_MS = 1_000;

const TOO_LONG = "Ignored a line of {bytes} bytes from the server: no IRC line is that long";

/** What a session is made with, beside its settings and its host. */
interface SessionParts {
  readonly pace: Pace;
  readonly memory: Memory;
  /** Omitted: all is said under our own nick. */
  readonly puppets?: (stage: PuppetStage) => Puppets | null;
}

/** One connection from dial to end: owns everything that lives as long. */
export class Session {
  /** Set when the server wants us on this port by TLS instead. */
  upgradePort: number | null = null;
  isRegistered = false;
  readonly #link: Link;
  readonly #pace: Pace;
  readonly #ended = Promise.withResolvers<LinkEnd>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #list: ChannelList;
  readonly #batches: Batches;
  readonly #registration: Registration;
  readonly #sender: Sender;
  readonly #channels: Channels;
  readonly #incoming: Incoming;
  readonly #nickKeeper: NickKeeper;
  readonly #firstCommands: FirstCommands;
  readonly #puppets: Puppets | null;
  readonly #playback: PlaybackFilter;
  readonly #lastWords = new LastWords();
  readonly #held = heldFor((end) => this.#finish(end));
  #connection: Connection | null = null;
  #keepalive: Keepalive | null = null;
  #end: LinkEnd | null = null;
  /** We say goodbye for this reason. */
  #leaving: LinkEnd | null = null;
  #quitting = false;

  constructor(settings: IrcSettings, host: BridgeHost, parts: SessionParts) {
    const link = makeLink(settings, host, parts.memory, {
      held: this.#held,
      send: (line, maxBytes) => this.#connection?.send(line, maxBytes),
      control: (line, sent) => this.#sender.control(line, sent),
      useUtf8: () => this.#connection?.useUtf8(),
      has: (capability) => this.#registration.capabilities.has(capability),
      offered: (capability) => this.#registration.capabilities.offered(capability),
      fault: (thrown) => this.#fault(thrown),
      silent: (reason) => this.#finish({ kind: "lost", reason }),
      away: (reason) => this.#channels.away(reason),
    });
    this.#link = link;
    this.#pace = parts.pace;
    this.#playback = new PlaybackFilter(settings.clock);
    this.#list = new ChannelList((name) => link.server.fold(name));
    this.#sender = new Sender(link, this.#list, parts.pace);
    this.#puppets = parts.puppets?.(this.#puppetStage()) ?? null;
    this.#channels = this.#makeChannels();
    this.#firstCommands = new FirstCommands(link, () => this.#enterChannels());
    this.#nickKeeper = new NickKeeper(link, this.#firstCommands.service);
    this.#registration = new Registration({
      ...{ settings, features: link.server, self: link.self, timers: link.timers, log: link.log },
      ...{ held: this.#held, send: link.send },
      endPoint: () => this.#connection?.endPoint() ?? null,
      ready: () => this.#ready(),
      failed: (end) => this.#leave(end),
      sts: (value) => this.#heedSts(value),
    });
    this.#incoming = this.#makeIncoming();
    const onLine = (message: IrcMessage, { label }: Placed) => this.#line(message, label);
    this.#batches = new Batches(this.#held, onLine, (batch) => this.#played(batch));
  }

  #makeChannels(): Channels {
    const sender = this.#sender;
    return new Channels(this.#link, this.#list, {
      puppets: this.#puppets,
      onDown: (channel, reason) => sender.channelDown(channel, reason),
      onAnew: (channel) => sender.channelAnew(channel),
      onAway: (reason) => sender.answers.end(reason),
      serverMs: () => this.#playback.serverMs,
      onLive: (messages) => messages.forEach((message) => this.#incoming.handle(message, null)),
    });
  }

  #makeIncoming(): Incoming {
    const link = this.#link;
    const channels = this.#channels;
    const sender = this.#sender;
    const puppets = this.#puppets;
    return new Incoming(link, {
      registration: this.#registration,
      firstCommands: this.#firstCommands,
      channels,
      messages: new Messages(link, { channels, sender, puppets, playback: this.#playback }),
      membership: new Membership(link, channels, this.#nickKeeper, puppets),
      replies: new Replies(link, channels, sender),
    });
  }

  #puppetStage(): PuppetStage {
    const { settings, server, timers, self, people, host } = this.#link;
    return {
      ...{ settings, features: server, timers },
      isTaken: (nick) => self.is(nick) || people.isKnown(nick),
      planOf: (id) => host.channels().find((plan) => plan.channel === id),
      transmit: (channel, part, signal) => this.#sender.transmit(channel, part, signal),
    };
  }

  /** Resolves with why the link ended, once nothing of it is left. */
  async run(signal: AbortSignal): Promise<LinkEnd> {
    const stop = () => this.#stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      this.#dial();
      const end = await this.#ended.promise;
      await Promise.all([this.#socketGone(), this.#puppets?.ended()]);
      return end;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** A destroyed socket says so at once; should one ever not, the supervisor must not wait for ever. */
  async #socketGone(): Promise<void> {
    const waited = new AbortController();
    const limit = this.#link.clock.sleep(SOCKET_GONE_MS, waited.signal).catch(() => {});
    await Promise.race([this.#closed.promise, limit]);
    waited.abort();
  }

  get link(): Link {
    return this.#link;
  }

  nameOf(channel: ChannelId): string {
    return this.#channels.nameOf(channel);
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    // No puppet speaks where nobody listens for it.
    const puppets = this.#channels.isUp(channel) ? this.#puppets : null;
    return puppets?.transmit(channel, part, signal) ??
      this.#sender.transmit(channel, asRelay(part), signal);
  }

  typing(channel: ChannelId, active: boolean): void {
    this.#sender.typing(channel, active);
  }

  /** Another connection of ours has seen our line. */
  seen(channel: ChannelId, text: string, id: MessageId | null): void {
    this.#sender.answers.echoed(channel, text, null, { id, atMs: null, otherwise: () => {} });
  }

  enter(plan: ChannelPlan): void {
    this.#channels.add(plan);
  }

  /** Enters and leaves channels as the host wants it now. */
  replan(): void {
    if (this.isRegistered) this.#channels.replan();
  }

  /** Who is in a channel beside ourselves and our puppets; empty where we are not. */
  members(channel: ChannelId): readonly Person[] {
    if (!this.#channels.isUp(channel)) return [];
    const { people, self } = this.#link;
    return people.inChannel(channel)
      .filter(({ nick }) => !self.is(nick) && this.#puppets?.isNick(nick) !== true);
  }

  control(line: OutLine): void {
    this.#sender.control(line);
  }

  #dial(): void {
    const { charset, host, limits, port, tls, bind, proxy, inspection, log } = this.#link.settings;
    inspection?.dialling(port, tls !== null);
    const cancel = this.#link.timers.after(limits.connectMs, () => {
      this.#finish({
        kind: "lost",
        reason: `Cannot connect to ${host}:${port}: no answer within ${limits.connectMs / 1000} s`,
      });
    });
    this.#connection = openConnection(
      { dial: { host, port, bind, tls, proxy, inspect: inspection }, charset },
      {
        opened: () => this.#opened(cancel),
        message: (message) => {
          // The rest of what was read in one go with the end is nobody's any more.
          if (this.#end === null) this.#batches.handle(message);
        },
        bytes: () => this.#keepalive?.alive(),
        tooLong: (bytes) => log.warn(TOO_LONG, { bytes }),
        fault: (thrown) => this.#fault(thrown),
        closed: (error) => this.#socketClosed(error),
      },
    );
  }

  #opened(cancelLimit: () => void): void {
    cancelLimit();
    const { settings: { limits: { registrationMs } }, timers } = this.#link;
    const reason = `Cannot log in: the server did not finish it within ${registrationMs / 1000} s`;
    this.#playback.connected();
    timers.after(registrationMs, () => {
      if (!this.isRegistered) this.#finish({ kind: "lost", reason });
    });
    this.#registration.begin();
  }

  #line(message: IrcMessage, label: string | null): void {
    this.#link.settings.inspection?.line(message);
    this.#playback.observe(message, this.#link.self.is(message.nick));
    if (this.#lastWords.hear(message, this.isRegistered)) this.#serverEnds();
    else this.#incoming.handle(message, label);
  }

  /** Lines that the server plays back together. */
  #played(batch: Batch): void {
    if (batch.type !== "chathistory" && batch.type !== "znc.in/playback") return;
    this.#channels.entering.played(batch.params[0] ?? "", batch.messages);
  }

  #serverEnds(): void {
    if (this.#quitting) {
      return this.#lastWords.ofFlood ? undefined : this.#sender.answers.workedOff();
    }
    // Some servers leave the socket open for ever.
    this.#link.timers.after(CLOSE_MS, () => this.#connection?.destroy());
  }

  /** Only now: during registration a server may be silent for long (ident, DNS), and has a deadline of its own. */
  #watchLink(): void {
    const { clock, fence, settings, timers } = this.#link;
    const { deadMs } = settings.limits;
    const reason = `No data from the server for ${deadMs / 1000} s`;
    const dead = () => this.#finish({ kind: "lost", reason });
    const pingDelayMs = Math.max(settings.pingDelayMs, 1);
    this.#keepalive = new Keepalive({ clock, timers, fence, pingDelayMs, deadMs, dead });
  }

  /** True when the server wants us by TLS on another port: the link ends, and the next one goes there. */
  #heedSts(value: string): boolean {
    const port = heedSts(value, this.#link.settings);
    if (port === null) return false;
    this.#link.log.info("The server wants TLS (STS): going to port {port}", { port });
    this.upgradePort = port;
    this.#finish({ kind: "lost", reason: `The server wants TLS on port ${port}` });
    return true;
  }

  #ready(): void {
    const { bouncer, host, self, settings } = this.#link;
    const { capabilities, loggedIn } = this.#registration;
    this.isRegistered = true;
    bouncer.offers(capabilities.offers());
    self.relaySigns = capabilities.offered("draft/relaymsg") || "/";
    this.#watchLink();
    for (const plan of host.channels()) this.#list.add(plan);
    settings.inspection?.ready(this.#link, loggedIn);
    host.linkUp(self.person);
    this.#nickKeeper.begin(loggedIn);
    this.#firstCommands.begin(loggedIn);
  }

  /** Ends a login that can't succeed, as the server expects of a client that gives up. */
  #leave(end: LinkEnd): void {
    this.#leaving = end;
    this.#connection?.send({ command: "QUIT", params: [this.#link.settings.quitMessage] });
    this.#link.timers.after(CLOSE_MS, () => this.#finish(end));
  }

  /** A bouncer tells by itself which channels its owner is in: those need no JOIN, which would cost its pace. */
  #enterChannels(): void {
    const { bouncer, fence } = this.#link;
    if (bouncer.present) fence.after(() => this.#channels.joinAll());
    else this.#channels.joinAll();
  }

  #socketClosed(error: Error | null): void {
    this.#closed.resolve();
    if (this.#leaving !== null) return this.#finish(this.#leaving);
    if (this.#quitting) return this.#finish({ kind: "stopped", reason: "We said goodbye" });
    if (this.#lastWords.ofFlood) this.#pace.slower();
    this.#finish(this.#lastWords.end(error, this.isRegistered));
  }

  /** Says goodbye and gives the server a moment to close, so that the last lines are certain to be worked off. */
  #stop(): void {
    const { settings: { limits, quitMessage }, timers } = this.#link;
    if (this.#end !== null || this.#quitting) return;
    this.#quitting = true;
    this.#puppets?.stop("we are stopping");
    this.#sender.stop("we are stopping");
    this.#connection?.send({ command: "QUIT", params: [quitMessage] });
    const waitMs = this.isRegistered ? limits.quitMs : 0;
    timers.after(waitMs, () => this.#finish({ kind: "stopped", reason: "We said goodbye" }));
  }

  #finish(end: LinkEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#link.timers.end();
    this.#puppets?.stop(end.reason);
    this.#sender.end(end.reason);
    this.#channels.entering.salvage();
    this.#connection?.destroy();
    this.#ended.resolve(end);
  }

  #fault(thrown: unknown): void {
    const error = describeError(thrown);
    this.#link.log.error("Fault while handling a line from the server: {error}", { error });
  }
}
