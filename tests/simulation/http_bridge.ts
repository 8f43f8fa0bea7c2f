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
import type { ChatEvent } from "../../src/relay/port/event.ts";
import { type AccountId, type ChannelId, endpointId } from "../../src/relay/port/ids.ts";
import { textOf } from "../../src/relay/port/rich_text.ts";
import { numbered, numbersIn, withoutNumbers } from "./hidden.ts";
import type { Ledger, Shown } from "./ledger.ts";
import { notedHost } from "./noted_host.ts";
import type { Process } from "./process.ts";
import { type Cable, Service } from "./service.ts";
import type { Timeline } from "./timeline.ts";

interface HttpBridgeOptions {
  readonly inner: Bridge;
  readonly service: HttpService;
  readonly process: Process;
  readonly timeline: Timeline;
  readonly ledger: Ledger;
}

/**
 * A real bridge that speaks JSON over HTTP with a simulated other side. Hidden numbers travel as the sender's picture,
 * which neither the bridges nor the core look at.
 */
export class HttpBridge implements Bridge {
  readonly account: AccountId;
  readonly protocol: string;
  readonly process: Process;
  readonly #options: HttpBridgeOptions;
  readonly #in = new Set<ChannelId>();
  #sent = 0;

  constructor(options: HttpBridgeOptions) {
    this.#options = options;
    this.process = options.process;
    this.account = options.inner.account;
    this.protocol = options.inner.protocol;
  }

  get capabilities(): Capabilities {
    return this.#options.inner.capabilities;
  }

  get link(): Cable | null {
    return this.#options.service.cable;
  }

  /** Whether the core knows that the channel is up. */
  isIn(channel: ChannelId): boolean {
    return this.#in.has(channel);
  }

  channelId(written: string): ChannelId {
    return this.#options.inner.channelId(written);
  }

  replan(): void {
    this.#options.inner.replan?.();
  }

  async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    const { inner, service, process, ledger } = this.#options;
    process.tries.tried(service.account, process.monotonicMs());
    const end = await inner.runOnce(this.#numbering(host), signal);
    if (process.dead) return end;
    process.tries.ended(service.account, process.monotonicMs());
    this.#in.clear();
    ledger.trace(`${service.account} link of process ${process.number} ends: ${end.reason}`);
    return end;
  }

  #numbering(host: BridgeHost): BridgeHost {
    const { service: { account }, process, ledger } = this.#options;
    const numbering = {
      ...host,
      // An edit bears a number of its own.
      event: (event: ChatEvent) => host.event(event.kind === "edit" ? withNumber(event) : event),
    };
    return notedHost(numbering, {
      ...{ account, process, ledger, entered: this.#in, numbered: withNumber },
    });
  }

  render(channel: ChannelId, outgoing: Outgoing): readonly Part[] {
    const { inner, ledger } = this.#options;
    if (outgoing.kind !== "message") return inner.render(channel, outgoing);
    const numbers = numbersIn(outgoing.text);
    ledger.mustRender(numbers);
    const parts = inner.render(channel, { ...outgoing, text: withoutNumbers(outgoing.text) });
    return parts.map((part) => withPicture(part, numbers.join(" ")));
  }

  async transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    const { inner, service, timeline, ledger, process } = this.#options;
    const endpoint = endpointId(this.account, channel);
    const frame = JSON.parse(part.wire) as Frame;
    const { avatar = "" } = frame;
    ledger.give(endpoint, numbersOf(avatar).map((number) => ({ number, at: 0, of: 1 })));
    if (part.kind !== "message") return await inner.transmit(channel, part, signal);
    const mark = `${avatar}@${timeline.nowMs}@${process.number}.${++this.#sent}`;
    const receipt = await inner.transmit(channel, withPicture(part, mark), signal);
    if (receipt.outcome === "confirmed" && !process.dead) {
      service.shownOf(channel, { ...frame, avatar: mark }).confirmedMs ??= timeline.nowMs;
    }
    return receipt;
  }
}

/** What of a message's JSON the simulation looks at. */
export interface Frame {
  readonly text: string;
  readonly username: string;
  readonly avatar: string;
  readonly event: string;
  readonly id: string;
  readonly gateway: string;
}

/** The other side of such a bridge. It outlives every relay. */
export abstract class HttpService extends Service {
  readonly #shown = new Map<string, Shown>();
  /** The relay's side that lives now. */
  protected bridge: HttpBridge | null = null;
  /** What faults can hit; null while nothing is connected. */
  abstract readonly cable: Cable | null;

  attach(bridge: HttpBridge): void {
    this.bridge = bridge;
  }

  /** By this name one process reaches, or is reached. */
  hostOf(process: Process): string {
    return `${this.account}.process-${process.number}`;
  }

  /** What stands for a part that was sent once; nobody has seen it yet. */
  shownOf(channel: ChannelId, { avatar, username, text }: Frame): Shown {
    const known = this.#shown.get(avatar);
    if (known !== undefined) return known;
    const { timeline, ledger } = this.options;
    const [numbers = "", sentMs = ""] = avatar.split("@");
    const shown: Shown = {
      endpoint: endpointId(this.account, channel),
      pieces: numbersOf(numbers).map((number) => ({ number, at: 0, of: 1 })),
      text: `${username}${text}`,
      sentMs: Number(sentMs),
      takenMs: timeline.nowMs,
      shownMs: null,
      confirmedMs: null,
      readMs: [],
      deletedMs: null,
    };
    ledger.shown.push(shown);
    this.#shown.set(avatar, shown);
    return shown;
  }
}

export function numbersOf(picture: string): number[] {
  return picture === "" ? [] : picture.split(" ").map(Number);
}

function withPicture(part: Part, avatar: string): Part {
  return { ...part, wire: JSON.stringify({ ...JSON.parse(part.wire), avatar }) as WireText };
}

function withNumber<T extends Extract<ChatEvent, { kind: "message" | "edit" }>>(event: T): T {
  return { ...event, text: numbered(textOf(event.text), Number(event.sender.avatar)) };
}
