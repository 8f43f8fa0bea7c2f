import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { HttpPort, StreamResponse } from "../base/http_port.ts";
import { type Logger, OnceLog } from "../base/log.ts";
import { StatusAccess } from "./access.ts";
import type { RelayMeter } from "./counts/meter.ts";
import { isLive, readiness } from "./counts/readiness.ts";
import type { StatusSubject } from "./counts/subject.ts";
import { STATUS_SCRIPT, STATUS_STYLE } from "./page/assets.ts";
import { EventStream } from "./page/event_stream.ts";
import { ICON, renderLogin, renderPage } from "./page/page.ts";
import { renderSections, type Sections } from "./page/sections.ts";
import { statusView } from "./page/view.ts";

interface StatusServerOptions {
  readonly subject: StatusSubject;
  readonly meter: RelayMeter;
  /** The text of /metrics. */
  readonly metrics: () => Promise<string>;
  /** Without brackets, also for IPv6. */
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly showsTexts: boolean;
  /** False where the addresses of requests are exported: a token in one would be exported with it. */
  readonly tokenInAddress?: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told where it listens, each time it begins to. */
  readonly onListen?: (address: { readonly hostname: string; readonly port: number }) => void;
}

/** A port that is taken may get free: the old process of a restart, say. */
const LISTEN_AGAIN_MS = 10_000;
/** Each of the 20 viewers has one; the rest is for pages and metrics. */
const MOST_CONNECTIONS = 64;
const LONGEST_BODY = 131_072;
const LONGEST_FORM = 4_096;
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** The status page and the endpoints for programs, on one port. */
export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #access: StatusAccess;
  readonly #stream: EventStream;
  readonly #port: HttpPort;
  #stopping = new AbortController().signal;

  constructor(options: StatusServerOptions) {
    this.#options = options;
    this.#access = new StatusAccess(options);
    this.#stream = new EventStream({
      clock: options.clock,
      look: () => this.#texts(),
      hello: `${options.subject.version} ${options.subject.startedAtMs}`,
    });
    const faults = new OnceLog(options.log);
    this.#port = new HttpPort({
      handle: (request) => this.#answer(request),
      onFault: (thrown) => {
        const error = describeError(thrown);
        faults.warn(error, "the status page could not answer: {error}", { error });
      },
      clock: options.clock,
      limits: { connections: MOST_CONNECTIONS, bodyBytes: LONGEST_BODY },
    });
  }

  /** Serves until `signal` aborts. A port that can't be had is said and tried again: the chat goes on meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    this.#stopping = signal;
    const streaming = this.#stream.run(signal);
    const { clock, log, host, port } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#serve(signal);
        break;
      } catch (error) {
        log.error("no status page on {host}:{port}: {error}. Next try in {waitSeconds} s", {
          host,
          port,
          error: describeError(error),
          waitSeconds: LISTEN_AGAIN_MS / 1_000,
        });
        await clock.sleep(LISTEN_AGAIN_MS, signal).catch(() => {});
      }
    }
    await streaming;
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { host: hostname, port, log, onListen } = this.#options;
    using listener = Deno.listen({ hostname, port });
    const { addr } = listener;
    const name = addr.hostname.includes(":") ? `[${addr.hostname}]` : addr.hostname;
    log.info("status page on http://{name}:{port}/", { name, port: addr.port });
    onListen?.(addr);
    const end = () => listener.close();
    signal.addEventListener("abort", end, { once: true });
    try {
      await this.#port.serve(listener);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  async #answer(request: Request): Promise<Response> {
    const response = await this.#route(request);
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    if (request.method !== "HEAD" || response.body === null) return response;
    await response.body.cancel();
    return new Response(null, { status: response.status, headers: response.headers });
  }

  #route(request: Request): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!this.#access.isOurName(request)) {
      return plain(
        421,
        "Unknown host name. Use localhost, or set StatusToken.\n",
      );
    }
    if (pathname === "/login") return this.#logIn(request);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, "Only GET.\n", { allow: "GET, HEAD" });
    }
    switch (pathname) {
      case "/status.css":
        return text(STATUS_STYLE, "text/css; charset=utf-8");
      case "/status.js":
        return text(STATUS_SCRIPT, "text/javascript; charset=utf-8");
      case "/icon.svg":
        return text(ICON, "image/svg+xml");
      case "/healthz":
        return this.#health();
      case "/readyz":
        return this.#ready(request);
      case "/":
        return this.#page(request);
      case "/metrics":
      case "/events":
        return this.#forPrograms(pathname, request);
      default:
        return plain(404, "There is no such page.\n");
    }
  }

  /** Tells nothing but that the relay lives, so it may be asked by everybody. */
  async #health(): Promise<Response> {
    return await isLive(this.#options.subject, this.#options.clock)
      ? plain(200, "ok\n")
      : plain(503, "The relay's core does not answer.\n");
  }

  #ready(request: Request): Response {
    const found = readiness(this.#options.subject);
    const status = found.ready ? 200 : 503;
    const shown = this.#access.maySee(request) ? found : { ready: found.ready };
    return text(`${JSON.stringify(shown)}\n`, "application/json", status);
  }

  async #page(request: Request): Promise<Response> {
    const given = new URL(request.url).searchParams.get("token");
    // Out of the address at once: addresses end up in histories and logs of proxies.
    if (given !== null && this.#options.tokenInAddress === false) {
      return page(renderLogin("Type it here: addresses are exported from this relay."), 401);
    }
    if (given !== null) return await this.#enter(given);
    if (!this.#access.maySee(request)) return page(renderLogin(null), 401);
    return page(renderPage(this.#sections(), this.#options.showsTexts));
  }

  async #forPrograms(pathname: "/metrics" | "/events", request: Request): Promise<Response> {
    if (!this.#access.maySee(request)) {
      const words = "Needs the header Authorization: Bearer with the StatusToken.\n";
      return plain(401, words, { "www-authenticate": 'Bearer realm="kosmi-relay"' });
    }
    if (pathname === "/metrics") return text(await this.#options.metrics(), METRICS_TYPE);
    if (request.headers.get("sec-fetch-site") === "cross-site" || request.method === "HEAD") {
      return plain(403, "Only for the status page.\n");
    }
    const body = this.#stream.open();
    if (body === null) return plain(503, "Too many viewers.\n", { "retry-after": "30" });
    return new StreamResponse(body, { headers: { "content-type": "text/event-stream" } });
  }

  async #logIn(request: Request): Promise<Response> {
    if (!this.#access.needsToken) return toPage();
    if (request.method === "GET" || request.method === "HEAD") return page(renderLogin(null));
    if (request.method !== "POST") return plain(405, "Only POST.\n", { allow: "GET, HEAD, POST" });
    return await this.#enter(await formToken(request));
  }

  async #enter(given: string): Promise<Response> {
    if (!this.#access.needsToken) return toPage();
    const cookie = await this.#access.logIn(given, this.#stopping);
    if (cookie === null) return page(renderLogin("Wrong token."), 401);
    return toPage({ "set-cookie": cookie });
  }

  #sections(): Sections {
    const { subject, meter, clock } = this.#options;
    return renderSections(statusView(subject, meter, clock.now()));
  }

  #texts(): Record<string, string> {
    const sections = Object.entries(this.#sections());
    return Object.fromEntries(sections.map(([id, section]) => [id, section.text]));
  }
}

/** The token in a posted form; "" where there is none, or the form is of no sensible size. */
async function formToken(request: Request): Promise<string> {
  const text = await request.text();
  return text.length > LONGEST_FORM ? "" : new URLSearchParams(text).get("token") ?? "";
}

function toPage(headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { location: "./", ...headers } });
}

function page(html: string, status = 200): Response {
  return text(html, "text/html; charset=utf-8", status);
}

function plain(status: number, words: string, headers: Record<string, string> = {}): Response {
  return text(words, "text/plain; charset=utf-8", status, headers);
}

function text(
  body: string,
  type: string,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, { status, headers: { "content-type": type, ...headers } });
}
