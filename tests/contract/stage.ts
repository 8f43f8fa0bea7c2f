import assert from "node:assert/strict";
import type { LinkEnd, OutgoingMessage, Part, Receipt } from "../../src/relay/port/bridge.ts";
import type { ChannelId } from "../../src/relay/port/ids.ts";
import { plainText } from "../../src/relay/port/rich_text.ts";
import { within } from "../support/wait.ts";
import { RecordingHost } from "./recording_host.ts";
import type { World } from "./world.ts";

export const PREFIX = "<bob> ";

/** A message as the core composes it. */
export function outgoing(text: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    kind: "message",
    prefix: plainText(PREFIX),
    text: plainText(text),
    action: false,
    replyTo: null,
    sender: null,
    ...more,
  };
}

export function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index}`);
}

/** One contract test's bridge with its host, over any number of runs. */
export class Stage {
  readonly host: RecordingHost;
  readonly ends: LinkEnd[] = [];
  readonly first: ChannelId;
  readonly second: ChannelId;
  readonly closed: ChannelId;
  readonly #world: World;
  #stopper = new AbortController();
  #ended: Promise<LinkEnd> | null = null;

  /** `written`: the channels that a gateway uses; default the first. */
  constructor(world: World, written: readonly string[] = [world.channels[0]]) {
    this.#world = world;
    const id = (name: string) => world.bridge.channelId(name);
    this.first = id(world.channels[0]);
    this.second = id(world.channels[1]);
    this.closed = id(world.closedChannel);
    this.host = new RecordingHost(
      written.map((name) => ({ channel: id(name), written: name, key: null, sends: true })),
    );
  }

  /** Starts a run. */
  run(stopper = new AbortController()): Promise<LinkEnd> {
    this.#stopper = stopper;
    this.host.runBegins();
    const ended = this.#world.bridge.runOnce(this.host, stopper.signal).then((end) => {
      this.host.runEnded();
      this.ends.push(end);
      return end;
    });
    // A run that rejects breaks the contract; whoever awaits it sees it.
    ended.catch(() => {});
    this.#ended = ended;
    return ended;
  }

  /** Starts a run and waits until the channels are up once more. */
  async up(...channels: readonly ChannelId[]): Promise<void> {
    const wanted = channels.length === 0 ? [this.first] : channels;
    const counts = wanted.map((channel) => this.host.ups(channel).length + 1);
    void this.run();
    await Promise.all(wanted.map((channel, index) => this.host.waitUp(channel, counts[index])));
  }

  abort(): void {
    this.#stopper.abort();
  }

  /** The end of the present run. */
  async ended(timeoutMs?: number): Promise<LinkEnd> {
    if (this.#ended === null) throw new Error("Cannot wait for the end: nothing runs");
    return await within(this.#ended, "runOnce to resolve", timeoutMs);
  }

  async stop(): Promise<LinkEnd | null> {
    if (this.#ended === null) return null;
    this.abort();
    return await this.ended();
  }

  /** Renders and sends; one receipt for each part. */
  async send(text: string, channel = this.first): Promise<readonly Receipt[]> {
    return await Promise.all(
      this.parts(text, channel).map((part) => this.transmit(part, channel)),
    );
  }

  parts(
    text: string,
    channel = this.first,
    more: Partial<OutgoingMessage> = {},
  ): readonly Part[] {
    return this.#world.bridge.render(channel, outgoing(text, more));
  }

  /** The only part of a short text. */
  part(text: string, channel = this.first): Part {
    const [part, ...more] = this.parts(text, channel);
    if (part === undefined || more.length > 0) throw new Error(`Not one part: ${text}`);
    return part;
  }

  transmit(
    part: Part,
    channel = this.first,
    signal = new AbortController().signal,
  ): Promise<Receipt> {
    const sent = this.#world.bridge.transmit(channel, part, signal);
    return within(sent, `a receipt for ${part.wire.slice(0, 60)}`, 20_000);
  }

  /** Texts that our account said, as the service shows them. */
  ownShown(channel = this.first): string[] {
    return this.#world.shown(channel).filter(({ own }) => own).map(({ text }) => text);
  }

  /** Resolves when nothing of a connection is left. */
  async connectionGone(): Promise<void> {
    await this.#world.proxy.waitFor(({ open }) => open === 0, "the connection to be gone");
  }

  /** What must hold after every test. */
  check(): void {
    assert.deepEqual(this.host.violations, []);
    const own = this.#world.log.records.map(({ text, properties }) =>
      `${text} ${JSON.stringify(properties)}`
    );
    const said = [...own, ...this.ends.map(({ reason }) => reason)].join("\n");
    for (const secret of this.#world.secrets) {
      assert.ok(!said.includes(secret), "a secret was told");
    }
    for (const { reason } of this.ends) assert.match(reason, /^\S.*\S$/, "a sentence for people");
  }
}
