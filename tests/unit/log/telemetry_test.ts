// deno-lint-ignore-file no-console -- the console is what is tested
import assert from "node:assert/strict";
import { exportLine, openTelemetry } from "../../../src/log/telemetry.ts";

const REGISTERED = Symbol.for("opentelemetry.js.api.1");

Deno.test("openTelemetry() is null unless a tracer is registered", async () => {
  assert.equal(await openTelemetry(), null);
});

Deno.test("openTelemetry() tells the ids of the trace of this moment", async () => {
  const registered: Record<string, unknown> = { version: "1.999.0" };
  Reflect.set(globalThis, REGISTERED, registered);
  try {
    const telemetry = await openTelemetry();
    assert.ok(telemetry !== null);
    assert.equal(telemetry.traceIds(), null);
    const { trace, ROOT_CONTEXT } = telemetry.api;
    const ids = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
    const context = trace.setSpanContext(ROOT_CONTEXT, ids);
    registered["context"] = { active: () => context };
    assert.deepEqual(telemetry.traceIds(), { trace_id: ids.traceId, span_id: ids.spanId });
  } finally {
    Reflect.deleteProperty(globalThis, REGISTERED);
  }
});

Deno.test("exportLine() hands each level to the console's own, the text as it is", () => {
  const said: unknown[] = [];
  const { debug, info, warn, error } = console;
  console.debug = (...parts) => said.push(["debug", ...parts]);
  console.info = (...parts) => said.push(["info", ...parts]);
  console.warn = (...parts) => said.push(["warn", ...parts]);
  console.error = (...parts) => said.push(["error", ...parts]);
  try {
    for (const level of ["debug", "info", "warning", "error"] as const) exportLine(level, "100 %s");
  } finally {
    Object.assign(console, { debug, info, warn, error });
  }
  assert.deepEqual(said, [
    ["debug", "%s", "100 %s"],
    ["info", "%s", "100 %s"],
    ["warn", "%s", "100 %s"],
    ["error", "%s", "100 %s"],
  ]);
});
