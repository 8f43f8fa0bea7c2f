import type { Clock } from "./clock.ts";

/** What it needs of an accepted connection. */
export interface HttpConn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

interface HttpPortOptions {
  readonly handle: (request: Request) => Response | Promise<Response>;
  /** Something in `handle` threw: the asker got a 500. */
  readonly onFault: (thrown: unknown) => void;
  readonly clock: Clock;
  readonly limits?: Partial<HttpLimits>;
}

/** What one port spends on people it does not know. */
interface HttpLimits {
  /** Connections at a time; one more costs the oldest that has not asked for anything yet its place. */
  readonly connections: number;
  readonly headBytes: number;
  readonly bodyBytes: number;
  /** For a whole request, from the first moment on. */
  readonly requestMs: number;
  /** For each piece of an answer to be taken. */
  readonly writeMs: number;
}

/** An answer whose body goes on: a piece is written before the next is asked for, and ends when its reader goes away. */
export class StreamResponse extends Response {}

/** An answer after which the connection is no longer HTTP: `take` has it until it resolves. */
export class UpgradeResponse extends Response {
  /** `rest`: what came after the request. */
  constructor(readonly take: (conn: HttpConn, rest: Uint8Array) => Promise<void>) {
    super(null);
  }
}

const LIMITS: HttpLimits = {
  connections: 64,
  headBytes: 16_384,
  bodyBytes: 65_536,
  requestMs: 10_000,
  writeMs: 30_000,
};

/** After an answer the rest of a request is read for so long: else the answer itself could be lost. */
const LINGER_MS = 1_000;
const ACCEPT_AGAIN_MS = 20;

/**
 * HTTP/1.1 for small ports that strangers may reach: bounded in connections, sizes and time. Every connection carries
 * one request and is closed after its answer.
 */
export class HttpPort {
  readonly #options: HttpPortOptions;
  readonly #limits: HttpLimits;
  readonly #visits = new Set<Visit>();

  constructor(options: HttpPortOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Serves what the listener accepts, until that is closed; then all connections end. */
  async serve(listener: { accept(): Promise<HttpConn> }): Promise<void> {
    const serving = new Set<Promise<void>>();
    for (let conn = await this.#accept(listener); conn; conn = await this.#accept(listener)) {
      this.#makeRoom();
      if (this.#visits.size >= this.#limits.connections) {
        conn.close();
        continue;
      }
      const visit = new Visit(conn, this.#options, this.#limits);
      this.#visits.add(visit);
      const work = visit.run().finally(() => {
        this.#visits.delete(visit);
        serving.delete(work);
      });
      serving.add(work);
    }
    for (const visit of this.#visits) visit.end();
    await Promise.all(serving);
  }

  /** Null when it is closed. Iterating over it would end for good at somebody who resets the connection at once. */
  async #accept(listener: { accept(): Promise<HttpConn> }): Promise<HttpConn | null> {
    while (true) {
      try {
        return await listener.accept();
      } catch (error) {
        if (error instanceof Error && /^(?:BadResource|Interrupted)$/.test(error.name)) return null;
        // No descriptor left, say.
        await this.#options.clock.sleep(ACCEPT_AGAIN_MS, new AbortController().signal);
      }
    }
  }

  #makeRoom(): void {
    if (this.#visits.size < this.#limits.connections) return;
    const idle = [...this.#visits].find((visit) => !visit.hasAsked);
    if (idle === undefined) return;
    this.#visits.delete(idle);
    idle.end();
  }
}

/** A request that is answered with a status before anybody looks at it. */
class Refusal extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** One connection. */
class Visit {
  readonly #conn: HttpConn;
  readonly #options: HttpPortOptions;
  readonly #limits: HttpLimits;
  #bytes = new Uint8Array(1_024);
  #length = 0;
  #bodyAt = 0;
  #isOver = false;
  hasAsked = false;

  constructor(conn: HttpConn, options: HttpPortOptions, limits: HttpLimits) {
    this.#conn = conn;
    this.#options = options;
    this.#limits = limits;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#conn.close();
    } catch {
      // The other side was faster.
    }
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      const answer = await this.#answer();
      if (answer instanceof UpgradeResponse) {
        await answer.take(this.#conn, this.#bytes.slice(this.#bodyAt, this.#length));
      } else if (answer !== null) await this.#send(answer);
    } catch {
      // It went away, or took too long.
    } finally {
      this.end();
    }
  }

  /** Null: there was nothing to answer. */
  async #answer(): Promise<Response | null> {
    let request: Request | null;
    try {
      request = await this.#within(this.#limits.requestMs, () => this.#readRequest());
    } catch (error) {
      if (error instanceof Refusal) return plain(error.status, error.message);
      throw error;
    }
    if (request === null) return null;
    this.hasAsked = true;
    try {
      return await this.#options.handle(request);
    } catch (thrown) {
      this.#options.onFault(thrown);
      return plain(500, "The relay could not answer; its log says why.");
    }
  }

  /** Ends the connection, so that what waits for it fails, when `work` takes longer. */
  async #within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    this.#options.clock.sleep(limitMs, done.signal).then(() => this.end(), () => {});
    try {
      return await work();
    } finally {
      done.abort();
    }
  }

  async #readRequest(): Promise<Request | null> {
    const head = await this.#readHead();
    if (head === null) return null;
    const { method, target, headers } = parseHead(head);
    const url = urlOf(target, headers.get("host"));
    const length = bodyLength(headers, this.#limits.bodyBytes);
    const body = length === 0 ? null : await this.#readBody(length);
    if (!/^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method)) {
      throw new Refusal(405, "There is no such method here.");
    }
    const isLook = method === "GET" || method === "HEAD";
    return new Request(url, { method, headers, body: isLook ? null : body });
  }

  /** Up to the empty line; null when the other side ended before it said anything. */
  async #readHead(): Promise<string | null> {
    for (let searched = 0;;) {
      const seen = this.#bytes.subarray(0, this.#length);
      const end = endOfHead(seen, searched);
      if (end > this.#limits.headBytes || (end === -1 && this.#length > this.#limits.headBytes)) {
        throw new Refusal(431, "The head of this request is too long.");
      }
      if (end !== -1) {
        this.#bodyAt = end + 4;
        return new TextDecoder("latin1").decode(seen.subarray(0, end));
      }
      searched = Math.max(0, this.#length - 3);
      if (!await this.#readMore()) {
        if (this.#length === 0) return null;
        throw new Refusal(400, "This request is cut off.");
      }
    }
  }

  async #readBody(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const end = this.#bodyAt + length;
    while (this.#length < end) {
      if (!await this.#readMore()) throw new Refusal(400, "This request is cut off.");
    }
    return this.#bytes.slice(this.#bodyAt, end);
  }

  async #readMore(): Promise<boolean> {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const count = await this.#conn.read(this.#bytes.subarray(this.#length));
    if (count === null) return false;
    this.#length += count;
    return true;
  }

  async #send(response: Response): Promise<void> {
    const isStream = response instanceof StreamResponse;
    const whole = isStream ? null : new Uint8Array(await response.arrayBuffer());
    await this.#write(headOf(response, whole));
    if (whole === null) return await this.#stream(response.body);
    await this.#write(whole);
    await this.#conn.closeWrite();
    await this.#within(LINGER_MS, () => this.#drain());
  }

  async #stream(body: ReadableStream<Uint8Array> | null): Promise<void> {
    if (body === null) return;
    const reader = body.getReader();
    const cancel = () => reader.cancel().catch(() => {});
    // Who goes away is noticed at once, not with the next piece.
    this.#drain().then(cancel, cancel);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#isOver) return;
        await this.#write(value);
      }
    } finally {
      await cancel();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#within(
        this.#limits.writeMs,
        () => this.#conn.write(bytes.subarray(sent)),
      );
    }
  }

  /** Reads what nobody asked for until the other side ends. */
  async #drain(): Promise<void> {
    const chunk = new Uint8Array(4_096);
    for (let drained = 0; drained < 1 << 20;) {
      const count = await this.#conn.read(chunk);
      if (count === null) return;
      drained += count;
    }
  }
}

function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 3 < bytes.length; at++) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) {
      return at;
    }
  }
  return -1;
}

function parseHead(head: string): { method: string; target: string; headers: Headers } {
  const [first = "", ...lines] = head.split("\r\n");
  const [, method = "", target = ""] = /^([A-Z]{1,16}) (\S+) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === "") throw new Refusal(400, "This is no HTTP request.");
  if (lines.length > 100) throw new Refusal(431, "This request has too many headers.");
  const headers = new Headers();
  for (const line of lines) {
    const [, name = "", value = ""] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    const isOnce = /^(?:host|content-length|transfer-encoding)$/i.test(name);
    // deno-lint-ignore no-control-regex -- these are what no header may hold
    if (name === "" || /[\x00-\x08\x0a-\x1f\x7f]/.test(value) || (isOnce && headers.has(name))) {
      throw new Refusal(400, "This request has a header that is none.");
    }
    headers.append(name, value);
  }
  return { method, target, headers };
}

function urlOf(target: string, host: string | null): URL {
  const isHost = host !== null && /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/.test(host);
  const url = isHost && /^\/(?!\/)/.test(target) ? URL.parse(`http://${host}${target}`) : null;
  if (url === null) throw new Refusal(400, "This request asks for no address of this host.");
  return url;
}

function bodyLength(headers: Headers, most: number): number {
  if (headers.has("transfer-encoding")) {
    throw new Refusal(411, "The length of a body must be told.");
  }
  const written = headers.get("content-length") ?? "0";
  if (!/^\d{1,15}$/.test(written)) throw new Refusal(400, "This is no length of a body.");
  if (Number(written) > most) throw new Refusal(413, "This body is too long.");
  return Number(written);
}

function headOf(response: Response, whole: Uint8Array | null): Uint8Array {
  const { status, headers } = response;
  const lines = [`HTTP/1.1 ${status} `, "connection: close"];
  for (const [name, value] of headers) {
    if (name !== "content-length" && name !== "connection") lines.push(`${name}: ${value}`);
  }
  if (whole !== null) lines.push(`content-length: ${whole.length}`);
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}

function plain(status: number, words: string): Response {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
  };
  return new Response(`${words}\n`, { status, headers });
}
