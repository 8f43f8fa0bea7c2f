import { systemClock } from "../base/clock.ts";
import { secretsOf } from "../config/secrets.ts";
import type { Config } from "../config/types.ts";
import { type Logging, startLogging } from "../observability/logging.ts";
import { stderrIsTerminal, wantsColour } from "../observability/terminal.ts";

/** Starts the log as the configuration wants it, with all its secrets known. */
export async function startOurLogging(config: Config, debug: boolean): Promise<Logging> {
  const { general } = config;
  const terminal = stderrIsTerminal();
  const logging = await startLogging({
    clock: systemClock,
    level: general.logLevel,
    debug: debug || general.debug,
    levels: general.logLevels,
    format: general.logFormat,
    terminal,
    colour: wantsColour(terminal),
  });
  for (const secret of secretsOf(config)) logging.secrets.add(secret);
  return logging;
}
