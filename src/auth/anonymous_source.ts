import type { Clock } from "../base/clock.ts";
import { readJwt } from "./jwt.ts";
import { SharedFlight, untilAborted } from "./shared_flight.ts";
import type { TokenGrant, TokenSource, TokenStatus } from "./token_source.ts";

export interface AnonymousSourceOptions {
  /** Asks the service for a new anonymous token. */
  readonly login: (signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
}

/** An anonymous token, kept in memory so that a reconnect comes back as the same anonymous user. */
export class AnonymousSource implements TokenSource {
  readonly #clock: Clock;
  readonly #flight: SharedFlight<string>;
  #token: string | null = null;

  constructor(options: AnonymousSourceOptions) {
    this.#clock = options.clock;
    this.#flight = new SharedFlight(async (signal) => {
      this.#token = await options.login(signal);
      return this.#token;
    });
  }

  async get(signal: AbortSignal): Promise<TokenGrant> {
    signal.throwIfAborted();
    const token = this.#usable() ?? await this.#flight.join(signal);
    return { token, expectsLogin: false };
  }

  refused(token: string): void {
    if (this.#token === token) this.#token = null;
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

  #usable(): string | null {
    if (this.#token === null) return null;
    const expiresAtMs = readJwt(this.#token)?.expiresAtMs ?? Infinity;
    return expiresAtMs > this.#clock.now() ? this.#token : null;
  }
}
