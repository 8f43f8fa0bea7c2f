import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
// @ts-types="@types/ws"
import { WebSocket, WebSocketServer } from "ws";

/** An operation that the relay has begun. */
export interface Begun {
  readonly id: string;
  readonly field: string;
}

const MOST_OPERATIONS = 60;

/** Stands between the relay and the stand-in Kosmi, knows which operations are running, and can say things in between. */
export class FrameProxy implements AsyncDisposable {
  readonly #http = createServer();
  readonly #server: WebSocketServer;
  #relay: WebSocket | null = null;
  #operations: Begun[] = [];

  private constructor(target: string) {
    this.#server = new WebSocketServer({
      server: this.#http,
      handleProtocols: (protocols) => [...protocols][0] ?? false,
    });
    this.#server.on("connection", (relay, request) => {
      const headers = {
        Origin: String(request.headers.origin),
        "User-Agent": String(request.headers["user-agent"]),
      };
      this.#join(relay, new WebSocket(target, relay.protocol, { headers }));
    });
  }

  static async start(target: string): Promise<FrameProxy> {
    const proxy = new FrameProxy(target);
    await new Promise<void>((resolve) => proxy.#http.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const address: AddressInfo | string | null = this.#http.address();
    if (address === null || typeof address === "string") throw new Error("Cannot tell the port");
    return `ws://127.0.0.1:${address.port}/`;
  }

  get operations(): readonly Begun[] {
    return this.#operations;
  }

  /** Says something to the relay; false while it is not connected. */
  say(frame: string | Uint8Array): boolean {
    if (this.#relay?.readyState !== WebSocket.OPEN) return false;
    this.#relay.send(frame);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #join(relay: WebSocket, kosmi: WebSocket): void {
    const early: string[] = [];
    this.#relay = relay;
    this.#operations = [];
    relay.on("message", (data) => {
      const text = String(data);
      this.#note(text);
      if (kosmi.readyState === WebSocket.OPEN) kosmi.send(text);
      else early.push(text);
    });
    kosmi.on("open", () => early.forEach((text) => kosmi.send(text)));
    kosmi.on("message", (data, isBinary) => {
      if (relay.readyState === WebSocket.OPEN) relay.send(isBinary ? data : String(data));
    });
    for (const [one, other] of [[relay, kosmi], [kosmi, relay]] as const) {
      one.on("close", () => other.terminate());
      one.on("error", () => other.terminate());
    }
  }

  #note(text: string): void {
    const id = /"id":"([^"]+)"/.exec(text)?.[1];
    const field = /\{\s*(\w+)\s*[({]/.exec(
      /"query":"([^"]*)/.exec(text)?.[1]?.replaceAll("\\n", " ") ?? "",
    )?.[1];
    if (!text.includes('"subscribe"') || id === undefined || field === undefined) return;
    this.#operations = [...this.#operations, { id, field }].slice(-MOST_OPERATIONS);
  }
}
