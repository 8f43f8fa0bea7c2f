import type { Clock } from "../../base/clock.ts";
import { NeedsPersonError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { LoginPauseFile } from "../../store/files/login_pause.ts";
import type { TokenCache } from "../../store/files/token_cache.ts";
import { fromCache, fromLogin, type HeldToken, toCache } from "./held_token.ts";
import { readJwt } from "./jwt.ts";
import { LoginError } from "./login_error.ts";
import { LoginGate, PERSON_WAIT_MS } from "./login_gate.ts";
import { LoginReport } from "./login_report.ts";
import { SharedFlight } from "./shared_flight.ts";
import {
  CHECK_EVERY_MS,
  RENEW_BEFORE_MS,
  type TokenAge,
  tokenAge,
  type TokenGrant,
  type TokenSource,
  type TokenStatus,
} from "./token_source.ts";

/** Logs in and answers the token. Has ended everything it started when it settles. */
export type Login = (signal: AbortSignal) => Promise<string>;

interface LoginSourceOptions {
  readonly cache: TokenCache;
  /** Null where no password is configured: then only a cached (imported) token can serve. */
  readonly login: Login | null;
  /** Where it is remembered over restarts that the password was refused; without it each start tries once. */
  readonly pause?: LoginPauseFile | null;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** A timer is never set shorter: a look costs nothing, a busy loop does. */
const SHORTEST_LOOK_MS = 1_000;

/** The token of a login: from the cache while it is good, else from a new login, renewed before it expires. */
export class LoginSource implements TokenSource {
  readonly #options: LoginSourceOptions;
  readonly #report: LoginReport;
  readonly #gate: LoginGate;
  readonly #flight: SharedFlight<string>;
  /** Between two looks of the daily check. */
  readonly #nap: Nap;
  #held: HeldToken | null = null;
  #loaded = false;
  #handedOut = false;
  #unsaved = false;
  #refusedToken: string | null = null;
  /** A renewed token that is short-lived must not be renewed at every look: monotonic milliseconds. */
  #renewNotBefore = -Infinity;
  #forced = false;

  constructor(options: LoginSourceOptions) {
    this.#options = options;
    this.#report = new LoginReport(options);
    this.#gate = new LoginGate(options);
    this.#nap = new Nap(options.clock);
    this.#flight = new SharedFlight((signal) => this.#obtain(signal));
  }

  async get(signal: AbortSignal): Promise<TokenGrant> {
    signal.throwIfAborted();
    const held = this.#held;
    const age = held === null ? "expired" : this.#age(held);
    // Once connected, a reconnect does not wait for a renewal: that goes on beside it.
    if (held !== null && (age === "valid" || (age === "soon" && this.#handedOut))) {
      if (age === "soon") this.#nap.wake();
      return this.#grant(held.token);
    }
    return this.#grant(await this.#flight.join(signal));
  }

  refused(token: string): void {
    const held = this.#held;
    if (held?.token !== token) return;
    this.#held = null;
    this.#handedOut = false;
    this.#unsaved = false;
    this.#refusedToken = token;
    const loginAt = held.loginAtMonotonic ?? -Infinity;
    if (this.#options.clock.monotonic() - loginAt >= PERSON_WAIT_MS) {
      this.#gate.forgetRefusals();
      this.#report.refused();
      return;
    }
    this.#gate.refusedAgain(
      "Kosmi refuses the token that a login gave just now. " +
        "Check in a browser that this account can enter the room",
    );
    this.#report.refusedAgain(this.#gate.waitMs);
  }

  async maintain(signal: AbortSignal): Promise<void> {
    try {
      while (true) {
        const waitMs = await this.#check(signal);
        await this.#nap.sleep(waitMs, signal);
      }
    } finally {
      await this.#flight.ended();
    }
  }

  async renew(signal: AbortSignal): Promise<void> {
    this.#forced = true;
    await this.#flight.join(signal);
  }

  status(): TokenStatus {
    const held = this.#held;
    return {
      origin: held?.origin ?? null,
      email: this.#options.cache.email,
      userId: held === null ? null : readJwt(held.token)?.subject ?? null,
      savedAtMs: held?.savedAtMs ?? null,
      expiresAtMs: held?.expiresAtMs ?? null,
      fault: this.#gate.reason,
    };
  }

  #grant(token: string): TokenGrant {
    this.#handedOut = true;
    return { token, expectsLogin: true };
  }

  #age(held: HeldToken): TokenAge {
    const { clock } = this.#options;
    const age = tokenAge(held.expiresAtMs, clock.now());
    return age === "soon" && clock.monotonic() < this.#renewNotBefore ? "valid" : age;
  }

  /** One look of the daily check; answers when to look again. */
  async #check(signal: AbortSignal): Promise<number> {
    const held = this.#held;
    if (held === null) return CHECK_EVERY_MS;
    if (this.#unsaved) await this.#save(held);
    if (this.#age(held) !== "valid" && this.#gate.waitMs === 0) {
      try {
        await this.#flight.join(signal);
      } catch {
        // It was said where it happened; the next look comes when the gate opens.
        signal.throwIfAborted();
      }
    }
    return this.#nextLookMs();
  }

  #nextLookMs(): number {
    const { clock, login } = this.#options;
    const held = this.#held;
    if (held === null || login === null) return CHECK_EVERY_MS;
    const dueMs = this.#age(held) !== "valid" ? this.#gate.waitMs : Math.max(
      held.expiresAtMs - RENEW_BEFORE_MS - clock.now(),
      this.#renewNotBefore - clock.monotonic(),
    );
    return Math.min(CHECK_EVERY_MS, Math.max(SHORTEST_LOOK_MS, dueMs));
  }

  /** The work of one flight: cache, renewal or login, whatever is due. */
  async #obtain(signal: AbortSignal): Promise<string> {
    const forced = this.#forced;
    this.#forced = false;
    if (forced) return await this.#logIn(signal);
    await this.#forgetRefused();
    if (!this.#loaded) {
      await this.#load();
      await this.#heedPause();
    }
    const held = this.#held;
    if (held === null || this.#age(held) === "expired") return await this.#logInWhenOpen(signal);
    if (this.#age(held) === "valid" || this.#gate.waitMs > 0) return held.token;
    return await this.#renewWhileValid(held, signal);
  }

  async #renewWhileValid(held: HeldToken, signal: AbortSignal): Promise<string> {
    this.#report.expiring(held);
    try {
      return await this.#logIn(signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#report.notRenewed(held, error, this.#nextLookMs());
      return held.token;
    }
  }

  async #load(): Promise<void> {
    const { cache, clock, login } = this.#options;
    const reading = await cache.load();
    this.#loaded = true;
    if (reading.kind !== "found") {
      this.#report.unusable(reading, cache.file);
      if (login !== null) this.#report.notCached();
      return;
    }
    const held = fromCache(reading.cached);
    this.#held = held;
    this.#report.doubts(reading.cached.expiresAtMs, held);
    const age = tokenAge(held.expiresAtMs, clock.now());
    if (age === "valid") this.#report.usingCached(held);
    // One that expires soon is reported by its renewal.
    if (age === "expired") this.#report.expiring(held);
  }

  /** An earlier run was told that the password is wrong. */
  async #heedPause(): Promise<void> {
    const { pause, clock } = this.#options;
    const found = await pause?.load() ?? null;
    if (found !== null) this.#gate.closeFor(found.untilMs - clock.now(), found.reason);
  }

  /** A refused token must not come back at the next start. */
  async #forgetRefused(): Promise<void> {
    const refused = this.#refusedToken;
    if (refused === null) return;
    this.#refusedToken = null;
    const { cache } = this.#options;
    const reading = await cache.load();
    if (reading.kind !== "found" || reading.cached.token !== refused) return;
    try {
      await cache.clear();
    } catch (error) {
      this.#report.notRemoved(error);
    }
  }

  async #logInWhenOpen(signal: AbortSignal): Promise<string> {
    const { waitMs } = this.#gate;
    if (waitMs === 0) return await this.#logIn(signal);
    // What only a person can mend is told at once; what passes by itself is waited for.
    if (this.#gate.isForPerson) throw this.#gate.closedError();
    this.#report.waiting(waitMs);
    await this.#options.clock.sleep(waitMs, signal);
    return await this.#logIn(signal);
  }

  async #logIn(signal: AbortSignal): Promise<string> {
    const { login, cache } = this.#options;
    if (login === null) {
      throw new NeedsPersonError(
        `Cannot log in as ${cache.email}: no Password is configured and no usable token is cached. ` +
          "Set Password, or give a token with: kosmi-relay token import",
        PERSON_WAIT_MS,
      );
    }
    this.#report.loggingIn();
    let token: string;
    try {
      token = await login(signal);
    } catch (error) {
      signal.throwIfAborted();
      const shown = this.#gate.failed(error);
      await this.#rememberRefusal(error);
      throw shown;
    }
    this.#gate.succeeded();
    await this.#options.pause?.clear();
    await this.#keep(token);
    return token;
  }

  async #rememberRefusal(error: unknown): Promise<void> {
    const { pause, clock } = this.#options;
    const isRefusal = error instanceof LoginError && error.failure === "wrongCredentials";
    if (!isRefusal) return;
    await pause?.save({ untilMs: clock.now() + this.#gate.waitMs, reason: error.message });
  }

  async #keep(token: string): Promise<void> {
    const { clock } = this.#options;
    const now = { nowMs: clock.now(), monotonicMs: clock.monotonic() };
    const { held, skewMs } = fromLogin(token, now);
    this.#held = held;
    this.#loaded = true;
    if (skewMs !== 0) this.#report.wrongClock(skewMs);
    const leftMs = held.expiresAtMs - now.nowMs;
    if (leftMs <= RENEW_BEFORE_MS) {
      this.#renewNotBefore = now.monotonicMs + Math.max(PERSON_WAIT_MS, leftMs / 2);
      this.#report.shortLived(held);
    }
    await this.#save(held);
  }

  async #save(held: HeldToken): Promise<void> {
    const { cache } = this.#options;
    try {
      await cache.save(toCache(held, cache.email));
      this.#unsaved = false;
      this.#report.cached(held);
    } catch (error) {
      // The daily check tries again; the fault is said once.
      if (!this.#unsaved) this.#report.notStored(error);
      this.#unsaved = true;
    }
  }
}

/** A sleep that somebody else may end early. One sleeper at a time. */
class Nap {
  readonly #clock: Clock;
  #woken: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `waitMs` or on `wake`; rejects with the signal's reason on abort. */
  async sleep(waitMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#woken = woken;
    try {
      await this.#clock.sleep(waitMs, AbortSignal.any([signal, woken.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      this.#woken = null;
    }
  }

  /** Without effect when nobody sleeps. */
  wake(): void {
    this.#woken?.abort();
  }
}
