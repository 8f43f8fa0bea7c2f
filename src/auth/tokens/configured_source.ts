import type { Clock } from "../../base/clock.ts";
import { NeedsPersonError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { formatRfc3339 } from "../../base/times.ts";
import { readJwt } from "./jwt.ts";
import { PERSON_WAIT_MS } from "./login_gate.ts";
import {
  CHECK_EVERY_MS,
  tokenAge,
  type TokenGrant,
  type TokenSource,
  type TokenStatus,
} from "./token_source.ts";

interface ConfiguredSourceOptions {
  readonly token: string;
  /** Takes over when the configured token is refused; null where no login is configured. */
  readonly fallback: TokenSource | null;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The token that stands in the configuration. It can't be renewed here, so its end is announced in good time. */
export class ConfiguredSource implements TokenSource {
  readonly #options: ConfiguredSourceOptions;
  #refusedAt = -Infinity;
  #announced = false;

  constructor(options: ConfiguredSourceOptions) {
    this.#options = options;
  }

  async get(signal: AbortSignal): Promise<TokenGrant> {
    signal.throwIfAborted();
    const { clock, fallback, token } = this.#options;
    const wasRefused = this.#refusedAt !== -Infinity;
    if (wasRefused && fallback !== null) return await fallback.get(signal);
    const leftMs = this.#refusedAt + PERSON_WAIT_MS - clock.monotonic();
    if (leftMs > 1_000) throw this.#refusedError(leftMs);
    if (!this.#announced) this.#announceEnd();
    return { token, expectsLogin: true };
  }

  refused(token: string): void {
    const { clock, fallback, log } = this.#options;
    if (token !== this.#options.token) return fallback?.refused(token);
    this.#refusedAt = clock.monotonic();
    if (fallback !== null) {
      log.warn("Kosmi refused the configured Token: logging in with Email and Password instead");
    }
  }

  async maintain(signal: AbortSignal): Promise<void> {
    const { clock, fallback } = this.#options;
    const renewal = fallback?.maintain(signal);
    // Its rejection is awaited below, at the latest when the signal aborts.
    renewal?.catch(() => {});
    while (true) {
      await clock.sleep(CHECK_EVERY_MS, signal);
      if (this.#refusedAt === -Infinity) this.#announceEnd();
    }
  }

  async renew(signal: AbortSignal): Promise<void> {
    const { fallback } = this.#options;
    if (fallback === null) {
      throw new NeedsPersonError(
        "Cannot renew the configured Token: no Email and Password are set to log in with",
        PERSON_WAIT_MS,
      );
    }
    await fallback.renew(signal);
  }

  status(): TokenStatus {
    const { fallback, token } = this.#options;
    if (this.#refusedAt !== -Infinity && fallback !== null) return fallback.status();
    const claims = readJwt(token);
    return {
      origin: "configured",
      email: null,
      userId: claims?.subject ?? null,
      savedAtMs: null,
      expiresAtMs: claims?.expiresAtMs ?? null,
      fault: this.#refusedAt === -Infinity ? null : "Kosmi refused the configured Token",
    };
  }

  #refusedError(waitMs: number): NeedsPersonError {
    return new NeedsPersonError(
      "Kosmi refuses the configured Token. Put a new one into the configuration, or set Email and Password instead",
      waitMs,
    );
  }

  /** Says when the token is over or nearly so. */
  #announceEnd(): void {
    this.#announced = true;
    const { clock, log, token } = this.#options;
    const expiresAtMs = readJwt(token)?.expiresAtMs ?? null;
    if (expiresAtMs === null) return;
    const expiresAt = formatRfc3339(expiresAtMs);
    switch (tokenAge(expiresAtMs, clock.now())) {
      case "valid":
        return;
      case "soon":
        return log.warn("The configured Token expires at {expiresAt}: get a new one before", {
          expiresAt,
        });
      case "expired":
        return log.error("The configured Token expired at {expiresAt}: get a new one", {
          expiresAt,
        });
    }
  }
}
