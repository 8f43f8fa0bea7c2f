// deno-lint-ignore-file no-console -- the console is what Deno exports as logs
import type * as Otel from "@opentelemetry/api";
import type { LogLevel } from "./log_line.ts";

/** What Deno's own OpenTelemetry export offers to this program. */
export interface Telemetry {
  readonly api: typeof Otel;
  /** The ids of the trace that what happens now belongs to; null outside of one. */
  traceIds(): TraceIds | null;
}

/** A type and not an interface, so that it can be properties of a log line. */
type TraceIds = {
  readonly trace_id: string;
  readonly span_id: string;
};

/** Where Deno puts its tracer when OTEL_DENO=true, for every copy of the API to find. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/** Null unless the program was started with OTEL_DENO=true: then nothing of it is read or done. */
export async function openTelemetry(): Promise<Telemetry | null> {
  if (!(REGISTERED in globalThis)) return null;
  const api = await import("@opentelemetry/api");
  return {
    api,
    traceIds() {
      const context = api.trace.getActiveSpan()?.spanContext();
      return context === undefined ? null : { trace_id: context.traceId, span_id: context.spanId };
    },
  };
}

/** Hands a log line to Deno, which exports what goes through the console, with the trace it belongs to. */
export function exportLine(level: LogLevel, text: string): void {
  // With a format of our own, no % of the text is taken for one.
  const say = {
    debug: console.debug,
    info: console.info,
    warning: console.warn,
    error: console.error,
  };
  say[level]("%s", text);
}
