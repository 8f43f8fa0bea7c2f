import type { Logger } from "../../../src/base/log.ts";
import { type Logging, type LoggingOptions, startLogging } from "../../../src/log/logging.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** A log whose lines a test can look at. */
export interface Captured extends AsyncDisposable {
  readonly lines: string[];
  readonly clock: FakeClock;
  readonly logging: Logging;
  readonly log: Logger;
}

/** Starts a log that keeps its lines: logfmt, level info, nothing folded, unless told otherwise. */
export async function captureLog(options: Partial<LoggingOptions> = {}): Promise<Captured> {
  const lines: string[] = [];
  const clock = new FakeClock();
  const logging = await startLogging({
    clock,
    level: "info",
    debug: false,
    levels: {},
    format: "logfmt",
    terminal: false,
    colour: false,
    foldWindowMs: 0,
    foldAfter: 1,
    write: (line) => lines.push(line),
    ...options,
  });
  return {
    lines,
    clock,
    logging,
    log: logging.logger("test"),
    [Symbol.asyncDispose]: () => logging[Symbol.asyncDispose](),
  };
}
