import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";

/**
 * A fault that nobody caught must not end the work of everybody else; it is said in full instead. Libraries have such:
 * one that ends a browser may not kill it in the compiled binary, and rejects into the void.
 */
export function catchStrayFaults(log: Logger): { stop(): void } {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    log.error("unexpected fault of the program: {error}", { error: describeError(event.reason) });
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  return { stop: () => globalThis.removeEventListener("unhandledrejection", onRejection) };
}
