import { stderrIsTerminal } from "../observability/terminal.ts";

/**
 * Aborts on the first SIGINT or SIGTERM, or when the terminal is closed; the second calls `again`. A SIGHUP from elsewhere
 * does not end the program: a relay reads its configuration again (see watchForReloads).
 */
export function stopOnSignals(again: () => void): { readonly stopping: AbortSignal } {
  const stop = new AbortController();
  const onSignal = () => stop.signal.aborted ? again() : stop.abort(new Error("stopping"));
  const hadTerminal = stderrIsTerminal();
  listen("SIGINT", onSignal);
  listen("SIGTERM", onSignal);
  listen("SIGHUP", () => {
    if (hadTerminal && !stderrIsTerminal()) onSignal();
  });
  return { stopping: stop.signal };
}

function listen(name: Deno.Signal, act: () => void): void {
  try {
    Deno.addSignalListener(name, act);
  } catch {
    // Windows knows no SIGTERM: there SIGINT alone stops the program.
  }
}
