import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { isLoopback } from "../../base/loopback.ts";
import { TokenBucket } from "../../base/token_bucket.ts";

interface AccessOptions {
  /** The address that the API listens on, without brackets. */
  readonly host: string;
  /** Null: everyone who reaches the address has access; only for loopback. */
  readonly token: string | null;
  /** Origins of web pages that may use the API, such as "https://example.org"; "*" for all. */
  readonly allowOrigins: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly retryAfterS?: number;
}

/** A wrong token is answered this late, so that guessing is slow; beyond MOST_WAITING at once it is answered at once. */
const WRONG_TOKEN_MS = 500;
const MOST_WAITING = 20;
const WARN_EVERY_MS = 60_000;

/** Posts: this many at once, then one each POST_EVERY_MS. */
const POST_BURST = 1_000;
const POST_EVERY_MS = 5;

/** Decides who may use the API, and how often. */
export class Access {
  readonly #options: AccessOptions;
  readonly #posts: TokenBucket;
  readonly #warnings: TokenBucket;
  #waiting = 0;

  constructor(options: AccessOptions) {
    this.#options = options;
    const nowMs = options.clock.monotonic();
    this.#posts = new TokenBucket({ capacity: POST_BURST, refillMs: POST_EVERY_MS }, nowMs);
    this.#warnings = new TokenBucket({ capacity: 1, refillMs: WARN_EVERY_MS }, nowMs);
  }

  /** What a web page must not do; null if the request is not one of a page, or the page is allowed. */
  pageRefusal(request: Request): Refusal | null {
    if (!this.#isOwnName(request)) {
      return {
        status: 421,
        message:
          "The relay has no such name. To reach it by another name than its address, set Token",
      };
    }
    const origin = request.headers.get("origin");
    if (origin !== null) {
      return this.#allows(origin) ? null : {
        status: 403,
        message: `Pages of ${origin.slice(0, 200)} may not use the API. Add it to AllowOrigins`,
      };
    }
    // An image or a script of another site: the browser sends no Origin, and would take messages away.
    const site = request.headers.get("sec-fetch-site");
    return site === "cross-site" || site === "same-site"
      ? { status: 403, message: "Only fetch() and WebSocket of an allowed page may use the API" }
      : null;
  }

  /** Resolves with null if the request carries the token, after a while with the refusal if not. */
  async tokenRefusal(request: Request, signal: AbortSignal): Promise<Refusal | null> {
    const { token, clock, log } = this.#options;
    if (token === null) return null;
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (bearer === undefined) {
      return { status: 401, message: "Send the header Authorization: Bearer TOKEN" };
    }
    if (timingSafeEqual(digest(bearer), digest(token))) return null;
    if (this.#warnings.tryTake(clock.monotonic())) {
      log.warn("a client sent a wrong token: compare its token with Token in the configuration");
    }
    if (this.#waiting < MOST_WAITING) {
      this.#waiting++;
      await clock.sleep(WRONG_TOKEN_MS, signal).catch(() => {});
      this.#waiting--;
    }
    return { status: 401, message: "Wrong token" };
  }

  /** Null if one more message may be posted now. */
  rateRefusal(): Refusal | null {
    return this.#posts.tryTake(this.#options.clock.monotonic()) ? null : {
      status: 429,
      message: `Too many messages: at most ${1_000 / POST_EVERY_MS} a second`,
      retryAfterS: 1,
    };
  }

  /** Lets an allowed page read the response; for its preflight request too. */
  corsHeaders(request: Request): Record<string, string> {
    const origin = request.headers.get("origin");
    if (origin === null || !this.#allows(origin)) return {};
    return {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "authorization, content-type, idempotency-key",
      "access-control-allow-private-network": "true",
      "access-control-max-age": "600",
      "vary": "origin",
    };
  }

  #allows(origin: string): boolean {
    return this.#options.allowOrigins.some((allowed) => allowed === "*" || allowed === origin);
  }

  /** False for a page that gave its own name this machine's address (DNS rebinding); with a token that gains it nothing. */
  #isOwnName(request: Request): boolean {
    if (this.#options.token !== null) return true;
    const name = (request.headers.get("host") ?? "").replace(/:\d*$/, "").toLowerCase();
    return isLoopback(name) || name.replace(/^\[|\]$/g, "") === this.#options.host.toLowerCase();
  }
}

/** Of one length whatever was given, so that comparing takes equally long. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
