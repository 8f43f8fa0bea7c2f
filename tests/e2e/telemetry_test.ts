import assert from "node:assert/strict";
import { OtlpCollector } from "../support/otlp_collector.ts";
import { startNgircd } from "../support/irc_servers.ts";
import { needs } from "../support/skip.ts";
import { until } from "../support/wait.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";

const COUNT = 20;

function exporting(collector: OtlpCollector, more: Record<string, string> = {}) {
  return {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_SERVICE_NAME: "kosmi-relay",
    OTEL_BSP_SCHEDULE_DELAY: "200",
    OTEL_BLRP_SCHEDULE_DELAY: "200",
    ...more,
  };
}

needs("ngircd")(
  "every relayed message has a span from receipt to confirmation, and its log lines",
  async () => {
    await using collector = new OtlpCollector();
    await using world = await World.create({
      server: await startNgircd({ penalty: false }),
      general: 'LogLevels=["trace=debug"]',
      env: exporting(collector, { OTEL_DENO_CONSOLE: "replace" }),
    });
    const startMs = Date.now();
    for (let n = 0; n < COUNT; n++) {
      world.kosmi.say(ROOM, { name: "Zoë" }, `a private text ${n}`);
      await world.alice.say(CHANNEL, `another text ${n}`);
    }
    const spans = () => collector.spans.filter(({ name }) => name === "relay message");
    await until(() => spans().length >= 2 * COUNT, "all spans", 30_000, {
      seen: () => `${spans().length} of ${2 * COUNT}`,
    });
    await world.relay.stop();
    assert.equal(spans().length, 2 * COUNT, "one for each message, also after the end");
    for (const span of spans()) {
      assert.ok(
        span.startMs >= startMs - 1_000 && span.endMs >= span.startMs,
        JSON.stringify(span),
      );
      assert.equal(span.statusCode, 0);
      assert.deepEqual([span.attributes["relay.gateway"], span.attributes["relay.kind"]], [
        "films",
        "message",
      ]);
    }
    const ways = spans().map(({ attributes }) =>
      `${attributes["relay.from"]} > ${attributes["relay.to"]}`
    );
    const toIrc = ways.filter((way) => way.endsWith(`irc.test ${CHANNEL}`)).length;
    assert.deepEqual([toIrc, ways.length - toIrc], [COUNT, COUNT]);
    assert.equal(new Set(spans().map(({ spanId }) => spanId)).size, 2 * COUNT);

    for (const { traceId, spanId } of spans()) {
      const lines = collector.logs.filter((line) => line.spanId === spanId);
      assert.deepEqual(lines.map(({ severity }) => severity), ["DEBUG", "DEBUG"]);
      assert.ok(lines.every((line) => line.traceId === traceId));
      assert.ok(
        lines.every((line) => line.text.includes(`trace_id=${traceId}`)),
        `${lines[0]?.text}`,
      );
    }
    assert.ok(
      collector.logs.some(({ text, traceId }) => text.includes("in main") && traceId === ""),
    );
    assert.equal(/private text|another text|Zoë|alice/.test(collector.text), false);
    // What is exported is still shown where it always was, once.
    assert.equal(world.relay.stderr.match(/msg="in main"/g)?.length, 1);
    assert.equal(world.relay.stdout, "");
  },
);

needs("ngircd")(
  "a message that is refused ends its span as an error, with the warning in it",
  async () => {
    await using collector = new OtlpCollector();
    await using world = await World.create({ server: "ngircd", env: exporting(collector) });
    await world.alice.raw(`MODE ${CHANNEL} +m`);
    await world.alice.waitFor(({ command }) => command === "MODE", "the channel to be moderated");
    world.kosmi.say(ROOM, { name: "Zoë" }, "nobody may say this");
    const failed = await until(
      () => collector.spans.find(({ statusCode }) => statusCode === 2),
      "the failed span",
      30_000,
      { seen: () => JSON.stringify(collector.spans) },
    );
    assert.equal(failed.attributes["relay.dropped"], "rejected");
    const warning = await until(
      () => collector.logs.find(({ spanId }) => spanId === failed.spanId),
      "its log line",
      10_000,
    );
    assert.equal(warning.severity, "WARN");
    assert.match(warning.text, /a message was not relayed/);
    // By default Deno shows what it exports: each line stands in one of the streams.
    const seen = world.relay.output.match(/a message was not relayed/g);
    assert.equal(seen?.length, 1);
  },
);
