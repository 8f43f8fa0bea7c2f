import { runCommandLine } from "./commands/command_line.ts";
import { printErrorLine, stderrIsTerminal } from "./log/terminal.ts";

if (import.meta.main) {
  // The second signal ends the program at once, whatever is still under way.
  const signals = stopOnSignals(() => Deno.exit(1));
  const code = await runCommandLine(Deno.args, signals.stopping).catch((error) => {
    // Whatever arrives here was foreseen by nobody: the full text helps whoever mends it.
    printErrorLine(error instanceof Error ? error.stack ?? error.message : String(error));
    return 1;
  });
  Deno.exit(code);
}

/**
 * Aborts on the first SIGINT or SIGTERM, or when the terminal is closed; the second calls `again`. A SIGHUP from elsewhere
 * does not end the program: a relay reads its configuration again (see watchForReloads).
 */
function stopOnSignals(again: () => void): { readonly stopping: AbortSignal } {
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
