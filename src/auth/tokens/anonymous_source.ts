import type { Clock } from "../../base/clock.ts";
import type { VisitorToken } from "../../store/files/visitor_token.ts";
import { readJwt } from "./jwt.ts";
import { SharedFlight, untilAborted } from "./shared_flight.ts";
import type { TokenGrant, TokenSource, TokenStatus } from "./token_source.ts";

interface AnonymousSourceOptions {
  /** Asks the service for a new anonymous token. */
  readonly login: (signal: AbortSignal) => Promise<string>;
  /** Keeps the token over restarts; absent: in memory only. */
  readonly kept?: VisitorToken;
  readonly clock: Clock;
}

/**
 * An anonymous token, kept so that a reconnect, and the next run, come back as the same anonymous user: as another one the
 * account would take its own messages in a room's archive for somebody else's.
 */
export class AnonymousSource implements TokenSource {
  readonly #clock: Clock;
  readonly #flight: SharedFlight<string>;
  readonly #kept: VisitorToken | null;
  #token: string | null = null;
  #looked = false;

  constructor(options: AnonymousSourceOptions) {
    this.#clock = options.clock;
    this.#kept = options.kept ?? null;
    this.#flight = new SharedFlight(async (signal) => {
      const token = await options.login(signal);
      this.#token = token;
      await this.#kept?.save(token);
      return token;
    });
  }

  async get(signal: AbortSignal): Promise<TokenGrant> {
    signal.throwIfAborted();
    await this.#look();
    const token = this.#usable() ?? await this.#flight.join(signal);
    return { token, expectsLogin: false };
  }

  refused(token: string): void {
    if (this.#token !== token) return;
    this.#token = null;
    void this.#kept?.save(null);
  }

  /** Nothing to renew: an expired one is replaced at the next connection. */
  async maintain(signal: AbortSignal): Promise<void> {
    await untilAborted(new Promise<never>(() => {}), signal);
  }

  async renew(signal: AbortSignal): Promise<void> {
    await this.#flight.join(signal);
  }

  status(): TokenStatus {
    const claims = this.#token === null ? null : readJwt(this.#token);
    return {
      origin: this.#token === null ? null : "anonymous",
      email: null,
      userId: claims?.subject ?? null,
      savedAtMs: null,
      expiresAtMs: claims?.expiresAtMs ?? null,
      fault: null,
    };
  }

  /** Once: later this run's own token counts. */
  async #look(): Promise<void> {
    if (this.#looked || this.#kept === null) return;
    const kept = await this.#kept.load();
    if (!this.#looked) this.#token ??= kept;
    this.#looked = true;
  }

  #usable(): string | null {
    if (this.#token === null) return null;
    const expiresAtMs = readJwt(this.#token)?.expiresAtMs ?? Infinity;
    return expiresAtMs > this.#clock.now() ? this.#token : null;
  }
}
