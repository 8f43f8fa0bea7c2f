import { describeError } from "../../base/errors.ts";
import { Timers } from "../../base/timers.ts";
import type { BridgeHost, ChannelPlan, LinkEnd, Part, Receipt } from "../../relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../relay/port/ids.ts";
import { Batches, type Placed, PlaybackFilter } from "./history/playback.ts";
import type { IrcSettings } from "./link/options.ts";
import { Fence, Keepalive } from "./link/ping.ts";
import { LineBudget, Self } from "./link/self.ts";
import { ServerFeatures } from "./link/server_features.ts";
import { LastWords } from "./login/link_end.ts";
import { Registration } from "./login/registration.ts";
import { heedSts } from "./login/sts.ts";
import type { Puppets, PuppetStage } from "./puppets/puppets.ts";
import { Presence } from "./reading/incoming.ts";
import type { Pace } from "./sending/pace.ts";
import { asRelay } from "./sending/parts.ts";
import { Sender } from "./sending/sender.ts";
import { type IrcMessage, lastParam, type OutLine, param } from "./wire/message.ts";
import { type Connection, openConnection } from "./wire/socket.ts";

const SOCKET_GONE_MS = 1_000;
/** How long the server gets to close after its last words. */
const CLOSE_MS = 1_000;

/** One connection from dial to end: owns everything that lives as long. */
export class Session {
  readonly budget: LineBudget;
  /** Set when the server wants us on this port by TLS instead. */
  upgradePort: number | null = null;
  readonly #settings: IrcSettings;
  readonly #host: BridgeHost;
  readonly #pace: Pace;
  readonly #timers: Timers;
  readonly #ended = Promise.withResolvers<LinkEnd>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #features = new ServerFeatures();
  readonly #self: Self;
  readonly #batches: Batches;
  readonly #fence: Fence;
  readonly #registration: Registration;
  readonly #sender: Sender;
  readonly #puppets: Puppets | null;
  readonly #playback: PlaybackFilter;
  readonly #lastWords = new LastWords();
  #connection: Connection | null = null;
  #keepalive: Keepalive | null = null;
  #presence: Presence | null = null;
  #end: LinkEnd | null = null;
  #registered = false;
  #quitting = false;

  constructor(
    settings: IrcSettings,
    host: BridgeHost,
    pace: Pace,
    makePuppets: (stage: PuppetStage) => Puppets | null = () => null,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#pace = pace;
    const { clock, log, limits } = settings;
    this.#self = new Self(settings.nick, this.#features);
    this.budget = new LineBudget(this.#features, this.#self);
    this.#timers = new Timers(clock, (thrown) => this.#fault(thrown));
    this.#playback = new PlaybackFilter(clock);
    const send = (line: OutLine) => this.#connection?.send(line, this.budget.lineBytes - 2);
    const monotonic = () => clock.monotonic();
    const onRoundTrip = (roundTripMs: number) => host.latency(roundTripMs);
    this.#fence = new Fence({ send, monotonic, onRoundTrip });
    this.#batches = new Batches(
      (message, placed) => this.#line(message, placed),
      (batch) => this.#presence?.played(batch),
    );
    this.#registration = new Registration({
      settings,
      features: this.#features,
      self: this.#self,
      timers: this.#timers,
      log,
      send,
      ready: () => this.#ready(),
      failed: (end) => this.#finish(end),
      sts: (value) => this.#heedSts(value),
    });
    this.#sender = new Sender({
      clock,
      timers: this.#timers,
      log,
      pace,
      fence: this.#fence,
      send,
      // A puppet's lines are seen, and confirmed, by the main connection.
      has: (name) => this.has(name) || (settings.puppet !== null && name === "echo-message"),
      textBytes: (channel) => this.budget.textBytes(this.nameOf(channel)),
      nameOf: (channel) => this.nameOf(channel),
      isUp: (channel) => this.#presence?.isUp(channel) ?? false,
      echoMs: limits.echoMs,
    });
    this.#puppets = makePuppets({
      settings,
      features: this.#features,
      timers: this.#timers,
      isTaken: (nick) => this.#self.is(nick) || this.#presence?.isHere(nick) === true,
      planOf: (id) => host.channels().find((plan) => plan.channel === id),
      transmit: (channel, part, signal) => this.#sender.transmit(channel, part, signal),
    });
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
    const limit = this.#settings.clock.sleep(SOCKET_GONE_MS, waited.signal).catch(() => {});
    await Promise.race([this.#closed.promise, limit]);
    waited.abort();
  }

  has(capability: string): boolean {
    return this.#registration.capabilities.has(capability);
  }

  nameOf(channel: ChannelId): string {
    return this.#presence?.nameOf(channel) ?? channel;
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    // No puppet speaks where nobody listens for it.
    const puppets = this.#presence?.isUp(channel) === true ? this.#puppets : null;
    return puppets?.transmit(channel, part, signal) ??
      this.#sender.transmit(channel, asRelay(part), signal);
  }

  /** Another connection of ours has seen our line. */
  readonly seen = (channel: ChannelId, text: string, id: MessageId | null): void =>
    this.#sender.echoed(channel, text, null, id);

  readonly enter = (plan: ChannelPlan): void => this.#presence?.enter(plan);
  readonly members: Presence["members"] = (channel) => this.#presence?.members(channel) ?? [];
  readonly replan = (): void => this.#presence?.replan();

  control(line: OutLine): void {
    this.#sender.control(line);
  }

  #dial(): void {
    const { charset, host, limits, port, tls, bind, proxy } = this.#settings;
    const cancel = this.#timers.after(limits.connectMs, () => {
      this.#finish({
        kind: "lost",
        reason: `Cannot connect to ${host}:${port}: no answer within ${limits.connectMs / 1000} s`,
      });
    });
    this.#connection = openConnection(
      { dial: { host, port, bind, tls, proxy }, charset },
      {
        opened: () => {
          cancel();
          this.#opened();
        },
        message: (message) => {
          // The rest of what was read in one go with the end is nobody's any more.
          if (this.#end === null) this.#batches.handle(message);
        },
        bytes: () => this.#keepalive?.alive(),
        tooLong: (bytes) => {
          this.#settings.log.warn(
            "Ignored a line of {bytes} bytes from the server: no IRC line is that long",
            { bytes },
          );
        },
        fault: (thrown) => this.#fault(thrown),
        closed: (error) => this.#socketClosed(error),
      },
    );
  }

  #opened(): void {
    const { registrationMs } = this.#settings.limits;
    const reason = `Cannot log in: the server did not finish it within ${registrationMs / 1000} s`;
    this.#playback.connected();
    this.#timers.after(registrationMs, () => {
      if (!this.#registered) this.#finish({ kind: "lost", reason });
    });
    this.#registration.begin();
  }

  #line(message: IrcMessage, placed: Placed): void {
    this.#playback.observe(message, this.#self.is(message.nick));
    if (this.#lastWords.hear(message, this.#registered)) return this.#serverEnds();
    switch (message.command) {
      case "PING":
        return this.#connection?.send({ command: "PONG", params: [lastParam(message)] });
      case "PONG":
        return void this.#fence.pong(lastParam(message));
      case "396":
        return this.#self.hostShown(param(message, 1));
    }
    if (this.#registration.handle(message)) return;
    // Some servers tell their features again when they change.
    if (message.command === "005") this.#features.add(message.params);
    else this.#presence?.handle(message, placed.label);
  }

  #serverEnds(): void {
    if (this.#quitting) return this.#lastWords.ofFlood ? undefined : this.#sender.workedOff();
    // Some servers leave the socket open for ever.
    this.#timers.after(CLOSE_MS, () => this.#connection?.destroy());
  }

  /** Only now: during registration a server may be silent for long (ident, DNS), and has a deadline of its own. */
  #watchLink(): void {
    const { clock, limits, pingDelayMs } = this.#settings;
    const { deadMs } = limits;
    const reason = `Nothing came from the server for ${deadMs / 1000} s`;
    const dead = () => this.#finish({ kind: "lost", reason });
    const link = { clock, timers: this.#timers, fence: this.#fence };
    this.#keepalive = new Keepalive({
      ...{ ...link, pingDelayMs: Math.max(pingDelayMs, 1), deadMs, dead },
    });
  }

  /** True when the server wants us by TLS on another port: the link ends, and the next one goes there. */
  #heedSts(value: string): boolean {
    const port = heedSts(value, this.#settings);
    if (port === null) return false;
    this.#settings.log.info("The server wants TLS (STS): going to port {port}", { port });
    this.upgradePort = port;
    this.#finish({ kind: "lost", reason: `The server wants TLS on port ${port}` });
    return true;
  }

  #ready(): void {
    this.#registered = true;
    this.#watchLink();
    this.#presence = new Presence({
      settings: this.#settings,
      host: this.#host,
      features: this.#features,
      self: this.#self,
      timers: this.#timers,
      fence: this.#fence,
      sender: this.#sender,
      playback: this.#playback,
      has: (name) => this.has(name),
      loggedIn: this.#registration.loggedIn,
      puppets: this.#puppets,
    });
  }

  #socketClosed(error: Error | null): void {
    this.#closed.resolve();
    if (this.#quitting) return this.#finish({ kind: "stopped", reason: "We said goodbye" });
    if (this.#lastWords.ofFlood) this.#pace.slower();
    this.#finish(this.#lastWords.end(error, this.#registered));
  }

  /** Says goodbye and gives the server a moment to close, so that the last lines are certain to be worked off. */
  #stop(): void {
    const { limits, quitMessage } = this.#settings;
    if (this.#end !== null || this.#quitting) return;
    this.#quitting = true;
    this.#puppets?.stop("we are stopping");
    this.#sender.stop("we are stopping");
    this.#connection?.send({ command: "QUIT", params: [quitMessage] });
    const waitMs = this.#registered ? limits.quitMs : 0;
    this.#timers.after(waitMs, () => this.#finish({ kind: "stopped", reason: "We said goodbye" }));
  }

  #finish(end: LinkEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#timers.end();
    this.#puppets?.stop(end.reason);
    this.#sender.end(end.reason);
    this.#connection?.destroy();
    this.#ended.resolve(end);
  }

  #fault(thrown: unknown): void {
    this.#settings.log.error("Fault while handling a line from the server: {error}", {
      error: describeError(thrown),
    });
  }
}
