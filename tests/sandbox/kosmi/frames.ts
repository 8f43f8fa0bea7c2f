import type { CompiledDocument } from "./documents.ts";
import type { KosmiCore } from "./core.ts";

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Puts an operation into the log, and counts introspections. */
export function recordOperation(
  core: KosmiCore,
  connection: number | null,
  compiled: CompiledDocument,
  query: string,
  variables: Record<string, unknown>,
): void {
  const fields = compiled.kind === "invalid" ? [] : compiled.fields;
  if (fields.includes("__schema") || fields.includes("__type")) core.counters.introspections += 1;
  core.record({
    kind: "operation",
    atMs: core.now(),
    connection,
    type: compiled.kind,
    name: compiled.kind === "invalid" ? null : compiled.name,
    fields,
    query,
    variables,
  });
}
