import { backoffMs, type BackoffPolicy } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError, NeedsPersonError } from "../../base/errors.ts";
import { LoginError } from "./login_error.ts";

/** The least time between two logins when the first gave nothing that helps. */
export const PERSON_WAIT_MS = 15 * 60_000;
const PERSON_WAIT_CAP_MS = 4 * 3_600_000;
const FAULT_BACKOFF: BackoffPolicy = { baseMs: 30_000, capMs: 30 * 60_000, jitter: 0.5 };
/** Who waited as told must not come too early by a timer's rounding. */
const TOLERANCE_MS = 1_000;

/**
 * Decides whether a login may be tried now, so that nothing that asks too often becomes a storm of logins: back-off
 * after faults, 15 minutes and more after what only a person can mend.
 */
export class LoginGate {
  readonly #clock: Clock;
  readonly #random: () => number;
  #closedUntil = -Infinity;
  #why: { readonly message: string; readonly forPerson: boolean } | null = null;
  #faults = 0;
  #personFaults = 0;

  constructor(options: { readonly clock: Clock; readonly random: () => number }) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** Milliseconds until the next login may be tried; 0 when it may be tried now. */
  get waitMs(): number {
    const leftMs = this.#closedUntil - this.#clock.monotonic();
    return leftMs <= TOLERANCE_MS ? 0 : leftMs;
  }

  /** Why it is closed, or was last; null when nothing failed since the last success. */
  get reason(): string | null {
    return this.#why?.message ?? null;
  }

  /** True when only a person can mend why it is closed. */
  get isForPerson(): boolean {
    return this.#why?.forPerson === true;
  }

  /** The error for somebody who asks while it is closed for a person. */
  closedError(): NeedsPersonError {
    return new NeedsPersonError(this.#why?.message ?? "Cannot log in yet", this.waitMs);
  }

  /** A login failed. Returns the error for the caller. */
  failed(thrown: unknown): Error {
    const message = describeError(thrown);
    if (thrown instanceof LoginError && thrown.needsPerson) return this.#closeForPerson(message);
    this.#faults++;
    this.#why = { message, forPerson: false };
    this.#closeFor(backoffMs(FAULT_BACKOFF, this.#faults + 1, this.#random()));
    return thrown instanceof Error ? thrown : new Error(message);
  }

  /** A login gave a token. */
  succeeded(): void {
    this.#faults = 0;
    this.#why = null;
  }

  /** The service refused the token of a login that had just succeeded. Returns the error for the caller. */
  refusedAgain(message: string): Error {
    return this.#closeForPerson(message);
  }

  /** A token did its work: what was refused before is history. */
  forgetRefusals(): void {
    this.#personFaults = 0;
  }

  /** Somebody else (an earlier run) knows that a login is of no use for this long. */
  closeFor(waitMs: number, message: string): void {
    this.#why = { message, forPerson: true };
    this.#closeFor(waitMs);
  }

  #closeForPerson(message: string): NeedsPersonError {
    const waitMs = Math.min(
      PERSON_WAIT_CAP_MS,
      PERSON_WAIT_MS * 2 ** Math.min(this.#personFaults, 10),
    );
    this.#personFaults++;
    this.#why = { message, forPerson: true };
    this.#closeFor(waitMs);
    return new NeedsPersonError(message, waitMs);
  }

  #closeFor(waitMs: number): void {
    this.#closedUntil = this.#clock.monotonic() + waitMs;
  }
}

/** "40 s", "15 min", "4 h": for people. */
export function roughly(waitMs: number): string {
  if (waitMs < 120_000) return `${Math.max(1, Math.round(waitMs / 1000))} s`;
  if (waitMs < 7_200_000) return `${Math.round(waitMs / 60_000)} min`;
  return `${Math.round(waitMs / 3_600_000)} h`;
}
