import type { Clock } from "../../base/clock.ts";

/**
 * When a transaction must be on the disk itself, not only in the system's cache, where a power cut would undo it. The
 * death of this process never undoes one.
 *
 * `settled`: as soon as the disk allows it. `soon`: it stands between a message and its sending, and its settlement will take
 * it along. docs/delivery-store.md says what each costs.
 */
export type Durability = "settled" | "soon";

/** SQLite's write-ahead log, as far as it is brought to the disk here. */
export interface LogFile {
  /** Resolves when all that was written before is on the disk. */
  syncData(): Promise<void>;
  close(): void;
}

/** Opens the log of a database file; tests give one that is slow, fails or counts. */
export type OpenLog = (path: string) => LogFile;

export function openLogFile(path: string): LogFile {
  return Deno.openSync(path, { read: true, write: true });
}

interface LogSyncOptions {
  readonly path: string;
  readonly openLog: OpenLog;
  readonly clock: Clock;
  readonly failed: (thrown: unknown) => void;
}

/** The disk is left alone for so long between two syncs, and for ten times as long as the last one took. */
const LEAST_PAUSE_MS = 50;
const PAUSE_SHARE = 10;
/** What no settlement took along by then is synced when somebody looks. */
const OVERDUE_MS = 1_000;

/**
 * Brings the log to the disk beside the event loop: commits are never held up by it, however slow the disk is. The log is
 * written from front to back, so that a power cut undoes the last commits only, and never one without those behind it.
 */
export class LogSync {
  readonly #options: LogSyncOptions;
  readonly #closed = new AbortController();
  #file: LogFile | null = null;
  /** Time of the first commit that the disk may not have; null when it has all. */
  #openSinceMs: number | null = null;
  /** Something must reach the disk as soon as it can. */
  #isWanted = false;
  /** A sync runs, or waits for the end of the pause. */
  #isBusy = false;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: LogSyncOptions) {
    this.#options = options;
  }

  committed(durability: Durability): void {
    this.#openSinceMs ??= this.#options.clock.monotonic();
    if (durability === "settled") this.#begin();
  }

  /** Begins a sync where something has waited too long for one. */
  look(): void {
    const sinceMs = this.#openSinceMs;
    if (sinceMs !== null && this.#options.clock.monotonic() - sinceMs >= OVERDUE_MS) this.#begin();
  }

  /** SQLite itself syncs what it closes. */
  close(): void {
    this.#closed.abort();
    this.#file?.close();
    this.#file = null;
  }

  #begin(): void {
    this.#isWanted = true;
    if (this.#isBusy || this.#closed.signal.aborted) return;
    this.#isBusy = true;
    this.#run().catch((thrown) => {
      if (!this.#closed.signal.aborted) this.#options.failed(thrown);
    }).finally(() => {
      this.#isBusy = false;
      if (this.#isWanted) this.#begin();
    });
  }

  /** One sync after the other, until the disk has all. */
  async #run(): Promise<void> {
    const { clock, openLog, path } = this.#options;
    while (this.#isWanted) {
      const waitMs = this.#restUntilMs - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      this.#isWanted = false;
      this.#openSinceMs = null;
      const beginMs = clock.monotonic();
      this.#file ??= openLog(path);
      await this.#file.syncData();
      const endMs = clock.monotonic();
      this.#restUntilMs = endMs + Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * (endMs - beginMs));
    }
  }
}
