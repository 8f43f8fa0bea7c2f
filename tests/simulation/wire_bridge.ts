import { IrcBridge } from "../../src/bridges/irc/bridge.ts";
import type { Logger } from "../../src/base/log.ts";
import type {
  Bridge,
  BridgeHost,
  Capabilities,
  LinkEnd,
  Outgoing,
  Part,
  Receipt,
  WireText,
} from "../../src/relay/port/bridge.ts";
import type { MessageEvent, Person } from "../../src/relay/port/event.ts";
import { type AccountId, type ChannelId, endpointId } from "../../src/relay/port/ids.ts";
import { textOf } from "../../src/relay/port/rich_text.ts";
import { ircOptions } from "../support/irc_options.ts";
import { numbered, numbersIn, withoutNumbers } from "./hidden.ts";
import type { Handed, IrcClient, IrcConnection, IrcService, Pending } from "./irc_service.ts";
import type { Ledger } from "./ledger.ts";
import { serveAt } from "./line_pipe.ts";
import { notedHost } from "./noted_host.ts";
import type { Process } from "./process.ts";
import type { Timeline } from "./timeline.ts";

export interface WireBridgeOptions {
  readonly service: IrcService;
  readonly process: Process;
  readonly timeline: Timeline;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly random: () => number;
  readonly history: { readonly maxMessages: number; readonly maxAgeMs: number };
}

const MOST_HANDED = 300;

/**
 * The real bridge over a simulated server. It sees texts only: what stands behind each line is kept beside it here, told
 * by the order of the lines, and put back before the core sees it.
 */
export class WireBridge implements Bridge, IrcClient {
  readonly account: AccountId;
  readonly protocol: string;
  readonly process: Process;
  readonly #options: WireBridgeOptions;
  readonly #inner: IrcBridge;
  #handed: Handed[] = [];
  #pending: Pending[] = [];
  #link: IrcConnection | null = null;
  readonly #in = new Set<ChannelId>();
  #onceIn: { readonly channel: ChannelId; readonly know: () => void }[] = [];

  constructor(options: WireBridgeOptions) {
    this.#options = options;
    this.process = options.process;
    const { service, process, log, random, history } = options;
    const host = `process-${process.number}.${service.account}`;
    serveAt(host, () => {
      const connection = service.accept(this);
      this.#link = connection;
      return connection;
    });
    const { habits } = service;
    this.#inner = new IrcBridge(ircOptions({
      account: service.account,
      host,
      port: 6667,
      nick: "relay",
      clock: process.clock,
      random,
      log,
      messageDelayMs: habits.messageDelayMs,
      burst: habits.burst,
      history,
    }));
    this.account = this.#inner.account;
    this.protocol = this.#inner.protocol;
  }

  get capabilities(): Capabilities {
    return this.#inner.capabilities;
  }

  get link(): IrcConnection | null {
    return this.#link;
  }

  channelId(written: string): ChannelId {
    return this.#inner.channelId(written);
  }

  members(channel: ChannelId): readonly Person[] {
    return this.#inner.members(channel);
  }

  replan(): void {
    this.#inner.replan();
  }

  async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    const { ledger, service, process } = this.#options;
    const end = await this.#inner.runOnce(this.#numbering(host), signal);
    if (process.dead) return end;
    process.tries.ended(service.account, process.monotonicMs());
    ledger.trace(`${service.account} link of process ${process.number} ends: ${end.reason}`);
    this.#handed = [];
    this.#onceIn = [];
    this.#in.clear();
    return end;
  }

  #numbering(host: BridgeHost): BridgeHost {
    const { service: { account }, process, ledger } = this.#options;
    return notedHost(host, {
      ...{ account, process, ledger, entered: this.#in },
      onUp: (channel) => {
        for (const one of this.#onceIn) if (one.channel === channel) one.know();
        this.#onceIn = this.#onceIn.filter((one) => one.channel !== channel);
      },
      numbered: (event) => this.#numberedMessage(event),
    });
  }

  #numberedMessage(event: MessageEvent): MessageEvent {
    const text = textOf(event.text);
    const at = this.#handed.findIndex((line) =>
      line.channel === event.channel && line.nick === event.sender.nick &&
      line.text.trim() === text.trim() &&
      (event.id === null || line.id === event.id) &&
      (line.atMs === null || line.atMs === event.atMs)
    );
    const line = this.#handed[at];
    if (line === undefined) {
      const { channel, sender, atMs } = event;
      const number = this.#options.service.numberOf(channel, sender.nick, text, atMs);
      if (number !== null) return { ...event, text: numbered(text, number) };
      this.#options.ledger.fault(`the bridge tells of a message that nobody said: ${text}`);
      return event;
    }
    this.#handed.splice(at, 1);
    return { ...event, text: numbered(text, line.number) };
  }

  isIn(channel: ChannelId): boolean {
    return this.#in.has(channel);
  }

  onceIn(channel: ChannelId, know: () => void): void {
    this.#onceIn.push({ channel, know });
  }

  handed(line: Handed): void {
    this.#handed.push(line);
    if (this.#handed.length > MOST_HANDED) this.#handed.shift();
  }

  render(channel: ChannelId, outgoing: Outgoing): readonly Part[] {
    if (outgoing.kind !== "message") return this.#inner.render(channel, outgoing);
    this.#options.ledger.mustRender(numbersIn(outgoing.text));
    return this.#inner.render(channel, {
      ...outgoing,
      prefix: withoutNumbers(outgoing.prefix),
      text: withoutNumbers(outgoing.text),
    });
  }

  shownAs(part: Part): readonly WireText[] {
    return this.#inner.shownAs(part);
  }

  async transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    const { timeline, process, ledger } = this.#options;
    const pieces = process.piecesOf(part);
    ledger.give(endpointId(this.account, channel), pieces);
    const pending: Pending = {
      ...{ channel, wire: part.wire, pieces, givenMs: timeline.nowMs },
      ...{ left: false, settled: false, shown: null },
    };
    if (part.kind === "message") this.#pending.push(pending);
    const receipt = await this.#inner.transmit(channel, part, signal);
    pending.settled = true;
    this.#pending = this.#pending.filter((one) => one !== pending);
    if (receipt.outcome === "confirmed" && pending.shown !== null) {
      pending.shown.confirmedMs ??= timeline.nowMs;
    }
    return receipt;
  }

  pendingOf(target: string, text: string): Pending | null {
    const here = this.#pending.filter((one) =>
      one.channel === target && one.wire.startsWith(text.slice(0, 200))
    );
    return here.find((one) => !one.left) ?? here[0] ?? null;
  }
}
