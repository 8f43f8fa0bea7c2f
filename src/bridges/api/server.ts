import { createHash } from "node:crypto";
import { withDeadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import { HttpPort } from "../../base/http_port.ts";
import type { Logger } from "../../base/log.ts";
import type { MessageId } from "../../relay/port/ids.ts";
import { type ApiMessage, readApiMessage } from "../matterbridge/message.ts";
import type { Access, Refusal } from "./access.ts";
import type { Feed, Reader } from "./feed.ts";
import { messagesResponse, streamResponse } from "./readers.ts";
import { webSocketResponse } from "./web_socket.ts";

/** Takes a posted message over; resolves with its gateway when it is stored, rejects with a RefusedError if it cannot be. */
type TakePost = (message: ApiMessage, id: MessageId) => Promise<string>;

/** Longest message of a client, attachments included. */
const MOST_BYTES = 64 * 1024;

interface ApiServerOptions {
  readonly host: string;
  readonly port: number;
  readonly account: string;
  readonly access: Access;
  readonly feed: Feed;
  readonly take: TakePost;
  /** What keeps the relay from relaying now, one sentence each; empty if nothing does. */
  readonly problems: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Called as soon as it listens. */
  readonly onListen: (port: number) => void;
}

/** A message that cannot be taken over, with the answer to the client. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

const MOST_READERS = 200;
const MOST_CONNECTIONS = 256;
/** How long the core may take to store a message. */
const STORE_LIMIT_MS = 10_000;
/** How long clients may take to read what they were handed when the API stops. */
const GOODBYE_MS = 1_500;
const KEYS_KEPT = 1_000;

/** The HTTP server of one `[api.NAME]`: Matterbridge's routes. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #port: HttpPort;
  /** Idempotency-Key -> what was posted under it, for the newest. */
  readonly #keys = new Map<string, string>();
  /** Aborts when the API stops. */
  #stopping = new AbortController().signal;
  /** Clients that are reading, and who waits for the last of them to end. */
  #clients = 0;
  #idle: () => void = () => {};

  constructor(options: ApiServerOptions) {
    this.#options = options;
    const { clock, log } = options;
    this.#port = new HttpPort({
      handle: (request) => this.#answer(request),
      onFault: (thrown) => {
        log.error("the API could not answer: {error}", { error: describeError(thrown) });
      },
      clock,
      limits: { connections: MOST_CONNECTIONS, bodyBytes: MOST_BYTES },
    });
  }

  /** Serves until `signal` aborts and the clients have got what they were handed. Rejects if it cannot listen. */
  async run(signal: AbortSignal): Promise<void> {
    const { host: hostname, port, clock, onListen } = this.#options;
    this.#stopping = signal;
    using listener = Deno.listen({ hostname, port });
    onListen(listener.addr.port);
    const ended = new AbortController();
    const stop = async () => {
      const idle = new Promise<void>((resolve) => this.#idle = resolve);
      if (this.#clients > 0) {
        await Promise.race([idle, clock.sleep(GOODBYE_MS, ended.signal).catch(() => {})]);
      }
      ended.abort();
      listener.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) void stop();
    try {
      await this.#port.serve(listener);
    } finally {
      signal.removeEventListener("abort", stop);
      ended.abort();
    }
  }

  #track(): () => void {
    this.#clients++;
    let isOpen = true;
    return () => {
      if (isOpen) this.#clients--;
      isOpen = false;
      if (this.#clients === 0) this.#idle();
    };
  }

  async #answer(request: Request): Promise<Response> {
    const response = await this.#route(request).catch((thrown) => {
      if (thrown instanceof RefusedError) return refused(thrown.refusal);
      throw thrown;
    });
    const headers = { ...HEADERS, ...this.#options.access.corsHeaders(request) };
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }

  async #route(request: Request): Promise<Response> {
    const { access } = this.#options;
    const page = access.pageRefusal(request);
    if (page !== null) return refused(page);
    if (request.method === "OPTIONS") return new Response(null, { status: 204 });
    const token = await access.tokenRefusal(request, this.#stopping);
    if (token !== null) return refused(token);
    if (this.#stopping.aborted) return refused({ status: 503, message: "The relay is stopping" });
    const { pathname } = new URL(request.url);
    const expected = pathname === "/api/message" ? "POST" : "GET";
    if (pathname === "/api/health" && request.method === "HEAD") {
      return new Response(null, { status: this.#health().status });
    }
    if (ROUTES.has(pathname) && request.method !== expected) {
      return refused({ status: 405, message: `Use ${expected} for ${pathname}` });
    }
    switch (pathname) {
      case "/api/health":
        return this.#health();
      case "/api/message":
        return await this.#post(request);
      case "/api/messages":
      case "/api/stream":
      case "/api/websocket":
        return this.#read(pathname, request);
      default:
        return refused({ status: 404, message: `There is only ${[...ROUTES].join(", ")}` });
    }
  }

  #health(): Response {
    const problems = this.#options.problems();
    return problems.length === 0
      ? new Response("OK", { headers: { "content-type": PLAIN_TEXT } })
      : new Response(`${problems.join("\n")}\n`, {
        status: 503,
        headers: { "content-type": PLAIN_TEXT },
      });
  }

  #read(pathname: string, request: Request): Response {
    const { feed, clock } = this.#options;
    if (feed.readers >= MOST_READERS) {
      return refused({ status: 503, message: "Too many clients are reading", retryAfterS: 30 });
    }
    const since = new URL(request.url).searchParams.get("since");
    const context = { feed, since, clock, track: () => this.#track() };
    switch (pathname) {
      case "/api/messages":
        return messagesResponse(context);
      case "/api/stream":
        return streamResponse(context);
      default:
        return webSocketResponse(request, {
          ...context,
          mostBytes: MOST_BYTES,
          post: (text, reader) => this.#postFromSocket(text, reader),
        });
    }
  }

  async #post(request: Request): Promise<Response> {
    const { access } = this.#options;
    const rate = access.rateRefusal();
    if (rate !== null) return refused(rate);
    if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
      return refused({ status: 415, message: "Send the header Content-Type: application/json" });
    }
    const body = await request.text();
    const key = request.headers.get("idempotency-key");
    const id = key === null ? this.#options.feed.newPostId() : this.#idOfKey(key, body);
    return json(200, await this.#take(decoded(body), id));
  }

  /** What a client writes into its WebSocket; resolves with why it was not taken over, else null. */
  async #postFromSocket(text: string, author: Reader): Promise<string | null> {
    const { access, feed, clock } = this.#options;
    try {
      const rate = access.rateRefusal();
      if (rate !== null) throw new RefusedError(rate);
      const shown = await this.#take(decoded(text), feed.newPostId());
      feed.share(() => JSON.stringify(shown), clock.monotonic(), author);
      return null;
    } catch (thrown) {
      if (thrown instanceof RefusedError) return thrown.message;
      throw thrown;
    }
  }

  /** Takes a message over and resolves with how it is shown, once it is stored. */
  async #take(message: ApiMessage, id: MessageId): Promise<object> {
    const { take, account, clock } = this.#options;
    const action = "store the message";
    const gateway = await withDeadline(
      { clock, signal: this.#stopping, limitMs: STORE_LIMIT_MS, action },
      () => take(message, id),
    ).catch((thrown) => {
      if (thrown instanceof RefusedError) throw thrown;
      throw new RefusedError({
        status: 503,
        message:
          "The relay does not know whether the message is stored. Repeat it with the same Idempotency-Key",
        retryAfterS: 5,
      });
    });
    const { text, username, userid, avatar, event, parent_id } = message;
    const timestamp = new Date(clock.now()).toISOString();
    return {
      ...{ text, channel: "api", username, userid, avatar, account, event, protocol: "api" },
      ...{ gateway, parent_id, timestamp, id, Extra: null },
    };
  }

  /** The same key gives the same id, also after a restart: the store knows what it took over by its id. */
  #idOfKey(key: string, body: string): MessageId {
    const hash = (text: string) => createHash("sha256").update(text).digest("base64url");
    const content = hash(body);
    if ((this.#keys.get(key) ?? content) !== content) {
      throw new RefusedError({
        status: 422,
        message: "Another message was posted with this Idempotency-Key. Use a key once",
      });
    }
    this.#keys.delete(key);
    this.#keys.set(key, content);
    const oldest = this.#keys.keys().next();
    if (this.#keys.size > KEYS_KEPT && oldest.done !== true) this.#keys.delete(oldest.value);
    return `key-${hash(key).slice(0, 22)}` as MessageId;
  }
}

const PLAIN_TEXT = "text/plain; charset=utf-8";
const ROUTES = new Set(
  ["health", "messages", "stream", "websocket", "message"].map((name) => `/api/${name}`),
);
const HEADERS = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

/** Throws a RefusedError for what is no message. */
function decoded(text: string): ApiMessage {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new RefusedError({ status: 400, message: "The message is not JSON" });
  }
  const message = readApiMessage(raw);
  if (typeof message === "string") throw new RefusedError({ status: 400, message });
  return message;
}

function refused({ status, message, retryAfterS }: Refusal): Response {
  const headers = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
  return json(status, { message }, {
    ...headers,
    ...(status === 401 ? { "www-authenticate": 'Bearer realm="kosmi-relay"' } : {}),
  });
}

function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
