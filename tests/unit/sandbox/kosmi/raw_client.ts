import assert from "node:assert/strict";
// @ts-types="@types/ws"
import { WebSocket } from "ws";
import type { KosmiSandbox } from "../../../sandbox/kosmi/mod.ts";

/** A frame as it came, parsed. */
// deno-lint-ignore no-explicit-any -- tests look at whatever the server sent
export type RawFrame = any;

export const BROWSER = {
  "user-agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0",
};

/** A client that speaks frames by hand, so that the server's quirks can be seen as they are. */
export class RawClient implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #frames: RawFrame[] = [];
  readonly #closed: Promise<{ code: number; reason: string }>;
  #wake: () => void = () => {};
  pings = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("ping", () => {
      this.pings += 1;
      this.#wake();
    });
    socket.on("message", (data) => {
      this.#frames.push(JSON.parse(String(data)));
      this.#wake();
    });
    this.#closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** Rejects with the HTTP status when the server refuses the upgrade. */
  static async dial(
    kosmi: KosmiSandbox,
    options: { origin?: string | null; protocol?: string | null } = {},
  ): Promise<RawClient> {
    const { origin = "https://app.kosmi.io", protocol = "graphql-transport-ws" } = options;
    const headers = origin === null ? BROWSER : { ...BROWSER, origin };
    const socket = new WebSocket(kosmi.wsEndpoint, protocol === null ? [] : [protocol], {
      headers,
    });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.on("unexpected-response", (_request, response) => {
        response.resume();
        socket.terminate();
        reject(new Error(`status ${response.statusCode}`));
      });
      socket.on("error", reject);
    });
    return client;
  }

  /** Dials, and is let in with a token. */
  static async signIn(kosmi: KosmiSandbox, token = kosmi.issueToken()): Promise<RawClient> {
    const client = await RawClient.dial(kosmi);
    client.send({ type: "connection_init", payload: { token, ua: "", v: "4364", r: "" } });
    assert.equal((await client.next("connection_ack")).type, "connection_ack");
    return client;
  }

  /** Signs in and joins the room, as the browser does. */
  static async enter(kosmi: KosmiSandbox, roomId: string, token?: string): Promise<RawClient> {
    const client = await RawClient.signIn(kosmi, token);
    assert.deepEqual((await client.run("join", JOIN, { id: roomId })).data, {
      joinRoom: { ok: true },
    });
    return client;
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  subscribe(id: string, query: string, variables: Record<string, unknown> = {}): void {
    this.send({ id, type: "subscribe", payload: { query, variables } });
  }

  /** Runs a query or mutation up to its `complete`; answers the payload of `next` (or the error array). */
  async run(id: string, query: string, variables: Record<string, unknown> = {}): Promise<RawFrame> {
    this.subscribe(id, query, variables);
    const frame = await this.take((one) => one.id === id);
    if (frame.type === "next") await this.take((one) => one.id === id && one.type === "complete");
    return frame.payload;
  }

  /** The first frame of that type, removed from what came. */
  next(type: string): Promise<RawFrame> {
    return this.take((frame) => frame.type === type);
  }

  async take(wanted: (frame: RawFrame) => boolean, timeoutMs = 3000): Promise<RawFrame> {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.#wake();
    }, timeoutMs);
    try {
      while (true) {
        const index = this.#frames.findIndex(wanted);
        if (index >= 0) return this.#frames.splice(index, 1)[0];
        if (timedOut) {
          throw new Error(
            `Cannot see the frame: only ${JSON.stringify(this.#frames).slice(0, 500)}`,
          );
        }
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Everything that came before the answer to a JSON ping: a fence in place of a sleep. */
  async untilPong(): Promise<RawFrame[]> {
    this.send({ type: "ping" });
    await this.next("pong");
    return this.#frames.splice(0);
  }

  /** Waits for control pings. */
  async untilPings(count: number): Promise<void> {
    while (this.pings < count) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  closed(): Promise<{ code: number; reason: string }> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.#closed;
  }
}

export const JOIN = `mutation JoinRoom($id: String!, $disconnectOtherConnections: Boolean) {
  joinRoom(id: $id, disconnectOtherConnections: $disconnectOtherConnections) { ok }
}`;

export const NEW_MESSAGE =
  `subscription NewMessageSubscription($roomId: String!, $channelId: String) {
  newMessage(roomId: $roomId, channelId: $channelId) {
    id body time user { id displayName username isAnonymous }
  }
}`;

export const SEND = `mutation SendMessage($body: String!, $roomId: String!) {
  sendMessage(body: $body, roomId: $roomId) { ok }
}`;

/** POSTs a document to the engine as the web app would. */
export function post(
  kosmi: KosmiSandbox,
  query: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const origin = "https://app.kosmi.io";
  return fetch(kosmi.httpEndpoint, {
    method: "POST",
    headers: {
      ...BROWSER,
      origin,
      referer: `${origin}/`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ query }),
  });
}
