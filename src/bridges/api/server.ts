import { createHash } from "node:crypto";
import { withDeadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { MessageId } from "../../relay/port/ids.ts";
import { type ApiMessage, readApiMessage } from "../matterbridge/message.ts";
import type { Access, Refusal } from "./access.ts";
import type { Feed } from "./feed.ts";
import { messagesResponse, MOST_BYTES, streamResponse, webSocketResponse } from "./readers.ts";

/** Takes a posted message over; resolves when it is stored, rejects with a RefusedError if it cannot be. */
export type TakePost = (message: ApiMessage, id: MessageId) => Promise<void>;

export interface ApiServerOptions {
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
/** How long a client may take to send a message, and the core to store it. */
const POST_LIMIT_MS = 10_000;
const KEYS_KEPT = 1_000;

/** The HTTP server of one `[api.NAME]`: Matterbridge's routes. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  /** Idempotency-Key -> what was posted under it, for the newest. */
  readonly #keys = new Map<string, string>();

  constructor(options: ApiServerOptions) {
    this.#options = options;
  }

  /**
   * Serves until `signal` aborts and all clients have got what they were handed, or `force` aborts. Rejects if it cannot
   * listen.
   */
  async run(signal: AbortSignal, force: AbortSignal): Promise<void> {
    const { host: hostname, port, log, onListen } = this.#options;
    const server = Deno.serve({
      hostname,
      port,
      signal: force,
      onListen: (address) => onListen(address.port),
      onError: (error) => {
        log.error("the API could not answer: {error}", { error: describeError(error) });
        return json(500, { message: "Internal error, see the relay's log" });
      },
    }, (request, info) => this.#answer(request, info, signal));
    const shutDown = () => void server.shutdown();
    signal.addEventListener("abort", shutDown, { once: true });
    if (signal.aborted) shutDown();
    await server.finished;
    signal.removeEventListener("abort", shutDown);
  }

  async #answer(
    request: Request,
    info: Deno.ServeHandlerInfo,
    signal: AbortSignal,
  ): Promise<Response> {
    const { access } = this.#options;
    const response = await this.#route(request, info, signal).catch((thrown) => {
      if (thrown instanceof RefusedError) return refused(thrown.refusal);
      throw thrown;
    });
    // The response of a WebSocket upgrade is not ours to change.
    if (response.status === 101) return response;
    const headers = { ...HEADERS, ...access.corsHeaders(request) };
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }

  async #route(
    request: Request,
    info: Deno.ServeHandlerInfo,
    signal: AbortSignal,
  ): Promise<Response> {
    const { access } = this.#options;
    const page = access.pageRefusal(request);
    if (page !== null) return refused(page);
    if (request.method === "OPTIONS") return new Response(null, { status: 204 });
    const token = await access.tokenRefusal(request, signal);
    if (token !== null) return refused(token);
    if (signal.aborted) return refused({ status: 503, message: "The relay is stopping" });
    const { pathname } = new URL(request.url);
    const expected = pathname === "/api/message" ? "POST" : "GET";
    if (ROUTES.has(pathname) && request.method !== expected) {
      return refused({ status: 405, message: `Use ${expected} for ${pathname}` });
    }
    switch (pathname) {
      case "/api/health":
        return this.#health();
      case "/api/message":
        return await this.#post(request, signal);
      case "/api/messages":
      case "/api/stream":
      case "/api/websocket":
        return this.#read(pathname, request, info, signal);
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

  #read(
    pathname: string,
    request: Request,
    info: Deno.ServeHandlerInfo,
    signal: AbortSignal,
  ): Response {
    const { feed, clock } = this.#options;
    if (feed.readers >= MOST_READERS) {
      return refused({ status: 503, message: "Too many clients are reading", retryAfterS: 30 });
    }
    const since = new URL(request.url).searchParams.get("since");
    switch (pathname) {
      case "/api/messages":
        return messagesResponse(feed, since, info.completed);
      case "/api/stream":
        return streamResponse({ feed, since, clock, signal });
      default:
        return webSocketResponse(request, {
          feed,
          since,
          clock,
          signal,
          post: (text, reader) => this.#postFromSocket(text, reader, signal),
        });
    }
  }

  async #post(request: Request, signal: AbortSignal): Promise<Response> {
    const { access } = this.#options;
    const rate = access.rateRefusal();
    if (rate !== null) return refused(rate);
    if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
      return refused({ status: 415, message: "Send the header Content-Type: application/json" });
    }
    const body = await this.#body(request, signal);
    const key = request.headers.get("idempotency-key");
    const id = key === null ? this.#options.feed.newPostId() : this.#idOfKey(key, body);
    return json(200, await this.#take(decoded(body), id, signal));
  }

  /** What a client writes into its WebSocket; resolves with why it was not taken over, else null. */
  async #postFromSocket(
    text: string,
    author: Parameters<Feed["share"]>[2],
    signal: AbortSignal,
  ): Promise<string | null> {
    const { access, feed, clock } = this.#options;
    try {
      const rate = access.rateRefusal();
      if (rate !== null) throw new RefusedError(rate);
      const shown = await this.#take(decoded(text), feed.newPostId(), signal);
      feed.share(() => JSON.stringify(shown), clock.monotonic(), author);
      return null;
    } catch (thrown) {
      if (thrown instanceof RefusedError) return thrown.message;
      throw thrown;
    }
  }

  /** Takes a message over and resolves with how it is shown, once it is stored. */
  async #take(message: ApiMessage, id: MessageId, signal: AbortSignal): Promise<object> {
    const { take, account, clock } = this.#options;
    const action = "store the message";
    await withDeadline(
      { clock, signal, limitMs: POST_LIMIT_MS, action },
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
    const { files: _, ...fields } = message;
    const timestamp = new Date(clock.now()).toISOString();
    const fixed = { channel: "api", protocol: "api", account, timestamp, id, Extra: null };
    return { ...fields, ...fixed };
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

  async #body(request: Request, signal: AbortSignal): Promise<string> {
    const { clock } = this.#options;
    const limits = { clock, signal, limitMs: POST_LIMIT_MS, action: "read the message" };
    return await withDeadline(limits, () => boundedText(request)).catch((thrown) => {
      if (thrown instanceof RefusedError) throw thrown;
      throw new RefusedError({ status: 408, message: "The message did not arrive in time" });
    });
  }
}

const PLAIN_TEXT = "text/plain; charset=utf-8";
const ROUTES = new Set(
  ["health", "messages", "stream", "websocket", "message"].map((name) => `/api/${name}`),
);
const HEADERS = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

async function boundedText(request: Request): Promise<string> {
  const tooLong = () => {
    const message = `A message has at most ${MOST_BYTES} bytes`;
    return new RefusedError({ status: 413, message });
  };
  if (Number(request.headers.get("content-length") ?? 0) > MOST_BYTES) throw tooLong();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw tooLong();
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

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
