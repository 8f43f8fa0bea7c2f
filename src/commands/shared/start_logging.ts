import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Config } from "../../config/options/config.ts";
import { secretsOf } from "../../config/options/secrets.ts";
import { type Logging, type LoggingOptions, startLogging } from "../../log/logging.ts";
import { exportLine, openTelemetry } from "../../log/telemetry.ts";
import { stderrIsTerminal, wantsColour } from "../../log/terminal.ts";

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
    if (account.protocol !== "kosmi" || !/[?@]/.test(account.options.browserUrl ?? "")) continue;
    logging.logger("trace").warn(
      "BrowserURL of {account} holds a secret, and OpenTelemetry exports addresses: " +
        "only send them to a collector that may know it",
      { account: account.id },
    );
  }
}

/**
 * A fault that nobody caught must not end the work of everybody else; it is said in full instead. Libraries have such:
 * one that ends a browser may not kill it in the compiled binary, and rejects into the void.
 */
export function catchStrayFaults(log: Logger): { stop(): void } {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    log.error("internal error, please report it: {error}", { error: describeError(event.reason) });
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  return { stop: () => globalThis.removeEventListener("unhandledrejection", onRejection) };
}
