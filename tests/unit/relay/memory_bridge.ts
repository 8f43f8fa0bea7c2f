import type {
  Bridge,
  BridgeHost,
  Capabilities,
  History,
  HistoryMessage,
  LinkEnd,
  Outgoing,
  Part,
  Receipt,
  WireText,
} from "../../../src/relay/port/bridge.ts";
import type { ChatEvent } from "../../../src/relay/port/event.ts";
import type { AccountId, ChannelId, MessageId } from "../../../src/relay/port/ids.ts";
import { textOf } from "../../../src/relay/port/rich_text.ts";
import { Changes } from "../../support/wait.ts";
import { channelId, person } from "./builders.ts";

/** What the service would do with the next part. */
export type Fate = "confirm" | "reject" | "swallow" | "arrive-unconfirmed" | "hold";

interface Shown {
  readonly wire: WireText;
  readonly id: MessageId | null;
}

/**
 * A service that lives in memory: one message a part, shown in the order of arrival. It is the port's other side and
 * nothing else: tests decide when links come and go and what becomes of each part.
 */
export class MemoryBridge implements Bridge {
  readonly account: AccountId;
  readonly protocol = "memory";
  readonly capabilities: Capabilities;
  readonly changes = new Changes();
  /** What the service shows, per channel. */
  readonly shown = new Map<ChannelId, Shown[]>();
  readonly history: HistoryMessage[] = [];
  /** Decides what becomes of each part. */
  fate: (part: Part) => Fate = () => "confirm";
  withHistory = true;
  runs = 0;
  host: BridgeHost | null = null;
  #end: ((end: LinkEnd) => void) | null = null;
  #open = new Set<(receipt: Receipt) => void>();
  #nextId = 1;

  constructor(account: string, capabilities: Partial<Capabilities> = {}) {
    this.account = account as AccountId;
    this.capabilities = {
      window: 4,
      deletions: false,
      replies: false,
      history: "full",
      ...capabilities,
    };
  }

  channelId(written: string): ChannelId {
    return channelId(written.toLowerCase());
  }

  runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    this.runs++;
    this.host = host;
    host.linkUp(person("relay"));
    for (const plan of host.channels()) this.enter(plan.channel);
    this.changes.notify();
    return new Promise((resolve) => {
      const end = (how: LinkEnd) => {
        this.host = null;
        for (const settle of this.#open) settle({ outcome: "unknown", reason: how.reason });
        this.#open.clear();
        resolve(how);
        this.changes.notify();
      };
      this.#end = end;
      if (signal.aborted) end({ kind: "stopped", reason: "stopped" });
      signal.addEventListener("abort", () => end({ kind: "stopped", reason: "stopped" }), {
        once: true,
      });
    });
  }

  enter(channel: ChannelId): void {
    const history: History = { messages: [...this.history], complete: true };
    this.host?.channelUp(channel, this.withHistory ? history : null);
  }

  /** The link breaks. */
  cut(end: LinkEnd = { kind: "lost", reason: "cut" }): void {
    this.#end?.(end);
  }

  /** Somebody in the channel does something. */
  emit(event: ChatEvent): void {
    this.host?.event(event);
  }

  texts(channel = "#a"): string[] {
    return (this.shown.get(channelId(channel)) ?? []).map((one) => one.wire);
  }

  async waitForTexts(expected: readonly string[], channel = "#a"): Promise<void> {
    const same = () => this.texts(channel).join("\n") === expected.join("\n");
    await this.changes.until(
      same,
      `${this.account} to show ${expected.length} texts`,
      undefined,
      () => this.texts(channel).join("\n"),
    );
  }

  render(_channel: ChannelId, outgoing: Outgoing): Part[] {
    if (outgoing.kind !== "message") {
      const target = outgoing.kind === "deletion" ? outgoing.target : null;
      return [{
        kind: outgoing.kind,
        wire: `${outgoing.kind} ${target}` as WireText,
        target,
        speaker: null,
      }];
    }
    return textOf([...outgoing.prefix, ...outgoing.text]).split("\n").map((line) => ({
      kind: "message",
      wire: line as WireText,
      target: outgoing.replyTo,
      speaker: null,
    }));
  }

  transmit(channel: ChannelId, part: Part, _signal: AbortSignal): Promise<Receipt> {
    if (this.host === null) return Promise.resolve({ outcome: "unsent", reason: "no link" });
    const fate = this.fate(part);
    this.changes.notify();
    if (fate === "reject") return Promise.resolve({ outcome: "rejected", reason: "not allowed" });
    const id = fate === "swallow" ? null : this.#show(channel, part.wire);
    if (fate === "confirm") return Promise.resolve({ outcome: "confirmed", id });
    return new Promise((resolve) => this.#open.add(resolve));
  }

  /** Answers what is under way. */
  confirmHeld(): void {
    for (const settle of this.#open) settle({ outcome: "confirmed", id: null });
    this.#open.clear();
  }

  doubtHeld(): void {
    for (const settle of this.#open) settle({ outcome: "unknown", reason: "no answer" });
    this.#open.clear();
  }

  #show(channel: ChannelId, wire: WireText): MessageId {
    const id = `${this.account}-${this.#nextId++}` as MessageId;
    const messages = this.shown.get(channel) ?? [];
    messages.push({ wire, id });
    this.shown.set(channel, messages);
    this.history.push({ own: true, wire, id, atMs: 1_000_000 });
    this.changes.notify();
    return id;
  }
}
