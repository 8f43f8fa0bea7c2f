import { systemClock } from "../../../../src/base/clock.ts";
import { KosmiBridge } from "../../../../src/bridges/kosmi/bridge.ts";
import type {
  CredentialSource,
  KosmiBridgeOptions,
} from "../../../../src/bridges/kosmi/link/options.ts";
import { KOSMI_PROTOCOL } from "../../../../src/bridges/kosmi/protocol/operations.ts";
import type {
  KosmiProtocol,
  ProtocolLimits,
} from "../../../../src/bridges/kosmi/protocol/protocol.ts";
import type {
  BridgeHost,
  ChannelPlan,
  ChannelRefusal,
  Cursor,
  History,
  LinkEnd,
  OutgoingMessage,
  Part,
  Receipt,
} from "../../../../src/relay/port/bridge.ts";
import type { ChatEvent, MessageEvent, Person } from "../../../../src/relay/port/event.ts";
import type { AccountId, ChannelId } from "../../../../src/relay/port/ids.ts";
import { plainText, textOf } from "../../../../src/relay/port/rich_text.ts";
import type { KosmiSandbox } from "../../../sandbox/kosmi/mod.ts";
import { LogRecorder } from "../../../support/log_recorder.ts";
import { Changes } from "../../../support/wait.ts";

/** The core's side of the port: writes down what the bridge reports, and lets tests wait for it. */
export class RecordingHost implements BridgeHost {
  readonly changes = new Changes();
  readonly plans: ChannelPlan[];
  readonly cursors = new Map<ChannelId, Cursor>();
  readonly events: ChatEvent[] = [];
  readonly ups: { channel: ChannelId; history: History | null }[] = [];
  readonly downs: { channel: ChannelId; why: ChannelRefusal }[] = [];
  /** Texts that were on their way when the last link ended. */
  doubts: readonly string[] = [];
  readonly selves: Person[] = [];
  readonly latencies: number[] = [];

  constructor(rooms: readonly string[]) {
    this.plans = rooms.map((room) => ({
      channel: room as ChannelId,
      written: room,
      key: null,
      sends: true,
    }));
  }

  channels(): readonly ChannelPlan[] {
    return this.plans;
  }
  cursor(channel: ChannelId): Cursor | null {
    return this.cursors.get(channel) ?? null;
  }
  doubtful(): readonly Part[] {
    return this.doubts.map((text) => ({
      kind: "message",
      wire: text as Part["wire"],
      target: null,
      speaker: null,
    }));
  }
  linkUp(self: Person): void {
    this.selves.push(self);
    this.changes.notify();
  }
  channelUp(channel: ChannelId, history: History | null): void {
    this.ups.push({ channel, history });
    this.changes.notify();
  }
  channelDown(channel: ChannelId, why: ChannelRefusal): void {
    this.downs.push({ channel, why });
    this.changes.notify();
  }
  event(event: ChatEvent): void {
    this.events.push(event);
    this.changes.notify();
  }
  stored(): Promise<void> {
    return Promise.resolve();
  }

  latency(roundTripMs: number): void {
    this.latencies.push(roundTripMs);
    this.changes.notify();
  }

  messages(): MessageEvent[] {
    return this.events.filter((event) => event.kind === "message");
  }
  texts(): string[] {
    return this.messages().map((message) => textOf(message.text));
  }
  waitUp(count = 1): Promise<true> {
    const seen = () => JSON.stringify(this.downs);
    return this.changes.until(() => this.ups.length >= count, `${count} channelUp`, 8_000, seen);
  }
  waitFor<T>(probe: () => T, what: string): Promise<Exclude<T, false | null | undefined>> {
    return this.changes.until(probe, what, 8_000, () => JSON.stringify(this.events.slice(-20)));
  }
}

/** Tests don't wait as long as people do. */
export const QUICK: Partial<ProtocolLimits> = {
  ackTimeoutMs: 400,
  operationTimeoutMs: 500,
  introspectionTimeoutMs: 300,
  seenTimeoutMs: 400,
  refusedForMs: 2_500,
};

export function protocolWith(
  limits: Partial<ProtocolLimits> = {},
  change: Partial<KosmiProtocol> = {},
): KosmiProtocol {
  return {
    ...KOSMI_PROTOCOL,
    ...change,
    limits: { ...KOSMI_PROTOCOL.limits, ...QUICK, ...limits },
  };
}

/** One token for all attempts, and what was refused. */
export class FixedCredentials implements CredentialSource {
  readonly refusals: string[] = [];
  gets = 0;
  constructor(readonly tokens: string[], readonly expectsLogin = true) {}

  get(): Promise<{ token: string; expectsLogin: boolean }> {
    this.gets++;
    const token = this.tokens[0] ?? "";
    return Promise.resolve({ token, expectsLogin: this.expectsLogin });
  }
  refused(token: string): void {
    this.refusals.push(token);
    if (this.tokens.length > 1) this.tokens.shift();
  }
}

export interface RunningBridge extends AsyncDisposable {
  readonly bridge: KosmiBridge;
  readonly host: RecordingHost;
  readonly log: LogRecorder;
  readonly ended: Promise<LinkEnd>;
  /** Asks it to stop and waits for the end. */
  stop(): Promise<LinkEnd>;
}

export interface BridgeSetup {
  readonly kosmi: KosmiSandbox;
  readonly rooms?: readonly string[];
  readonly host?: RecordingHost;
  readonly options?: Partial<KosmiBridgeOptions>;
  readonly credentials?: CredentialSource;
}

export function makeBridge(setup: BridgeSetup, log: LogRecorder): KosmiBridge {
  const { kosmi } = setup;
  return new KosmiBridge({
    account: "kosmi.test" as AccountId,
    endpoints: {
      appUrl: kosmi.appUrl,
      httpEndpoint: kosmi.httpEndpoint,
      wsEndpoint: kosmi.wsEndpoint,
      imageEndpoint: kosmi.imageEndpoint,
    },
    room: null,
    credentials: setup.credentials ?? new FixedCredentials([kosmi.issueToken()]),
    protocol: protocolWith(),
    messageDelayMs: 0,
    burst: 10,
    history: { maxMessages: 500 },
    markup: "plain",
    clock: systemClock,
    random: () => 0.5,
    log,
    ...setup.options,
  });
}

export function runBridge(setup: BridgeSetup): RunningBridge {
  const log = new LogRecorder();
  const bridge = makeBridge(setup, log);
  const host = setup.host ?? new RecordingHost(setup.rooms ?? ["@movienight"]);
  const stopper = new AbortController();
  const ended = bridge.runOnce(host, stopper.signal);
  const stop = () => {
    stopper.abort();
    return ended;
  };
  return {
    bridge,
    host,
    log,
    ended,
    stop,
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}

/** Renders and sends a text as the core would; answers the receipts of its parts. */
export function send(
  running: RunningBridge,
  text: string,
  change: Partial<OutgoingMessage> = {},
  room = "@movienight",
): Promise<Receipt[]> {
  const outgoing: OutgoingMessage = {
    kind: "message",
    prefix: [],
    text: plainText(text),
    action: false,
    replyTo: null,
    sender: null,
    ...change,
  };
  const channel = room as ChannelId;
  const parts = running.bridge.render(channel, outgoing);
  const never = new AbortController().signal;
  return Promise.all(parts.map((part) => running.bridge.transmit(channel, part, never)));
}
