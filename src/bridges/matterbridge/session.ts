// @ts-types="@types/ws"
import WebSocket from "ws";
import { createHash } from "node:crypto";
import { describeError } from "../../base/errors.ts";
import { Timers } from "../../base/timers.ts";
import type { BridgeHost, History, LinkEnd, Part, Receipt } from "../../relay/port/bridge.ts";
import type { ChatEvent } from "../../relay/port/event.ts";
import type { ChannelId, MessageId, UserId } from "../../relay/port/ids.ts";
import type { MatterbridgeOptions } from "./bridge.ts";
import { endOfStatus, MatterbridgeHttp } from "./http.ts";
import { type ApiMessage, eventOf, personOf, readApiMessage, timeOf } from "./message.ts";

/** From the dial to the greeting. */
const GREETING_LIMIT_MS = 30_000;
const PING_EVERY_MS = 30_000;
const PONG_LIMIT_MS = 20_000;
const GOODBYE_MS = 1_500;
/** A message can carry the content of a file. */
const MOST_FRAME_BYTES = 16 * 1024 * 1024;
/** Matterbridge keeps this many messages once its list was read, whatever its Buffer. */
const SMALLEST_RING = 10;

interface Waiting {
  readonly part: Part;
  readonly signal: AbortSignal;
  readonly resolve: (receipt: Receipt) => void;
}

/** Reading the ring empties it: where the answer did not come, what it held is gone, and the next history says so. */
export interface LossOfRing {
  isUntold: boolean;
}

/**
 * One connection to Matterbridge's API: its WebSocket shows every message to every client, and its list what was said
 * before, as far as its ring reaches. Messages are posted one at a time, so that they keep their order.
 */
export class Session {
  readonly #options: MatterbridgeOptions;
  readonly #host: BridgeHost;
  readonly #lossOfRing: LossOfRing;
  readonly #http: MatterbridgeHttp;
  readonly #timers: Timers;
  readonly #ended = Promise.withResolvers<LinkEnd>();
  /** Aborted when the connection ends. */
  readonly #over = new AbortController();
  readonly #up = new Set<ChannelId>();
  /** What came before the channels were up; null since then. */
  #early: ApiMessage[] | null = [];
  #waiting: Waiting[] = [];
  #isPosting = false;
  #socket: WebSocket | null = null;

  constructor(options: MatterbridgeOptions, host: BridgeHost, lossOfRing: LossOfRing) {
    const { url, token, clock } = options;
    this.#options = options;
    this.#host = host;
    this.#lossOfRing = lossOfRing;
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    this.#http = new MatterbridgeHttp(url, headers, clock);
    this.#timers = new Timers(clock, (thrown) => this.#lost(describeError(thrown)));
  }

  /** Lives the connection to its end. Never rejects. */
  async run(signal: AbortSignal): Promise<LinkEnd> {
    const stop = () => this.#end({ kind: "stopped", reason: "the relay stops" });
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    else this.#dial();
    const end = await this.#ended.promise;
    signal.removeEventListener("abort", stop);
    await this.#hangUp(end);
    this.#http.close();
    return end;
  }

  replan(): void {
    if (this.#early !== null) return;
    const plans = this.#host.channels();
    for (const channel of this.#up) {
      if (!plans.some((plan) => plan.channel === channel)) this.#up.delete(channel);
    }
    for (const { channel } of plans) this.#enter(channel, null);
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    if (signal.aborted || this.#over.signal.aborted || !this.#up.has(channel)) {
      return Promise.resolve({ outcome: "unsent", reason: "not connected to Matterbridge" });
    }
    return new Promise((resolve) => {
      this.#waiting.push({ part, signal, resolve });
      if (!this.#isPosting) void this.#postAll();
    });
  }

  #dial(): void {
    const { url, token } = this.#options;
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/websocket`, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      maxPayload: MOST_FRAME_BYTES,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      followRedirects: false,
    });
    this.#socket = socket;
    this.#timers.after(GREETING_LIMIT_MS, () => {
      if (this.#early !== null) this.#lost("Matterbridge does not greet: is URL its [api.NAME]?");
    });
    socket.on("message", (data, isBinary) => {
      if (!isBinary) this.#read(String(data));
    });
    socket.on("unexpected-response", (_request, response) => {
      const status = response.statusCode ?? 0;
      const reason = `Matterbridge at ${url} answered with HTTP ${status}`;
      this.#end(endOfStatus(status, response.headers["retry-after"] ?? null, reason));
      response.resume();
    });
    socket.on("error", (error) => this.#lost(describeError(error)));
    socket.on("close", (code) => this.#lost(`the connection was closed (code ${code})`));
  }

  #read(text: string): void {
    if (this.#over.signal.aborted) return;
    const message = readFrame(text);
    if (typeof message === "string") {
      this.#options.log.debug("a message of Matterbridge is ignored: {fault}", { fault: message });
    } else if (message.event === "api_connected") {
      this.#greeted(timeOf(message)).catch((thrown) => this.#lost(describeError(thrown)));
    } else if (this.#early !== null) this.#early.push(message);
    else this.#report(message);
  }

  /** `atMs`: when that was, by its clock; null where it does not tell. */
  async #greeted(atMs: number | null): Promise<void> {
    const { account } = this.#options;
    if (this.#early === null) return;
    this.#host.linkUp({ id: "relay" as UserId, nick: account, userId: "" });
    const plans = this.#host.channels();
    // At the first visit nothing was missed: the ring is left to others.
    const isFirst = plans.every(({ channel }) => this.#host.cursor(channel) === null);
    const onLost = () => this.#lossOfRing.isUntold = true;
    const ring = isFirst ? null : readList(await this.#http.messages(this.#over.signal, onLost));
    if (this.#over.signal.aborted) return;
    const early = this.#early;
    this.#early = null;
    const told = new Set(ring?.map(idOf));
    const first = atMs === null || atMs < 0 ? null : { messages: [], complete: true, atMs };
    for (const { channel } of plans) {
      this.#enter(channel, ring === null ? first : this.#historyOf(channel, ring));
    }
    if (ring !== null) this.#lossOfRing.isUntold = false;
    for (const message of early) if (!told.has(idOf(message))) this.#report(message);
    this.#pingLater();
  }

  #enter(channel: ChannelId, history: History | null): void {
    if (this.#up.has(channel) || this.#over.signal.aborted) return;
    this.#up.add(channel);
    this.#host.channelUp(channel, history);
  }

  #historyOf(channel: ChannelId, ring: readonly ApiMessage[]): History {
    const messages = ring.flatMap((message) => {
      const event = message.gateway === channel ? this.#eventOf(message, true) : null;
      return event?.kind === "message" ? [{ own: false as const, event }] : [];
    });
    const cursorMs = this.#host.cursor(channel)?.atMs ?? Infinity;
    const reachesBack = ring.some((message) => (timeOf(message) ?? Infinity) <= cursorMs);
    const lost = this.#lossOfRing.isUntold;
    return { messages, complete: reachesBack || ring.length < SMALLEST_RING, lost };
  }

  #report(message: ApiMessage): void {
    const channel = message.gateway as ChannelId;
    if (!this.#up.has(channel)) return;
    if (message.event === "user_typing") {
      return this.#host.typing?.(channel, personOf(message), true);
    }
    const event = this.#eventOf(message, false);
    if (event !== null) this.#host.event(event);
  }

  #eventOf(message: ApiMessage, late: boolean): ChatEvent | null {
    const atMs = timeOf(message) ?? this.#options.clock.now();
    const channel = message.gateway as ChannelId;
    return eventOf(message, { channel, id: idOf(message), atMs, late });
  }

  async #postAll(): Promise<void> {
    this.#isPosting = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { part, signal, resolve } = next;
      if (signal.aborted || this.#over.signal.aborted) {
        resolve({ outcome: "unsent", reason: "not connected to Matterbridge" });
        continue;
      }
      const { receipt, end } = await this.#http.post(part.wire, this.#over.signal);
      if (end !== null) this.#end(end);
      resolve(receipt);
    }
    this.#isPosting = false;
  }

  #pingLater(): void {
    this.#timers.after(PING_EVERY_MS, () => {
      const { clock } = this.#options;
      const sentMs = clock.monotonic();
      const giveUp = this.#timers.after(
        PONG_LIMIT_MS,
        () => this.#lost(`no answer to a ping within ${PONG_LIMIT_MS / 1_000} s`),
      );
      this.#socket?.once("pong", () => {
        giveUp();
        if (this.#over.signal.aborted) return;
        this.#host.latency(clock.monotonic() - sentMs);
        this.#pingLater();
      });
      this.#socket?.ping();
    });
  }

  #lost(reason: string): void {
    this.#end({ kind: "lost", reason });
  }

  /** The first reason counts. */
  #end(end: LinkEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#timers.end();
    this.#ended.resolve(end);
  }

  /** Closes the socket, and resolves when it is gone. */
  async #hangUp(end: LinkEnd): Promise<void> {
    const socket = this.#socket;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    if (end.kind !== "stopped" || socket.readyState !== WebSocket.OPEN) {
      socket.terminate();
      return await closed;
    }
    socket.close(1000);
    const done = new AbortController();
    this.#options.clock.sleep(GOODBYE_MS, done.signal).then(() => socket.terminate(), () => {});
    await closed;
    done.abort();
  }
}

function readFrame(text: string): ApiMessage | string {
  try {
    return readApiMessage(JSON.parse(text));
  } catch {
    return "it is not JSON";
  }
}

function readList(raw: unknown): ApiMessage[] {
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [];
  return list.map(readApiMessage).filter((message) => typeof message !== "string");
}

/** Matterbridge gives no ids. Its times count nanoseconds, and are the same in the list as in the WebSocket. */
function idOf({ timestamp, account, username, text }: ApiMessage): MessageId {
  const content = createHash("sha256").update(JSON.stringify([account, username, text]));
  return `${timestamp} ${content.digest("base64url").slice(0, 12)}` as MessageId;
}
