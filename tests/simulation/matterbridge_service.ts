// @ts-types="@types/ws"
import WebSocket, { WebSocketServer } from "ws";
import type { IncomingMessage } from "node:http";
import type net from "node:net";
import { Buffer } from "node:buffer";
import type { Person } from "../../src/relay/port/event.ts";
import type { ChannelId } from "../../src/relay/port/ids.ts";
import { endpointId } from "../../src/relay/port/ids.ts";
import type { Habits } from "./habits.ts";
import { type Frame, type HttpBridge, HttpService, numbersOf } from "./http_bridge.ts";
import type { Said } from "./ledger.ts";
import { answerDials, answerFetches, MemorySocket, Way } from "./memory_net.ts";
import type { Cable, Entry, ServiceLink } from "./service.ts";
import type { Timeline } from "./timeline.ts";

/** After the list was read, the ring is one of so many. */
const RING_AFTER_READ = 10;

interface Kept {
  readonly said: Said;
  readonly json: string;
}

/** A running Matterbridge with an `[api.NAME]`, as its source has it: a ring that reading empties, and a WebSocket. */
export class MatterbridgeService extends HttpService {
  #ring: Kept[] = [];
  #ringSize = this.habits.keeps;
  #told = 0;
  #connection: Connection | null = null;

  get cable(): Cable | null {
    return this.#connection;
  }

  override attach(bridge: HttpBridge): void {
    super.attach(bridge);
    const host = this.hostOf(bridge.process);
    answerDials(host, () => {
      const connection = new Connection(this, bridge, this.options.timeline);
      this.#connection = connection;
      return connection.socket;
    });
    answerFetches(host, (path, init) => {
      const connection = this.#connection;
      if (connection === null) return Promise.reject(new Error("client error (Connect)"));
      return connection.fetch(path, init);
    });
  }

  override say(channel: ChannelId, person: Person, said: Said, text: string): void {
    const { ledger, timeline } = this.options;
    ledger.trace(`${endpointId(this.account, channel)} ${person.nick} says #${said.number}`);
    const finer = String(++this.#told % 1_000_000).padStart(6, "0");
    const timestamp = new Date(this.clockMs()).toISOString().replace("Z", `${finer}Z`);
    const json = JSON.stringify({
      ...{ text, channel: "api", username: person.nick, userid: person.userId },
      ...{ avatar: String(said.number), account: "discord.there", event: "", protocol: "api" },
      ...{ gateway: channel, parent_id: "", timestamp, id: "", Extra: null },
    });
    this.#ring.push({ said, json });
    while (this.#ring.length > this.#ringSize) {
      const forgotten = this.#ring.shift();
      if (forgotten !== undefined) forgotten.said.cut = true;
    }
    const connection = this.#connection;
    connection?.send(json, () => {
      said.heardMs ??= timeline.nowMs;
      if (this.bridge?.isIn(channel) !== true) said.isEarly = true;
    });
  }

  /** Its messages have no ids: nothing can be changed later. */
  override entryOf(): Entry | null {
    return null;
  }

  override takeBack(): void {}
  override tellAll(): void {}

  /** It starts anew. */
  override forget(): void {
    for (const { said } of this.#ring) said.forgotten = true;
    this.#ring = [];
    this.#ringSize = this.habits.keeps;
  }

  /** The list of what was said, which nobody gets a second time. */
  readAll(): { readonly json: string; readonly read: () => void } {
    const { timeline } = this.options;
    const ring = this.#ring;
    this.#ring = [];
    this.#ringSize = RING_AFTER_READ;
    // Nobody reads it again: what does not arrive has to be told.
    for (const { said } of ring) said.cut = true;
    return {
      json: `[${ring.map(({ json }) => json).join(",")}]`,
      read: () => {
        for (const { said } of ring) said.readMs.push(timeline.nowMs);
      },
    };
  }

  /** Takes a message over; the status to answer with, null for silence. */
  post(body: string): number | null {
    const { ledger } = this.options;
    const frame = JSON.parse(body) as Frame;
    const channel = frame.gateway as ChannelId;
    const endpoint = endpointId(this.account, channel);
    const [written = "", sentMs] = frame.avatar.split("@");
    const numbers = numbersOf(written);
    if (this.mood === "deaf" || this.mood === "failing") {
      ledger.lostOnWay.push({ endpoint, numbers, sentMs: Number(sentMs) });
      ledger.unseenLine(endpoint, numbers, `${frame.username}${frame.text}`);
      return this.mood === "deaf" ? null : 500;
    }
    const fate = this.fate(endpoint, written === "" ? frame.text : written);
    ledger.trace(`${endpoint} takes [${written}] ${fate}`);
    if (fate !== "show") this.refuse(endpoint, numbers, `${frame.username}${frame.text}`);
    if (fate === "reject") return 422;
    const shown = this.shownOf(channel, frame);
    if (fate === "show") shown.shownMs ??= this.options.timeline.nowMs;
    return this.mood === "mute" ? null : 200;
  }
}

/** What joins one process of the relay to it: a WebSocket, and requests beside it. */
class Connection implements Cable, ServiceLink {
  readonly process: number;
  readonly entered = new Set<ChannelId>();
  readonly #service: MatterbridgeService;
  readonly #bridge: HttpBridge;
  readonly #near = new MemorySocket();
  readonly #far = new MemorySocket();
  readonly #way: Way;
  /** Requests that have no answer yet. */
  readonly #asking = new Set<(reason: Error) => void>();
  readonly #opened: () => void;
  #peer: WebSocket | null = null;
  #isOver = false;

  constructor(service: MatterbridgeService, bridge: HttpBridge, timeline: Timeline) {
    this.#service = service;
    this.#bridge = bridge;
    this.process = bridge.process.number;
    const latencyMs = () => service.latencyMs();
    this.#way = new Way({ timeline, process: bridge.process, latencyMs });
    this.#near.connecting = true;
    const { promise: isOpen, resolve } = Promise.withResolvers<void>();
    this.#opened = resolve;
    this.#near.send = (bytes) =>
      void isOpen.then(() => this.#way.toService(() => this.#far.give(bytes)));
    this.#far.send = (bytes) => this.#way.toRelay(() => this.#near.give(bytes));
    this.#near.left = () => this.#way.toService(() => this.#leave());
    this.#far.left = () => this.#way.toRelay(() => this.#near.ended());
    this.#far.on("data", (bytes: Buffer) => this.#readHead(bytes));
    this.#near.on("error", () => {});
    this.#far.on("error", () => {});
    bridge.process.after(2 * service.latencyMs() + 1, () => this.#open());
  }

  get socket(): net.Socket {
    return this.#near as unknown as net.Socket;
  }

  isUp(channel: ChannelId): boolean {
    return !this.#isOver && this.#bridge.isIn(channel);
  }

  cut(): void {
    if (this.#isOver) return;
    this.#leave();
    const afterMs = this.#service.latencyMs();
    this.#bridge.process.after(afterMs, () => this.#broken("connection reset"));
  }

  end(): void {
    this.cut();
  }

  stall(forMs: number, dies: boolean): void {
    this.#way.stall(forMs, dies);
  }

  kick(): void {}

  enterAgain(): void {}

  tell(act: () => void): void {
    act();
  }

  /** Shows a message, as soon as the greeting has gone out; `heard` as the relay gets it. */
  send(json: string, heard: () => void): void {
    if (this.#peer === null || this.#isOver) return;
    this.#way.toRelay(() => this.#near.destroyed || heard());
    this.#peer.send(json);
  }

  /** A request beside the WebSocket. */
  fetch(path: string, { body, signal }: RequestInit): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    if (this.#isOver) return Promise.reject(new Error("client error (Connect)"));
    this.#asking.add(reject);
    const done = promise.finally(() => this.#asking.delete(reject));
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    const answer = (response: Response, read: () => void = () => {}) =>
      this.#way.toRelay(() => {
        read();
        resolve(response);
      });
    this.#way.toService(() => {
      const { mood } = this.#service;
      if (path === "/api/message") {
        const status = this.#service.post(String(body));
        if (status !== null) answer(new Response("{}", { status }));
        return;
      }
      if (mood === "mute" || mood === "deaf") return;
      if (mood === "failing") return answer(new Response("no", { status: 500 }));
      const { json, read } = this.#service.readAll();
      answer(new Response(json), read);
    });
    return done;
  }

  #open(): void {
    if (this.#service.down) {
      this.#leave();
      return this.#broken("connection refused");
    }
    this.#service.links.add(this);
    this.#near.connecting = false;
    this.#opened();
    this.#near.emit("connect");
  }

  #head = "";

  #readHead(bytes: Buffer): void {
    this.#head += bytes.toString("latin1");
    if (!this.#head.includes("\r\n\r\n")) return;
    this.#far.removeAllListeners("data");
    const [first = "", ...lines] = this.#head.split("\r\n");
    const [method, url] = first.split(" ");
    const headers = Object.fromEntries(
      lines.filter((line) => line !== "").map((line) => {
        const [name = "", value = ""] = line.split(/: (.*)/s);
        return [name.toLowerCase(), value];
      }),
    );
    const server = new WebSocketServer({ noServer: true, clientTracking: false, autoPong: false });
    const request = { method, url, headers } as unknown as IncomingMessage;
    server.handleUpgrade(
      request,
      this.#far as unknown as net.Socket,
      Buffer.alloc(0),
      (peer) => this.#greet(peer),
    );
  }

  #greet(peer: WebSocket): void {
    this.#peer = peer;
    peer.on("error", () => {});
    peer.on("close", () => this.#leave());
    peer.on("ping", (data) => {
      if (this.#service.mood === "well" && peer.readyState === WebSocket.OPEN) peer.pong(data);
    });
    const timestamp = new Date(this.#service.clockMs()).toISOString();
    peer.send(JSON.stringify({ event: "api_connected", timestamp }));
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#service.links.delete(this);
    this.#way.cut();
  }

  #broken(reason: string): void {
    this.#near.destroy(new Error(reason));
    for (const reject of this.#asking) reject(new Error(`client error (SendRequest): ${reason}`));
  }
}

/** The habits that the judge weighs. */
export function withMatterbridge(habits: Habits): Habits {
  return {
    ...habits,
    ...{ ids: true, historyIds: true, times: "milliseconds", future: 0, history: "bounded" },
    ...{ lagMs: 0, showMs: 0, echo: "none", rejectMs: 0, duplicate: 0, fetchLimit: 500 },
    // The ring is read with its size of then, and that is not told where it is under ten.
    keeps: Math.max(RING_AFTER_READ, habits.keeps),
    ...{ packs: false, deletions: false, replies: false, messageDelayMs: 0 },
  };
}
