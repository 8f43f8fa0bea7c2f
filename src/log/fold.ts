import type { Clock } from "../base/clock.ts";
import type { LogLine } from "./log_line.ts";

/** Lines that are watched for repeats at once; the oldest are given up first. */
const MOST_WATCHED = 500;

interface FoldOptions {
  readonly clock: Clock;
  /** How long a line stands for its repeats; 0: every line is shown. */
  readonly windowMs: number;
  /** So many equal lines within the window are shown as they come: a link that came back twice is no noise. */
  readonly showFirst: number;
  readonly show: (line: LogLine) => void;
}

interface Watched {
  readonly line: LogLine;
  readonly sinceMs: number;
  times: number;
}

/**
 * Shows the first few of a run of equal lines at once and the rest as one line at the end of the window:
 * "… 57 times in 60 s" counts the first ones too. Debug lines are never folded: who reads them wants each in its place.
 */
export class Folder implements Disposable {
  readonly #options: FoldOptions;
  /** In order of their first showing, so that the first entry is the first to run out. */
  readonly #watched = new Map<string, Watched>();
  readonly #ended = new AbortController();
  #sweeping = false;

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  take(line: LogLine): void {
    if (this.#options.windowMs === 0 || line.level === "debug" || this.#ended.signal.aborted) {
      this.#options.show(line);
      return;
    }
    this.#showExpired();
    const key = keyOf(line);
    const watched = this.#watched.get(key);
    if (watched === undefined) return this.#watch(key, line);
    watched.times++;
    if (watched.times <= this.#options.showFirst) this.#options.show(line);
    else this.#sweep();
  }

  /** Shows every summary that is due later, and folds no more. */
  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const watched of this.#watched.values()) this.#summarise(watched);
    this.#watched.clear();
  }

  #watch(key: string, line: LogLine): void {
    if (this.#watched.size >= MOST_WATCHED) this.#giveUpOldest();
    this.#watched.set(key, { line, sinceMs: this.#options.clock.monotonic(), times: 1 });
    this.#options.show(line);
  }

  #giveUpOldest(): void {
    for (const [key, watched] of this.#watched) {
      this.#watched.delete(key);
      this.#summarise(watched);
      return;
    }
  }

  #showExpired(): void {
    const oldestMs = this.#options.clock.monotonic() - this.#options.windowMs;
    for (const [key, watched] of this.#watched) {
      if (watched.sinceMs > oldestMs) return;
      this.#watched.delete(key);
      this.#summarise(watched);
    }
  }

  #summarise({ line, times, sinceMs }: Watched): void {
    const { clock, show, showFirst } = this.#options;
    if (times <= showFirst) return;
    const seconds = Math.max(1, Math.round((clock.monotonic() - sinceMs) / 1000));
    const message = `${line.message} … ${times} times in ${seconds} s`;
    const properties = new Map([...line.properties, ["times", times]]);
    show({ ...line, atMs: clock.now(), message, properties });
  }

  /** Runs only while a summary is due, so that a quiet log keeps no timer. */
  #sweep(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#sweepUntilQuiet().catch(() => {}).finally(() => this.#sweeping = false);
  }

  async #sweepUntilQuiet(): Promise<void> {
    const { clock, windowMs } = this.#options;
    for (;;) {
      const first = [...this.#watched.values()].find(({ times }) =>
        times > this.#options.showFirst
      );
      if (first === undefined) return;
      await clock.sleep(first.sinceMs + windowMs - clock.monotonic(), this.#ended.signal);
      this.#showExpired();
    }
  }
}

function keyOf(line: LogLine): string {
  return JSON.stringify([line.level, line.category, line.message, [...line.properties]]);
}
