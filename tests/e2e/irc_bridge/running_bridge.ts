import { systemClock } from "../../../src/base/clock.ts";
import { IrcBridge } from "../../../src/bridges/irc/bridge.ts";
import type { IrcBridgeOptions } from "../../../src/bridges/irc/link/options.ts";
import type {
  BridgeHost,
  ChannelPlan,
  ChannelRefusal,
  Cursor,
  History,
  LinkEnd,
  OutgoingMessage,
  Receipt,
} from "../../../src/relay/port/bridge.ts";
import type { ChatEvent, MessageEvent, Person } from "../../../src/relay/port/event.ts";
import type { AccountId, ChannelId, MessageId } from "../../../src/relay/port/ids.ts";
import { plainText, textOf } from "../../../src/relay/port/rich_text.ts";
import { ircOptions } from "../../support/irc_options.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { Changes, within } from "../../support/wait.ts";

const never = new AbortController().signal;

export type Told =
  | { readonly kind: "linkUp"; readonly self: Person }
  | { readonly kind: "up"; readonly channel: ChannelId; readonly history: History | null }
  | { readonly kind: "down"; readonly channel: ChannelId; readonly why: ChannelRefusal }
  | {
    readonly kind: "typing";
    readonly channel: ChannelId;
    readonly nick: string;
    readonly active: boolean;
  }
  | { readonly kind: "event"; readonly event: ChatEvent };

export interface RunningOptions extends Partial<IrcBridgeOptions> {
  readonly channels?: readonly string[];
  readonly keys?: Readonly<Record<string, string>>;
  readonly cursors?: ReadonlyMap<string, Cursor>;
}

/** A bridge on one link to a real server, with a host that keeps all it was told. */
export class RunningBridge implements AsyncDisposable {
  readonly bridge: IrcBridge;
  readonly log = new LogRecorder();
  readonly told: Told[] = [];
  readonly latencies: number[] = [];
  readonly ended: Promise<LinkEnd>;
  readonly #changes = new Changes();
  readonly #stop = new AbortController();

  constructor(options: IrcBridgeOptions, running: RunningOptions, bridge?: IrcBridge) {
    this.bridge = bridge ?? new IrcBridge({ ...options, log: this.log });
    const plans = (running.channels ?? ["#test"]).map((written): ChannelPlan => ({
      channel: this.bridge.channelId(written),
      written,
      key: running.keys?.[written] ?? null,
      sends: true,
    }));
    const tell = (told: Told) => {
      this.told.push(told);
      this.#changes.notify();
    };
    const host: BridgeHost = {
      channels: () => plans,
      cursor: (channel) => running.cursors?.get(channel) ?? null,
      linkUp: (self) => tell({ kind: "linkUp", self }),
      channelUp: (channel, history) => tell({ kind: "up", channel, history }),
      channelDown: (channel, why) => tell({ kind: "down", channel, why }),
      event: (event) => tell({ kind: "event", event }),
      typing: (channel, { nick }, active) => tell({ kind: "typing", channel, nick, active }),
      latency: (roundTripMs) => void this.latencies.push(roundTripMs),
      stored: () => Promise.resolve(),
    };
    this.ended = this.bridge.runOnce(host, this.#stop.signal);
    this.ended.then(() => this.#changes.notify());
  }

  waitFor<T>(
    probe: (told: readonly Told[]) => T,
    what: string,
    timeoutMs?: number,
  ): Promise<Exclude<T, false | null | undefined>> {
    const seen = () =>
      JSON.stringify(this.told.slice(-10), null, 1) + "\n" + this.log.texts().slice(-10).join("\n");
    return this.#changes.until(() => probe(this.told), what, timeoutMs, seen);
  }

  async up(channel = "#test", count = 1): Promise<History | null> {
    const up = await this.waitFor(
      (told) => told.filter((one) => one.kind === "up" && one.channel === channel)[count - 1],
      `${channel} to be up`,
    );
    return up.kind === "up" ? up.history : null;
  }

  down(channel = "#test"): Promise<ChannelRefusal> {
    const find = (told: readonly Told[]) =>
      told.find((one) => one.kind === "down" && one.channel === channel);
    return this.waitFor(find, `${channel} to be down`).then((one) => {
      if (one.kind !== "down") throw new Error("Cannot happen");
      return one.why;
    });
  }

  get events(): ChatEvent[] {
    return this.told.flatMap((one) => one.kind === "event" ? [one.event] : []);
  }

  get messages(): MessageEvent[] {
    return this.events.filter((event) => event.kind === "message");
  }

  get texts(): string[] {
    return this.messages.map((message) => textOf(message.text));
  }

  event<Kind extends ChatEvent["kind"]>(kind: Kind): Promise<Extract<ChatEvent, { kind: Kind }>> {
    const is = (event: ChatEvent): event is Extract<ChatEvent, { kind: Kind }> =>
      event.kind === kind;
    return this.waitFor(() => this.events.find(is), `a ${kind} event`) as Promise<
      Extract<ChatEvent, { kind: Kind }>
    >;
  }

  message(text: string): Promise<MessageEvent> {
    return this.waitFor(
      () => this.messages.find((message) => textOf(message.text) === text),
      `the message ${text}`,
    );
  }

  /** Renders and sends; resolves with the receipts of all parts. */
  say(text: string, more: Partial<OutgoingMessage> = {}, channel = "#test"): Promise<Receipt[]> {
    const parts = this.bridge.render(channel as ChannelId, outgoing(text, more));
    return Promise.all(
      parts.map((part) => this.bridge.transmit(channel as ChannelId, part, never)),
    );
  }

  async stop(): Promise<LinkEnd> {
    this.#stop.abort();
    return await within(this.ended, "the bridge to stop", 3_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export function outgoing(text: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    kind: "message",
    prefix: plainText("<bob> "),
    text: plainText(text),
    action: false,
    replyTo: null,
    sender: null,
    ...more,
  };
}

/** Where a server is; one for tests tells its password. */
interface ServerPlace {
  readonly host: string;
  readonly port: number;
  readonly password?: string | null;
}

export function optionsFor(
  server: ServerPlace,
  more: Partial<IrcBridgeOptions> = {},
): IrcBridgeOptions {
  return ircOptions({
    account: "irc.test" as AccountId,
    host: server.host,
    port: server.port,
    password: server.password ?? null,
    nick: "relay",
    clock: systemClock,
    random: () => 0.5,
    log: new LogRecorder(),
    ...more,
  });
}

export function start(
  server: ServerPlace,
  running: RunningOptions = {},
  bridge?: IrcBridge,
): RunningBridge {
  const { channels: _channels, keys: _keys, cursors: _cursors, ...more } = running;
  return new RunningBridge(optionsFor(server, more), running, bridge);
}

/** The texts of others in a history; in place of ours stands `own`. */
export function textsIn(history: History | null, own = ""): string[] {
  return (history?.messages ?? []).map((one) => one.own ? own : textOf(one.event.text));
}

export function cursorAt(id: string | null, atMs: number): Cursor {
  return { id: id as MessageId | null, atMs };
}
