import * as api from "@opentelemetry/api";
import assert from "node:assert/strict";
import { tracing } from "../../../src/status/tracing.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { FILMS, MAIN, StatusWorld } from "./status_world.ts";

/** A tracer that writes down what its spans are told. */
function recorded() {
  const told: unknown[] = [];
  const startSpan = (_name: string, { startTime, attributes }: api.SpanOptions) => {
    const id = `${attributes?.["relay.from"]} > ${attributes?.["relay.to"]}`;
    told.push(["start", id, startTime]);
    return {
      setAttribute: (name: string, value: unknown) => told.push([name, value]),
      setStatus: ({ code, message }: api.SpanStatus) => told.push([code, message]),
      end: (atMs?: number) => told.push(["end", id, atMs]),
    };
  };
  const trace = Object.assign(Object.create(api.trace), { getTracer: () => ({ startSpan }) });
  const log = new LogRecorder();
  const observer = tracing({ api: { ...api, trace }, traceIds: () => null }, log);
  return { told, log, observer };
}

Deno.test("a delivery is one span, from its acceptance to its confirmation", () => {
  const { told, log, observer } = recorded();
  const delivery = new StatusWorld().delivery(MAIN, { acceptedAtMs: 1_000 });
  observer.accepted(FILMS, [delivery], null);
  observer.about(delivery, () => told.push("said"));
  observer.confirmed(delivery, 1_020);
  const id = `${FILMS} > ${MAIN}`;
  assert.deepEqual(told, [["start", id, 1_000], "said", ["end", id, 1_020]]);
  assert.deepEqual(log.texts("debug"), [
    `taken over from ${FILMS} for ${MAIN}`,
    `shown at ${MAIN} after 20 ms`,
  ]);
});

Deno.test("each delivery that is dropped ends its span as an error, with the cause", () => {
  const { told, observer } = recorded();
  const world = new StatusWorld();
  const known = world.delivery(MAIN, { acceptedAtMs: 1_000 });
  const older = world.delivery(FILMS, { acceptedAtMs: 5 });
  observer.accepted(FILMS, [known], null);
  observer.dropped(MAIN, "films", [known, older], { cause: "limits", words: "old" });
  const error = [["relay.dropped", "limits"], [api.SpanStatusCode.ERROR, "not relayed: limits"]];
  const [one, other] = [`${FILMS} > ${MAIN}`, ` > ${FILMS}`];
  assert.deepEqual(told, [
    ...[["start", one, 1_000], ...error, ["end", one, undefined]],
    ...[["start", other, 5], ...error, ["end", other, undefined]],
  ]);
  observer.confirmed(known, 2_000);
  assert.equal(told.length, 10, "an ended span is not told any more");
});
