import type { CatchUpLimits } from "../../../src/relay/intake/catch_up.ts";
import { ChatCommands } from "../../../src/relay/intake/chat_commands.ts";
import type { ChannelId } from "../../../src/relay/port/ids.ts";
import { noObserver, type RelayObserver } from "../../../src/relay/port/observer.ts";
import type { AccountSettings } from "../../../src/relay/port/settings.ts";
import type { RelayStore } from "../../../src/relay/port/store.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { channelId, place, settings } from "./builders.ts";
import { MemoryBridge } from "./memory_bridge.ts";

/** Two memory services with one gateway between "#a" of one and "#a" of the other, running. */
export class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly log = new LogRecorder();
  readonly left: MemoryBridge;
  readonly right: MemoryBridge;
  readonly store: RelayStore;
  readonly relay: Relay;
  readonly #stop = new AbortController();
  readonly running: Promise<void>;

  constructor(
    options: {
      settings?: Partial<AccountSettings>;
      left?: MemoryBridge;
      right?: MemoryBridge;
      store?: RelayStore;
      catchUp?: CatchUpLimits;
      observer?: RelayObserver;
    } = {},
  ) {
    this.left = options.left ?? new MemoryBridge("memory.left");
    this.right = options.right ?? new MemoryBridge("memory.right");
    this.store = options.store ??
      openRelayStore({ path: null, clock: this.clock, log: this.log });
    const both = settings(options.settings);
    this.relay = new Relay({
      gateways: [{
        name: "g",
        endpoints: [place("memory.left", "#a"), place("memory.right", "#a")],
      }],
      accounts: [{ bridge: this.left, settings: both }, { bridge: this.right, settings: both }],
      commands: new ChatCommands({
        prefix: "!",
        commands: [{ name: "ping", about: "Answers.", run: () => "pong" }],
        mayUse: ({ event }) => event.sender.nick !== "mallory",
        clock: this.clock,
      }),
      store: this.store,
      outbox: { maxAgeMs: 3_600_000, maxMessages: 100 },
      catchUp: options.catchUp ?? { maxMessages: 100, maxAgeMs: 3_600_000 },
      keepLinksMs: 3_600_000,
      clock: this.clock,
      random: () => 0,
      log: this.log,
      observer: options.observer ?? noObserver,
    });
    this.running = this.relay.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#drive(this.running);
  }

  /** Moves time while something waits for it. */
  async #drive(promise: Promise<void>): Promise<void> {
    let done = false;
    const marked = promise.finally(() => done = true);
    while (!done) await this.clock.advance(50);
    await marked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.store.close();
  }
}

/** Here and now. */
export function at(bench: Bench): { channel: ChannelId; atMs: number } {
  return { channel: channelId("#a"), atMs: bench.clock.now() };
}
