import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { spanInWords } from "../../base/times.ts";
import type { Bridge, BridgeHost, LinkEnd } from "../port/bridge.ts";
import type { LinkState } from "../port/observer.ts";
import { type NextStep, nextStep } from "./next_step.ts";

interface SupervisorOptions {
  readonly bridge: Bridge;
  /** What the bridge's reports of one connection go to; called once for each connection. */
  readonly host: (supervisor: Supervisor) => BridgeHost;
  /** The connection is over: none of its channels can be used any more. */
  readonly onLinkEnd: () => void;
  readonly onState: (state: LinkState) => void;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

const SECOND_MS = 1_000;
const NEWS_AGAIN_MS = 10_000;

type Retry = Exclude<NextStep, { kind: "stop" }>;

/** Somebody wants the connection made anew: the relay itself, or a person who asked for it. */
interface Wish {
  readonly reason: string;
  readonly by: "relay" | "person";
}

/**
 * Keeps one account connected for as long as the program runs: `run` decides and waits, the bridge's `runOnce` lives
 * one connection. It never gives up.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #state: LinkState = { kind: "idle" };
  #readyAtMs: number | null = null;
  #wasReady = false;
  /** Ends the current connection or wait. */
  #attempt: AbortController | null = null;
  #wanted: Wish | null = null;
  /** The reason that was told last, since the link was ready last. */
  #told: string | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Called by the host when the account is logged in. */
  linkUp(self: string): void {
    const { clock, log } = this.#options;
    this.#readyAtMs = clock.monotonic();
    log.info(this.#wasReady ? "connected again as {self}" : "connected as {self}", { self });
    this.#wasReady = true;
    this.#told = null;
    this.#setState({ kind: "ready", sinceMs: clock.now(), self });
  }

  /** Ends the connection, or the wait for it, and makes a new one at once. What a person asks for is no failure. */
  reconnect(reason: string, by: Wish["by"] = "relay"): void {
    if (this.#attempt === null) return;
    this.#wanted = { reason, by };
    this.#attempt.abort(new Error(reason));
  }

  /** Connects, and connects again, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let outageSinceMs = this.#options.clock.monotonic();
    while (!signal.aborted) {
      const { end, readyMs } = await this.#attemptOnce(signal, failures + 1);
      if (signal.aborted) break;
      const nowMs = this.#options.clock.monotonic();
      if (readyMs > 0) outageSinceMs = nowMs;
      const wanted = this.#wanted;
      this.#wanted = null;
      // The relay's own wishes are no failures either, but many in a row are slowed down like failures.
      if (wanted !== null && readyMs > 10_000) failures = 0;
      if (wanted !== null) {
        this.#options.log.info("reconnecting: {reason}", { reason: wanted.reason });
      }
      if (wanted?.by === "person") continue;
      const step = nextStep({
        end: end.kind === "stopped" ? { kind: "lost", reason: end.reason } : end,
        readyMs,
        failures: failures + 1,
        outageMs: nowMs - outageSinceMs,
        random: this.#options.random(),
      });
      if (step.kind === "stop") break;
      failures = step.failures;
      if (wanted === null) this.#tell(step, end);
      await this.#wait(step, wanted?.reason ?? end.reason, signal);
    }
    this.#setState({ kind: "stopped" });
  }

  async #attemptOnce(
    signal: AbortSignal,
    attempt: number,
  ): Promise<{ end: LinkEnd; readyMs: number }> {
    const { bridge, clock, host, onLinkEnd } = this.#options;
    this.#readyAtMs = null;
    this.#attempt = new AbortController();
    this.#setState({ kind: "connecting", sinceMs: clock.now(), attempt });
    const linkSignal = AbortSignal.any([signal, this.#attempt.signal]);
    const end = await Promise.try(() => bridge.runOnce(host(this), linkSignal))
      .catch(brokenPromise);
    onLinkEnd();
    const readyMs = this.#readyAtMs === null ? 0 : clock.monotonic() - this.#readyAtMs;
    return { end, readyMs };
  }

  #tell(step: Retry, end: LinkEnd): void {
    const { log } = this.#options;
    const facts = { reason: end.reason, wait: spanInWords(step.waitMs) };
    if (step.kind === "retry-slowly") {
      log.error("refused: {reason}. Action needed; next try in {wait}", facts);
      return;
    }
    // The quick tries of a young outage fail alike: once is enough until the waits grow long.
    const isNews = this.#told !== end.reason || step.waitMs >= NEWS_AGAIN_MS;
    this.#told = end.reason;
    // The first try is at once: what it has to wait for says so itself.
    const template = step.waitMs < SECOND_MS
      ? "not connected: {reason}"
      : "not connected: {reason}. Next try in {wait}";
    if (isNews) log.warn(template, facts);
    else log.debug(template, facts);
  }

  async #wait(step: Retry, reason: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.now() + step.waitMs;
    this.#setState(
      step.kind === "retry-slowly"
        ? { kind: "refused", untilMs, reason }
        : { kind: "waiting", untilMs, reason, attempt: step.failures },
    );
    this.#attempt = new AbortController();
    const wait = AbortSignal.any([signal, this.#attempt.signal]);
    await clock.sleep(step.waitMs, wait).catch(() => {});
    this.#wanted = null;
  }

  #setState(state: LinkState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

/** The port forbids it; should a bridge reject all the same, the account goes on like after any lost link. */
function brokenPromise(thrown: unknown): LinkEnd {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: "lost", reason: `internal error, please report it: ${reason}` };
}
