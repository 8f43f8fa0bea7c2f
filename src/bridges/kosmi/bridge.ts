import type { Clock } from "../../base/clock.ts";
import { describeError, NeedsPersonError } from "../../base/errors.ts";
import { OnceLog } from "../../base/log.ts";
import { TokenBucket } from "../../base/token_bucket.ts";
import type {
  Bridge,
  BridgeHost,
  Capabilities,
  LinkEnd,
  Outgoing,
  Part,
  Receipt,
} from "../../relay/port/bridge.ts";
import type { Person } from "../../relay/port/event.ts";
import type { AccountId, ChannelId, UserId } from "../../relay/port/ids.ts";
import { originsOf, schemaOverHttp } from "./link/http.ts";
import { KosmiLink, LinkEndedError } from "./link/link.ts";
import { isTokenFault, linkEndOf, type LinkFault } from "./link/link_end.ts";
import type { KosmiBridgeOptions, KosmiCredentials, WebAppKnowledge } from "./link/options.ts";
import { KnownOperations } from "./protocol/known_operations.ts";
import { KOSMI_PROTOCOL } from "./protocol/operations.ts";
import { PUBLIC_INTERNET } from "./pictures/download.ts";
import { PictureUploads } from "./pictures/uploads.ts";
import type { KosmiProtocol } from "./protocol/protocol.ts";
import type { Schema } from "./protocol/schema.ts";
import { roomIdOf } from "./room/room_id.ts";
import { KosmiSession } from "./session.ts";
import { renderParts } from "./text/kosmi_text.ts";

/** How many messages may be under way to a room when no send limit is set. */
const WIDE_WINDOW = 64;

/** Where messages wait for the send limit, those of one person become the lines of one message. */
const PACKING = { separator: "\n", maxLength: 1_500 };

/** The bridge to Kosmi: one account, any number of rooms. */
export class KosmiBridge implements Bridge {
  readonly account: AccountId;
  readonly protocol = "kosmi";
  readonly #options: KosmiBridgeOptions;
  readonly #known: KnownOperations;
  readonly #ownIds = new Set<UserId>();
  readonly #said: OnceLog;
  readonly #pace: TokenBucket;
  readonly #pictures: PictureUploads | null;
  /** Origins that may be accepted; the first is used, and a 403 moves on to the next. */
  #origins: readonly string[];
  /** Handshakes in a row that were answered with an HTTP status. */
  #refusedHandshakes = 0;
  #session: KosmiSession | null = null;

  constructor(options: KosmiBridgeOptions) {
    this.#options = options;
    this.account = options.account;
    this.#known = new KnownOperations(options.protocol, options.app);
    this.#said = new OnceLog(options.log);
    this.#pace = new TokenBucket(
      { capacity: Math.max(1, options.burst), refillMs: options.messageDelayMs },
      options.clock.monotonic(),
    );
    this.#origins = originsOf(options.protocol, options.endpoints);
    this.#pictures = options.uploadImages === true
      ? new PictureUploads({ ...options, network: options.pictureNetwork ?? PUBLIC_INTERNET })
      : null;
  }

  get capabilities(): Capabilities {
    return {
      window: this.#window,
      deletions: this.#known.offers("deleteMessage") === true,
      replies: this.#known.offers("sendReply") === true,
      ...(this.#options.messageDelayMs === 0 ? {} : { packing: PACKING }),
      history: this.#known.offers("chatArchive") === false ? "none" : "bounded",
    };
  }

  /** With a send limit one at a time: an error in the middle of several would change their order. */
  get #window(): number {
    return this.#options.messageDelayMs === 0 ? WIDE_WINDOW : 1;
  }

  channelId(written: string): ChannelId {
    return roomIdOf(written, this.#options.room);
  }

  /** People in a room, as far as Kosmi told; empty while the room is not up. */
  members(channel: ChannelId): readonly Person[] {
    return this.#session?.room(channel)?.members() ?? [];
  }

  typing(channel: ChannelId, active: boolean): void {
    if (active) this.#session?.room(channel)?.typing();
  }

  prepare(
    _channel: ChannelId,
    outgoing: Outgoing,
  ): ((signal: AbortSignal) => Promise<Outgoing>) | null {
    return this.#pictures?.workFor(outgoing) ?? null;
  }

  render(_channel: ChannelId, outgoing: Outgoing): readonly Part[] {
    return renderParts(outgoing, {
      markup: this.#options.markup,
      maxGraphemes: this.#options.protocol.limits.messageGraphemes,
    });
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    const room = this.#session?.room(channel);
    return room?.transmit(part, signal) ??
      Promise.resolve({ outcome: "unsent", reason: "There is no connection to Kosmi" });
  }

  replan(): void {
    this.#session?.replan();
  }

  async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    let refusedToken: string | null = null;
    let originsLeft = this.#origins.length - 1;
    // A refused token, or a 403 while another Origin may be the right one, is worth another attempt at once.
    for (;;) {
      const credentials = await this.#credentials(signal);
      if ("kind" in credentials) return credentials;
      const { token, expectsLogin } = credentials;
      if (token === refusedToken) return sameTokenEnd(expectsLogin);
      const fault = await this.#attempt(host, credentials, signal);
      this.#options.inspection?.ended(fault);
      if (signal.aborted) return STOPPED;
      if (isTokenFault(fault)) {
        // An app that is older than the server wants is refused in the same way.
        if (await this.#isNewerVersion(signal)) continue;
        this.#options.credentials.refused(token);
        if (refusedToken === null) {
          this.#options.log.warn("Kosmi refused the token; asking for another one");
          refusedToken = token;
          continue;
        }
      }
      if (fault.kind === "handshake" && fault.status === 403 && originsLeft-- > 0) {
        this.#origins = [...this.#origins.slice(1), ...this.#origins.slice(0, 1)];
        continue;
      }
      this.#refusedHandshakes = fault.kind === "handshake" ? this.#refusedHandshakes + 1 : 0;
      return linkEndOf(fault, expectsLogin, this.#refusedHandshakes);
    }
  }

  /** Whether the web app turns out to be newer than what we called ourselves. */
  async #isNewerVersion(signal: AbortSignal): Promise<boolean> {
    const { protocol, app } = this.#options;
    const before = firstFrame(protocol, app).v;
    await app?.learn(signal);
    return !signal.aborted && firstFrame(protocol, app).v !== before;
  }

  async #credentials(signal: AbortSignal): Promise<KosmiCredentials | LinkEnd> {
    if (signal.aborted) return STOPPED;
    try {
      return await untilAborted(this.#options.credentials.get(signal), signal);
    } catch (thrown) {
      return signal.aborted ? STOPPED : credentialEnd(thrown);
    }
  }

  /** One dial and, if it succeeds, one session. */
  async #attempt(
    host: BridgeHost,
    credentials: KosmiCredentials,
    signal: AbortSignal,
  ): Promise<LinkFault> {
    try {
      await this.#options.app?.opened();
      const link = await this.#dial(host, credentials.token, signal);
      const session = new KosmiSession({
        ...this.#options,
        host,
        link,
        credentials,
        known: this.#known,
        schemaOverHttp: (signal) => this.#schemaOverHttp(signal),
        learn: (signal) => this.#options.app?.learn(signal) ?? Promise.resolve(false),
        ownIds: this.#ownIds,
        pace: this.#pace,
        window: this.#window,
        said: this.#said,
      });
      this.#session = session;
      this.#options.inspection?.connected(link, session);
      return await session.run(signal);
    } catch (thrown) {
      if (thrown instanceof LinkEndedError) return thrown.fault;
      return { kind: "network", said: describeError(thrown) };
    } finally {
      this.#session = null;
    }
  }

  #schemaOverHttp(signal: AbortSignal): Promise<Schema | null> {
    const { protocol, endpoints, clock } = this.#options;
    const limitMs = protocol.limits.operationTimeoutMs;
    const action = "ask Kosmi for its schema";
    return schemaOverHttp({ protocol, endpoints, clock, fetch, limitMs, action }, signal);
  }

  #dial(host: BridgeHost, token: string, signal: AbortSignal): Promise<KosmiLink> {
    const { protocol, endpoints, clock, app } = this.#options;
    return dialKosmi({
      url: endpoints.wsEndpoint,
      protocol: { ...protocol, ...firstFrame(protocol, app) },
      origin: this.#origins[0] ?? protocol.origin,
      token,
      clock,
      said: this.#said,
      latency: (roundTripMs) => host.latency(roundTripMs),
    }, signal);
  }
}

/** What the configuration says counts, then what the web app says of itself. */
function firstFrame(
  protocol: KosmiProtocol,
  app: WebAppKnowledge | undefined,
): { readonly v: string; readonly r: string } {
  return {
    v: protocol.v !== KOSMI_PROTOCOL.v ? protocol.v : app?.v ?? protocol.v,
    r: protocol.r !== KOSMI_PROTOCOL.r ? protocol.r : app?.r ?? protocol.r,
  };
}

const STOPPED: LinkEnd = { kind: "stopped", reason: "The relay was asked to stop" };

/** What went wrong before there was a connection. */
function credentialEnd(thrown: unknown): LinkEnd {
  const reason = `Cannot get a token for Kosmi: ${describeError(thrown)}`;
  return thrown instanceof NeedsPersonError
    ? { kind: "refused", reason, retryAfterMs: thrown.retryAfterMs }
    : { kind: "lost", reason };
}

function sameTokenEnd(expectsLogin: boolean): LinkEnd {
  return linkEndOf({ kind: "token", said: "there is no other one" }, expectsLogin);
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

interface DialOptions {
  readonly url: string;
  readonly protocol: KosmiProtocol;
  readonly origin: string;
  readonly token: string;
  readonly clock: Clock;
  readonly said: OnceLog;
  readonly latency: (roundTripMs: number) => void;
}

/** Connects as the browser does. Rejects with a LinkEndedError, or with the signal's reason. */
function dialKosmi(options: DialOptions, signal: AbortSignal): Promise<KosmiLink> {
  const { protocol, origin, token, url, clock, said, latency } = options;
  return KosmiLink.dial({
    url,
    headers: { Origin: origin, "User-Agent": protocol.userAgent },
    init: { token, ua: base64(protocol.userAgent), v: protocol.v, r: protocol.r },
    limits: protocol.limits,
    clock,
    said,
    latency,
  }, signal);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
