import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { isLoopback } from "../base/loopback.ts";

interface StatusAccessOptions {
  /** Null: whoever reaches the address may look; only for loopback. */
  readonly token: string | null;
  /** Where the page listens. */
  readonly host: string;
  readonly clock: Clock;
}

const COOKIE = "kosmi_relay_session";
const SESSION_MS = 30 * 86_400_000;
const MOST_SESSIONS = 200;
/** A wrong token is answered so late, as long as not too many wait: who mistypes does not notice, who guesses does. */
const WRONG_TOKEN_MS = 500;
const MOST_WAITING = 20;

/** Decides who may see the page. */
export class StatusAccess {
  readonly #options: StatusAccessOptions;
  /** Session -> when it ends (monotonic). */
  readonly #sessions = new Map<string, number>();
  #waiting = 0;

  constructor(options: StatusAccessOptions) {
    this.#options = options;
  }

  get needsToken(): boolean {
    return this.#options.token !== null;
  }

  /**
   * False where a page of somebody else's may be asking under a name of its own (DNS rebinding). With a token that is no
   * danger: its browser has no session under that name.
   */
  isOurName(request: Request): boolean {
    if (this.needsToken) return true;
    const host = request.headers.get("host") ?? "";
    const name = host.replace(/:\d*$/, "").toLowerCase();
    return isLoopback(name) || name.replace(/^\[|\]$/g, "") === this.#options.host.toLowerCase();
  }

  /** May the asker see everything? */
  maySee(request: Request): boolean {
    if (!this.needsToken) return true;
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    return bearer !== undefined && this.#isToken(bearer) || this.#hasSession(request);
  }

  /** The Set-Cookie of a new session for the right token; null for a wrong one, after a while. */
  async logIn(given: string, signal: AbortSignal): Promise<string | null> {
    if (this.#isToken(given)) return this.#openSession();
    if (this.#waiting < MOST_WAITING) {
      this.#waiting++;
      await this.#options.clock.sleep(WRONG_TOKEN_MS, signal).catch(() => {});
      this.#waiting--;
    }
    return null;
  }

  /** Takes equally long for every wrong token, whatever its length. */
  #isToken(given: string): boolean {
    const { token } = this.#options;
    if (token === null) return false;
    return timingSafeEqual(digest(given), digest(token));
  }

  #openSession(): string {
    const now = this.#options.clock.monotonic();
    for (const [session, endMs] of this.#sessions) {
      if (endMs <= now || this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(session);
    }
    const session = crypto.randomUUID();
    this.#sessions.set(session, now + SESSION_MS);
    // Lax: a link to the page, from a chat say, must find the session; nothing here changes anything.
    return `${COOKIE}=${session}; HttpOnly; SameSite=Lax; Max-Age=${SESSION_MS / 1_000}`;
  }

  #hasSession(request: Request): boolean {
    const cookies = (request.headers.get("cookie") ?? "").split(/; */);
    const found = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
    const endMs = this.#sessions.get(found?.slice(COOKIE.length + 1) ?? "");
    return endMs !== undefined && endMs > this.#options.clock.monotonic();
  }
}

/** Of one length whatever was given. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
