import assert from "node:assert/strict";
import { noObserver, observers } from "../../../src/relay/port/observer.ts";
import { openMetrics } from "../../../src/status/metrics.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { readMetrics } from "../../support/read_metrics.ts";
import { findProgram, needs } from "../../support/skip.ts";
import { message } from "../relay/builders.ts";
import { FILMS, IRC, KOSMI, MAIN, StatusWorld } from "./status_world.ts";

async function busyWorld(): Promise<{ world: StatusWorld; text: () => Promise<string> }> {
  const clock = new FakeClock();
  const world = new StatusWorld({ clock });
  const { meter, subject } = world;
  const metrics = await openMetrics({ subject, meter, clock });
  const observer = observers([meter, { ...noObserver, ...metrics }]);
  world.ready();
  for (let n = 0; n < 3; n++) {
    const delivery = world.delivery(MAIN);
    observer.accepted(FILMS, [delivery], message(`${n}`, { late: n === 0 }));
    observer.shown(MAIN, 2);
    observer.confirmed(delivery, clock.now() + 20);
  }
  observer.accepted(FILMS, [], message("ignored"));
  observer.duplicate(FILMS);
  observer.dropped(MAIN, "films", [world.delivery(MAIN)], { cause: "limits", words: "too old" });
  observer.latency(IRC, 45);
  world.levels.set(MAIN, { waiting: 7, oldestAcceptedAtMs: clock.now() - 90_000 });
  world.token = { origin: "cache", expiresAtMs: 1_900_000_000_000, fault: null };
  world.link(KOSMI, { kind: "waiting", untilMs: 0, reason: "gone", attempt: 1 });
  world.link(KOSMI, { kind: "ready", sinceMs: clock.now(), self: "Relay Bot" });
  return { world, text: () => metrics.text() };
}

Deno.test("metrics count what the relay did, by place", async () => {
  const { text } = await busyWorld();
  const value = readMetrics(await text());
  const films = { account: "irc.libera", channel: "#films" };
  const main = { account: "kosmi.movienight", channel: "main" };
  const expected: readonly [string, Record<string, string>, number][] = [
    ["kosmi_relay_messages_received_total", films, 4],
    ["kosmi_relay_messages_received_total", main, 0],
    ["kosmi_relay_messages_caught_up_total", films, 1],
    ["kosmi_relay_messages_ignored_total", films, 1],
    ["kosmi_relay_messages_duplicate_total", films, 1],
    ["kosmi_relay_events_received_total", { ...films, kind: "message" }, 4],
    ["kosmi_relay_parts_shown_total", main, 6],
    ["kosmi_relay_messages_accepted_total", { gateway: "films", ...main }, 3],
    ["kosmi_relay_messages_delivered_total", { gateway: "films", ...main }, 3],
    ["kosmi_relay_messages_dropped_total", { gateway: "films", ...main, reason: "limits" }, 1],
    ["kosmi_relay_messages_dropped_total", { gateway: "films", ...main, reason: "rejected" }, 0],
    ["kosmi_relay_queue_length", main, 7],
    ["kosmi_relay_queue_oldest_seconds", main, 90],
    ["kosmi_relay_channel_up", films, 1],
    ["kosmi_relay_link_state", { account: "irc.libera", state: "ready" }, 1],
    ["kosmi_relay_link_state", { account: "irc.libera", state: "waiting" }, 0],
    ["kosmi_relay_reconnects_total", { account: "kosmi.movienight" }, 1],
    ["kosmi_relay_token_expires_timestamp_seconds", { account: "kosmi.movienight" }, 1_900_000_000],
    ["kosmi_relay_delivery_latency_seconds_count", main, 3],
    ["kosmi_relay_delivery_latency_seconds_bucket", { ...main, le: "0.025" }, 3],
    ["kosmi_relay_delivery_latency_seconds_bucket", { ...main, le: "0.01" }, 0],
    ["kosmi_relay_round_trip_seconds_sum", { account: "irc.libera" }, 0.045],
    ["kosmi_relay_build_info", { version: "1.2.3", deno_version: "2.0.0" }, 1],
    ["kosmi_relay_ready", {}, 1],
  ];
  for (const [name, labels, number] of expected) {
    assert.equal(value(name, labels), number, `${name} ${JSON.stringify(labels)}`);
  }
  assert.ok((value("process_resident_memory_bytes", {}) ?? 0) > 1_000_000);
});

Deno.test("metrics say the same when they are asked twice", async () => {
  const { text } = await busyWorld();
  const counts = async () => (await text()).replace(/^process_.*\n/gm, "");
  assert.equal(await counts(), await counts());
});

needs("promtool")("promtool has nothing to say against /metrics", async () => {
  const { text } = await busyWorld();
  const program = findProgram("promtool") ?? "promtool";
  const child = new Deno.Command(program, {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(await text()));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.deepEqual([code, said], [0, ""]);
});

Deno.test("observers() tells each, and says a line once", () => {
  const told: string[] = [];
  const one = (name: string) => ({
    ...noObserver,
    duplicate: () => told.push(`${name} duplicate`),
    about: (_: unknown, say: () => void) => {
      told.push(`${name} before`);
      say();
      told.push(`${name} after`);
    },
  });
  const both = observers([one("a"), one("b")]);
  both.duplicate(FILMS);
  both.about(new StatusWorld().delivery(MAIN), () => told.push("said"));
  assert.deepEqual(told, [
    "a duplicate",
    "b duplicate",
    "a before",
    "b before",
    "said",
    "b after",
    "a after",
  ]);
});
