import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";
import type { Buffer } from "node:buffer";
// @ts-types="@types/ws"
import { WebSocketServer } from "ws";
import { listenOn } from "../../support/ports.ts";
import type { KosmiCore } from "./core.ts";
import { answerEngine } from "./engine.ts";
import { notFromTheApp, playFault, reply } from "./http_tools.ts";
import { PATHS } from "./paths.ts";
import { SocketSession } from "./session.ts";

const SUBPROTOCOL = "graphql-transport-ws";
const MAX_CLIENT_FRAME_BYTES = 32 * 1024 * 1024;

export interface HttpPart {
  (request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
}

/** The one HTTP server: web app, engine, sockets and images, each under its own path. */
export class KosmiServer {
  readonly #core: KosmiCore;
  readonly #parts: { readonly app: HttpPart; readonly images: HttpPart };
  readonly #keepaliveMs: number;
  readonly #raw = new Set<Socket>();
  readonly #stopped = new Set<() => void>();
  #server: Server | null = null;
  #keepalive: ReturnType<typeof setInterval> | undefined;
  #connections = 0;
  readonly #port: number;

  constructor(
    core: KosmiCore,
    options: { port: number; keepaliveMs: number; app: HttpPart; images: HttpPart },
  ) {
    this.#core = core;
    this.#port = options.port;
    this.#keepaliveMs = options.keepaliveMs;
    this.#parts = options;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens; after a `stop` on the same port as before. */
  async start(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((request, response) => void this.#answer(request, response));
    const sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_CLIENT_FRAME_BYTES,
      handleProtocols: () => SUBPROTOCOL,
    });
    server.on("upgrade", (request, socket, head) => {
      void this.#upgrade(sockets, request, socket, head);
    });
    server.on("connection", (socket) => {
      this.#raw.add(socket);
      socket.on("close", () => this.#raw.delete(socket));
    });
    await listenOn(server, this.#port);
    this.#server = server;
    this.#keepalive = setInterval(() => this.#pingAll(), this.#keepaliveMs);
  }

  /** Ends every socket at once and gives the port free. What was said is kept. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    clearInterval(this.#keepalive);
    this.#core.cancelTimers();
    for (const wake of this.#stopped) wake();
    for (const session of [...this.#core.sessions]) session.terminate();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    for (const socket of this.#raw) socket.destroy();
    await closed;
    await this.#core.waiting.until(
      () => this.#core.sessions.size === 0,
      5000,
      "all sockets closed",
    );
  }

  #pingAll(): void {
    for (const session of this.#core.sessions) session.ping();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const { variants } = this.#core;
    const area = path.startsWith(PATHS.engine) || path === "/engine"
      ? { fault: variants.http, part: this.#engine }
      : path.startsWith(PATHS.images) || /^\/[0-9a-f-]{36}\.webp$/.test(path)
      ? { fault: variants.images, part: this.#parts.images }
      : { fault: variants.app, part: this.#parts.app };
    try {
      if (await playFault(area.fault, response, (waitMs) => this.#wait(waitMs))) return;
      await area.part(request, response, path);
    } catch (error) {
      // The client left, or our own code failed: the latter must show in a test.
      if (!response.headersSent) reply(response, 500, `stand-in failed: ${String(error)}`);
    }
  }

  readonly #engine: HttpPart = async (request, response, path) => {
    if (path === PATHS.engine || path === "/engine") {
      return await answerEngine(this.#core, request, response);
    }
    // Neither a login nor anything else is here; the real one answers a POST with 400.
    reply(response, request.method === "POST" ? 400 : 404, "Not found");
  };

  async #upgrade(
    sockets: WebSocketServer,
    request: IncomingMessage,
    socket: Parameters<WebSocketServer["handleUpgrade"]>[1],
    head: Buffer,
  ): Promise<void> {
    const { counters, variants } = this.#core;
    // A client may leave while we let it wait.
    socket.on("error", () => socket.destroy());
    counters.upgrades += 1;
    this.#core.waiting.changed();
    const { delayMs, hang, status } = variants.upgrade;
    if (delayMs > 0) await this.#wait(delayMs);
    if (hang) return;
    const refusal = status ?? this.#refusal(request);
    if (refusal !== null) {
      counters.refusedUpgrades += 1;
      this.#core.waiting.changed();
      const body = variants.upgrade.html ? "<!doctype html><h1>Attention required</h1>" : "";
      socket.end(
        `HTTP/1.1 ${refusal} ${
          STATUS_CODES[refusal] ?? ""
        }\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      new SocketSession(this.#core, client, {
        id: ++this.#connections,
        userAgent: request.headers["user-agent"] ?? null,
        origin: request.headers.origin ?? null,
      });
    });
  }

  #refusal(request: IncomingMessage): number | null {
    if (new URL(request.url ?? "/", "http://localhost").pathname !== PATHS.socket) return 404;
    if (request.headers["sec-websocket-protocol"] !== SUBPROTOCOL) return 403;
    if (!this.#core.variants.checkOrigin) return null;
    return notFromTheApp(request, { referer: false, userAgent: false }) === null ? null : 403;
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#stopped.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      this.#stopped.add(wake);
    });
  }
}
