import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { spanInWords } from "../../base/times.ts";
import type {
  Bridge,
  BridgeHost,
  Capabilities,
  LinkEnd,
  Outgoing,
  Part,
  Receipt,
} from "../../relay/port/bridge.ts";
import type { AccountId, ChannelId, MessageId, UserId } from "../../relay/port/ids.ts";
import { type ApiMessage, eventOf, partOf, personOf } from "../matterbridge/message.ts";
import { Access } from "./access.ts";
import { Feed } from "./feed.ts";
import { ApiServer, RefusedError } from "./server.ts";

export interface ApiBridgeOptions {
  readonly account: AccountId;
  /** Where to listen: an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Null: for everyone who reaches the address; only for loopback. */
  readonly token: string | null;
  readonly allowOrigins: readonly string[];
  /** How many messages stay readable after a client took them, and how many may wait in memory for one. */
  readonly buffer: number;
  /** How long a message may wait in memory for a client. */
  readonly maxAgeMs: number;
  /** What keeps the relay from relaying now, one sentence each. */
  readonly problems: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** How many messages may wait in memory at most: the core looks through what is in flight with each that is taken. */
const MOST_UNREAD = 1_000;
const EXPIRE_EVERY_MS = 30_000;
const LONGEST_NAME = 200;

/**
 * Matterbridge's API: the relay listens, clients read and post. A channel is a gateway, by its name, because a client
 * names the gateway in each message. A part is confirmed when a client has taken it.
 */
export class ApiBridge implements Bridge {
  readonly account: AccountId;
  readonly protocol = "api";
  readonly #options: ApiBridgeOptions;
  readonly #feed: Feed;
  readonly #access: Access;
  /** What runs; null while it does not listen. */
  #run: { readonly host: BridgeHost; readonly up: Set<ChannelId> } | null = null;

  constructor(options: ApiBridgeOptions) {
    this.#options = options;
    this.account = options.account;
    this.#feed = new Feed(options.buffer);
    this.#access = new Access(options);
  }

  get capabilities(): Capabilities {
    return {
      window: this.#feed.isHeavy ? 1 : Math.min(this.#options.buffer, MOST_UNREAD),
      deletions: true,
      replies: true,
      edits: true,
      history: "none",
    };
  }

  channelId(written: string): ChannelId {
    if (written.trim() === "" || /[\p{Cc}]/u.test(written)) {
      throw new Error(`Cannot use ${JSON.stringify(written)} as a gateway's name`);
    }
    return written as ChannelId;
  }

  async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    if (signal.aborted) return STOPPED;
    const ended = new AbortController();
    const stop = () => {
      this.#run = null;
      this.#feed.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    const expiring = this.#expire(ended.signal);
    try {
      await this.#serve(host, signal);
      return STOPPED;
    } catch (thrown) {
      return this.#endOf(thrown);
    } finally {
      signal.removeEventListener("abort", stop);
      ended.abort();
      await expiring;
      stop();
      this.#feed.end();
    }
  }

  replan(): void {
    const run = this.#run;
    if (run === null) return;
    const planned = new Set(run.host.channels().map(({ channel }) => channel));
    for (const channel of run.up) if (!planned.has(channel)) run.up.delete(channel);
    this.#enter();
  }

  render(channel: ChannelId, outgoing: Outgoing): readonly Part[] {
    const part = partOf(outgoing, channel);
    return part === null ? [] : [part];
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    const { clock } = this.#options;
    if (signal.aborted || this.#run?.up.has(channel) !== true) {
      return Promise.resolve({ outcome: "unsent", reason: "the API does not run" });
    }
    return new Promise((resolve) => {
      const withdraw = this.#feed.add(
        (id) => frameOf(part, id, clock.now()),
        clock.monotonic(),
        (receipt) => {
          signal.removeEventListener("abort", withdraw);
          resolve(receipt);
        },
      );
      signal.addEventListener("abort", withdraw, { once: true });
    });
  }

  #serve(host: BridgeHost, signal: AbortSignal): Promise<void> {
    const { account, log, host: name } = this.#options;
    const server = new ApiServer({
      ...this.#options,
      access: this.#access,
      feed: this.#feed,
      take: (message, id) => this.#take(message, id),
      onListen: (port) => {
        const shown = name.includes(":") ? `[${name}]` : name;
        log.info("the API listens on http://{shown}:{port}/api", { shown, port });
        this.#run = { host, up: new Set() };
        host.linkUp({ id: "relay" as UserId, nick: account, userId: "" });
        this.#enter();
      },
    });
    return server.run(signal);
  }

  /** Nothing has to be joined: whatever a gateway uses is up. */
  #enter(): void {
    for (const { channel } of this.#run?.host.channels() ?? []) {
      if (this.#run === null || this.#run.up.has(channel)) continue;
      this.#run.up.add(channel);
      this.#run.host.channelUp(channel, null);
    }
  }

  /** Reports what a client posted, and resolves with its gateway when it is stored. */
  async #take(message: ApiMessage, id: MessageId): Promise<ChannelId> {
    const run = this.#run;
    if (run === null) throw new RefusedError({ status: 503, message: "The relay is stopping" });
    const channel = this.#gatewayOf(message, [...run.up]);
    const fault = postFault(message);
    if (fault !== null) throw new RefusedError({ status: 400, message: fault });
    if (message.event === "user_typing") {
      run.host.typing?.(channel, personOf(message), true);
      return channel;
    }
    const atMs = this.#options.clock.now();
    const event = eventOf(message, { channel, id, atMs, late: false });
    if (event === null) {
      const message = "Found neither text nor a known event. Send text, or see the documentation";
      throw new RefusedError({ status: 400, message });
    }
    run.host.event(event);
    await run.host.stored();
    return channel;
  }

  /** The gateway that the message names; it may be left out where there is only one. */
  #gatewayOf({ gateway }: ApiMessage, up: readonly ChannelId[]): ChannelId {
    const named = up.find((channel) => channel === gateway);
    const [only, ...more] = up;
    if (named !== undefined) return named;
    if (gateway === "" && only !== undefined && more.length === 0) return only;
    const known = up.map((name) => JSON.stringify(name)).join(", ");
    throw new RefusedError({
      status: 404,
      message: `gateway: found ${
        JSON.stringify(gateway.slice(0, LONGEST_NAME))
      }, expected ${known}`,
    });
  }

  /** The outbox drops by age what waits there; what was taken from it waits here. */
  async #expire(signal: AbortSignal): Promise<void> {
    const { clock, maxAgeMs } = this.#options;
    const reason = `no client read it within ${spanInWords(maxAgeMs)}`;
    while (!signal.aborted) {
      await clock.sleep(EXPIRE_EVERY_MS, signal).catch(() => {});
      if (!signal.aborted) this.#feed.expire(clock.monotonic() - maxAgeMs, reason);
    }
  }

  #endOf(thrown: unknown): LinkEnd {
    const { host, port } = this.#options;
    const reason = `Cannot listen on ${host}:${port}: ${describeError(thrown)}`;
    const isHopeless = thrown instanceof Deno.errors.PermissionDenied ||
      thrown instanceof Deno.errors.NotCapable || thrown instanceof Deno.errors.AddrNotAvailable;
    return isHopeless
      ? { kind: "refused", reason, retryAfterMs: 300_000 }
      : { kind: "lost", reason };
  }
}

const STOPPED: LinkEnd = { kind: "stopped", reason: "the API was stopped" };

/** The part's JSON with what is known only when it is sent. */
function frameOf(part: Part, id: MessageId, nowMs: number): string {
  const fields: Record<string, unknown> = JSON.parse(part.wire);
  const isNew = part.kind !== "deletion" && fields["event"] !== "msg_update";
  return JSON.stringify({
    ...fields,
    timestamp: fields["timestamp"] || new Date(nowMs).toISOString(),
    id: isNew ? id : fields["id"],
  });
}

/** What a client must give that the JSON alone does not ask for. */
function postFault({ username, userid, event, id }: ApiMessage): string | null {
  if (username.length > LONGEST_NAME || userid.length > LONGEST_NAME) {
    return `username and userid have at most ${LONGEST_NAME} characters`;
  }
  if (event === "msg_delete" || event === "msg_update") {
    return id === "" ? `id: found nothing, expected the id of the message to change` : null;
  }
  return username.trim() === "" ? "username: found nothing, expected who says it" : null;
}
