/** Aborts on the first SIGINT or SIGTERM; the second calls `again`. */
export function stopOnSignals(again: () => void): { readonly stopping: AbortSignal } {
  const stop = new AbortController();
  const onSignal = () => stop.signal.aborted ? again() : stop.abort(new Error("stopping"));
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    try {
      Deno.addSignalListener(name, onSignal);
    } catch {
      // Windows knows no SIGTERM: there SIGINT alone stops the program.
    }
  }
  return { stopping: stop.signal };
}
