import { systemClock } from "../base/clock.ts";
import { secretsOf } from "../config/secrets.ts";
import type { Config } from "../config/types.ts";
import { type Logging, type LoggingOptions, startLogging } from "../observability/logging.ts";
import { exportLine, openTelemetry } from "../observability/telemetry.ts";
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
    ...await exported(),
  });
  for (const secret of secretsOf(config)) logging.secrets.add(secret);
  if (await openTelemetry() !== null) warnOfAddresses(config, logging);
  return logging;
}

/**
 * With OTEL_DENO=true Deno exports what the console shows. By default it shows it as well, so that nothing else may;
 * with OTEL_DENO_CONSOLE=replace it does not.
 */
async function exported(): Promise<Partial<LoggingOptions>> {
  const telemetry = await openTelemetry();
  const how = Deno.env.get("OTEL_DENO_CONSOLE") ?? "capture";
  if (telemetry === null || how === "ignore") return {};
  const mirror = { mirror: exportLine, context: () => telemetry.traceIds() };
  return how === "replace" ? mirror : { ...mirror, write: () => {} };
}

/** Deno makes a span of each HTTP request, with its whole address: nothing can be taken out of that here. */
function warnOfAddresses(config: Config, logging: Logging): void {
  for (const account of config.accounts) {
    if (account.protocol !== "kosmi" || !/[?@]/.test(account.browserUrl ?? "")) continue;
    logging.logger("trace").warn(
      "BrowserURL of {account} holds a secret, and OpenTelemetry exports addresses: " +
        "only send them to a collector that may know it",
      { account: account.id },
    );
  }
}
