import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { formatRfc3339 } from "../../base/times.ts";
import type { CacheReading } from "../../store/files/token_cache.ts";
import type { HeldToken } from "./held_token.ts";
import { roughly } from "./login_gate.ts";
import { hoursLeft, tokenAge } from "./token_source.ts";

/** A file's date and the token's own may differ by this much without a word. */
const NOTICEABLE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The log lines of a login token's life. Those that the seed document shows are word for word its own. */
export class LoginReport {
  readonly #log: Logger;
  readonly #clock: Clock;

  constructor(options: { readonly log: Logger; readonly clock: Clock }) {
    this.#log = options.log;
    this.#clock = options.clock;
  }

  usingCached(held: HeldToken): void {
    this.#log.info("✅ Using cached token (expires in {hours}h)", { hours: this.#hours(held) });
  }

  notCached(): void {
    this.#log.info("No cached token found, performing authentication...");
  }

  expiring(held: HeldToken): void {
    const properties = { expiresAt: formatRfc3339(held.expiresAtMs) };
    if (tokenAge(held.expiresAtMs, this.#clock.now()) === "expired") {
      this.#log.info("Cached token expired ({expiresAt}), will refresh", properties);
    } else {
      this.#log.info("Cached token expires soon ({expiresAt}), will refresh", properties);
    }
  }

  loggingIn(): void {
    this.#log.info("Starting browser automation for authentication...");
  }

  waiting(waitMs: number): void {
    this.#log.info("Next login in {wait}", { wait: roughly(waitMs) });
  }

  cached(held: HeldToken): void {
    this.#log.info("💾 Token cached (expires in {hours}h)", { hours: this.#hours(held) });
  }

  /** Why the cache gave nothing. */
  unusable(reading: Exclude<CacheReading, { kind: "found" }>, file: string): void {
    switch (reading.kind) {
      case "missing":
        return;
      case "otherEmail":
        this.#log.info("The token in {file} belongs to another email than the configured one", {
          file,
        });
        return;
      case "corrupt":
        this.#log.warn("Cannot use the token cache {file}: {reason}. {outcome}", {
          file,
          reason: reading.reason,
          outcome: reading.setAsideAs === null
            ? "It could not be set aside"
            : `It was set aside as ${reading.setAsideAs}`,
        });
        return;
      case "unreadable":
        this.#log.warn("Cannot read the token cache {file}: {reason}", {
          file,
          reason: reading.reason,
        });
    }
  }

  /** What the cache file says that can't be true. */
  doubts(writtenExpiryMs: number, held: HeldToken): void {
    if (Math.abs(writtenExpiryMs - held.expiresAtMs) >= NOTICEABLE_MS) {
      this.#log.warn(
        "The token cache says that the token expires at {written}, the token itself says {actual}: the token is right",
        { written: formatRfc3339(writtenExpiryMs), actual: formatRfc3339(held.expiresAtMs) },
      );
    }
    if (held.savedAtMs - this.#clock.now() >= HOUR_MS) {
      this.#log.warn(
        "The cached token was saved at {savedAt}, which is in the future: check this machine's clock",
        { savedAt: formatRfc3339(held.savedAtMs) },
      );
    }
  }

  wrongClock(skewMs: number): void {
    this.#log.warn("This machine's clock is {difference} {direction} Kosmi's: please set it", {
      difference: roughly(Math.abs(skewMs)),
      direction: skewMs > 0 ? "behind" : "ahead of",
    });
  }

  shortLived(held: HeldToken): void {
    this.#log.warn("The new token expires already in {left}", {
      left: roughly(held.expiresAtMs - this.#clock.now()),
    });
  }

  notRenewed(held: HeldToken, thrown: unknown, nextTryMs: number): void {
    this.#log.warn(
      "Cannot renew the token: {reason}. The old one is used until {expiresAt} ({left}); next try in {wait}",
      {
        reason: describeError(thrown),
        expiresAt: formatRfc3339(held.expiresAtMs),
        left: roughly(held.expiresAtMs - this.#clock.now()),
        wait: roughly(nextTryMs),
      },
    );
  }

  notStored(thrown: unknown): void {
    this.#log.warn(
      "Cannot store the token: {reason} It is kept in memory: the next start has to log in again",
      { reason: describeError(thrown) },
    );
  }

  notRemoved(thrown: unknown): void {
    this.#log.warn("Cannot remove the refused token from the cache: {reason}", {
      reason: describeError(thrown),
    });
  }

  refused(): void {
    this.#log.warn("Kosmi refused the token: it is discarded and replaced by a new login");
  }

  refusedAgain(nextTryMs: number): void {
    this.#log.error("Kosmi refused the new token too. Next login in {wait}", {
      wait: roughly(nextTryMs),
    });
  }

  #hours(held: HeldToken): number {
    return hoursLeft(held.expiresAtMs, this.#clock.now());
  }
}
