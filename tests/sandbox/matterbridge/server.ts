import { freePort, oncePortIsFree } from "../../support/ports.ts";
import { Changes } from "../../support/wait.ts";

/** A message as the API shows it; see docs/matterbridge-together.md. */
export interface ApiJson {
  readonly text: string;
  readonly channel: string;
  readonly username: string;
  readonly userid: string;
  readonly avatar: string;
  readonly account: string;
  readonly event: string;
  readonly protocol: string;
  readonly gateway: string;
  readonly parent_id: string;
  readonly timestamp: string;
  readonly id: string;
  readonly Extra: Readonly<Record<string, readonly unknown[]>> | null;
}

const NOTHING: ApiJson = {
  ...{ text: "", channel: "", username: "", userid: "", avatar: "", account: "", event: "" },
  ...{ protocol: "", gateway: "", parent_id: "", timestamp: "", id: "", Extra: null },
};

/** How it differs from a Matterbridge that works. */
export interface MatterbridgeVariant {
  /** What it answers to every handshake of a WebSocket; null: it accepts. */
  readonly handshake: number | null;
  /** Accepts the handshake and never greets. */
  readonly silent: boolean;
  /** What it answers to every post; null: it takes it. */
  readonly posts: number | null;
  /** Nothing of what is posted is answered. */
  readonly holdPosts: boolean;
  /** The list is emptied, and the connection breaks before the answer is there. */
  readonly losesLists: boolean;
  /** After the list was read it keeps only 10, as the true one does. */
  readonly forgetsBuffer: boolean;
}

const NORMAL: MatterbridgeVariant = {
  ...{ handshake: null, silent: false, posts: null, holdPosts: false, losesLists: false },
  forgetsBuffer: true,
};

export interface MatterbridgeOptions {
  readonly token?: string | null;
  /** Its option Buffer. */
  readonly buffer?: number;
  readonly variant?: Partial<MatterbridgeVariant>;
  /** How far its clock is ahead. Default: 0. */
  readonly aheadMs?: number;
}

/** Once the list was read, the ring has the capacity it has without an option. */
const DEFAULT_BUFFER = 10;

/**
 * A stand-in for the `[api.NAME]` of a running Matterbridge 1.26, with the gateways behind it: a WebSocket that shows
 * every message to all, a ring that the list and the stream empty, posts.
 */
export class Matterbridge implements AsyncDisposable {
  readonly token: string | null;
  readonly changes = new Changes();
  /** What was posted, as it was sent. */
  readonly posts: { readonly body: string; readonly message: ApiJson }[] = [];
  /** All that was said at the other side of its gateways. */
  readonly said: ApiJson[] = [];
  variant: MatterbridgeVariant;
  handshakes = 0;
  lists = 0;
  /** WebSockets that the client closed in good order. */
  goodbyes = 0;
  #capacity: number;
  #ring: ApiJson[] = [];
  #sockets = new Set<WebSocket>();
  #server: Deno.HttpServer | null = null;
  #stop = new AbortController();
  readonly #port = freePort();
  readonly #aheadMs: number;
  #time = 0n;

  private constructor(
    { token = null, buffer = 1_000, variant = {}, aheadMs = 0 }: MatterbridgeOptions,
  ) {
    this.#aheadMs = aheadMs;
    this.token = token;
    this.#capacity = buffer;
    this.variant = { ...NORMAL, ...variant };
  }

  static async start(options: MatterbridgeOptions = {}): Promise<Matterbridge> {
    const server = new Matterbridge(options);
    await server.start();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get sockets(): number {
    return this.#sockets.size;
  }

  /** Somebody says something at another service of the gateway. Answers what the API shows of it. */
  say(gateway: string, username: string, text: string, more: Partial<ApiJson> = {}): ApiJson {
    const message: ApiJson = {
      ...NOTHING,
      ...{ text, username, gateway, channel: "#there", userid: `${username}@there` },
      ...{ account: "discord.there", protocol: "discord", timestamp: this.#now() },
      ...more,
    };
    this.said.push(message);
    this.#ring.push(message);
    this.#ring.splice(0, Math.max(0, this.#ring.length - this.#capacity));
    const frame = JSON.stringify(message);
    for (const socket of this.#sockets) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    }
    this.changes.notify();
    return message;
  }

  /** Sends a frame that is no message. */
  sendRaw(frame: string): void {
    for (const socket of this.#sockets) socket.send(frame);
  }

  async start(): Promise<void> {
    this.#stop = new AbortController();
    const started = Promise.withResolvers<void>();
    this.#server = await oncePortIsFree(this.#port, () =>
      Deno.serve({
        hostname: "127.0.0.1",
        port: this.#port,
        signal: this.#stop.signal,
        onListen: () => started.resolve(),
      }, (request) => this.#answer(request)));
    await started.promise;
  }

  /** Ends as the program does: every connection too. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.close(1001);
    this.#sockets.clear();
    this.#stop.abort();
    await this.#server?.finished;
    this.#server = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Go's clock counts nanoseconds: no two messages bear one time. */
  #now(): string {
    const now = BigInt(Date.now() + this.#aheadMs) * 1_000_000n;
    this.#time = now > this.#time ? now : this.#time + 1n;
    const seconds = new Date(Number(this.#time / 1_000_000_000n) * 1_000).toISOString();
    const fraction = String(this.#time % 1_000_000_000n).padStart(9, "0").replace(/0+$/, "");
    return `${seconds.slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}Z`;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const given = request.headers.get("authorization");
    if (this.token !== null && given !== `Bearer ${this.token}`) {
      return given === null
        ? Response.json({ message: "missing key in request header" }, { status: 400 })
        : Response.json({ message: "Unauthorized" }, { status: 401 });
    }
    switch (`${request.method} ${pathname}`) {
      case "GET /api/health":
        return new Response("OK");
      case "GET /api/messages":
        return this.#list();
      case "GET /api/websocket":
        return this.#webSocket(request);
      case "POST /api/message":
        return await this.#post(request);
      default:
        return Response.json({ message: "Not Found" }, { status: 404 });
    }
  }

  #list(): Response {
    this.lists++;
    const messages = this.#ring;
    this.#ring = [];
    if (this.variant.forgetsBuffer) this.#capacity = DEFAULT_BUFFER;
    if (!this.variant.losesLists) return Response.json(messages);
    const broken = new ReadableStream({ start: (body) => body.error(new Error("cut")) });
    return new Response(broken);
  }

  #webSocket(request: Request): Response {
    this.handshakes++;
    this.changes.notify();
    const { handshake, silent } = this.variant;
    if (handshake !== null) {
      const headers = handshake === 429 ? { "retry-after": "2" } : {};
      return Response.json({ message: "no" }, { status: handshake, headers });
    }
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.onopen = () => {
      if (!silent) {
        socket.send(
          JSON.stringify({ ...NOTHING, event: "api_connected", timestamp: this.#now() }),
        );
      }
      this.#sockets.add(socket);
      this.changes.notify();
    };
    socket.onclose = ({ code }) => {
      if (code === 1000) this.goodbyes++;
      this.#sockets.delete(socket);
      this.changes.notify();
    };
    socket.onerror = () => void this.#sockets.delete(socket);
    return response;
  }

  async #post(request: Request): Promise<Response> {
    const body = await request.text();
    const { posts, holdPosts } = this.variant;
    if (holdPosts) await new Promise((resolve) => this.#stop.signal.onabort = resolve);
    if (posts !== null) return Response.json({ message: "no" }, { status: posts });
    let given: Partial<ApiJson>;
    try {
      // Other types than JSON are read as a form: nothing of it is found.
      given = /json/.test(request.headers.get("content-type") ?? "") ? JSON.parse(body) : {};
    } catch {
      return Response.json({ message: "unexpected EOF" }, { status: 400 });
    }
    const fixed = { channel: "api", protocol: "api", account: "api.relay", id: "" };
    const message: ApiJson = { ...NOTHING, ...given, ...fixed, timestamp: this.#now() };
    this.posts.push({ body, message });
    this.changes.notify();
    return Response.json(message);
  }
}
