import { runCommandLine } from "./commands/command_line.ts";
import { stopOnSignals } from "./commands/signals.ts";
import { printErrorLine } from "./observability/terminal.ts";

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
