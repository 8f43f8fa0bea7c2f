import assert from "node:assert/strict";
import { RecentEvents, saidIn } from "../../../src/status/counts/recent_events.ts";
import { openMetrics } from "../../../src/status/metrics.ts";
import { EventStream } from "../../../src/status/page/event_stream.ts";
import { renderSections } from "../../../src/status/page/sections.ts";
import { statusView } from "../../../src/status/page/view.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { message } from "../relay/builders.ts";
import { FILMS, IRC, StatusWorld } from "./status_world.ts";

Deno.test("RecentEvents puts chat and other news in one order, the newest first", () => {
  const recent = new RecentEvents();
  const chat = { kind: "chat", endpoint: FILMS, what: "message", late: false, count: 1 } as const;
  const said = { nick: "a", text: "b" };
  for (const atMs of [1, 4, 5]) recent.add({ ...chat, said, atMs });
  for (const atMs of [2, 3, 6]) {
    recent.add({ kind: "link", atMs, account: IRC, how: "up", words: "relay" });
  }
  assert.deepEqual(recent.newest().map(({ atMs }) => atMs), [6, 5, 4, 3, 2, 1]);
});

Deno.test("saidIn() knows no text of what has none", () => {
  const { text: _text, ...rest } = message("x");
  assert.equal(saidIn({ ...rest, kind: "join" } as never, (text) => text), null);
});

Deno.test("metrics name no end of a token that has none", async () => {
  const world = new StatusWorld({ clock: new FakeClock() });
  const metrics = await openMetrics(world);
  const rows = async () => (await metrics.text()).match(/^kosmi_relay_token_expires\w+\{.*$/gm);
  assert.equal(await rows(), null);
  world.token = { origin: "cache", expiresAtMs: 5_000, fault: null };
  assert.deepEqual(await rows(), [
    'kosmi_relay_token_expires_timestamp_seconds{account="kosmi.movienight"} 5',
  ]);
});

Deno.test("the page tells exact times to who points at them, and writes nothing for nothing", () => {
  const clock = new FakeClock();
  const world = new StatusWorld({ clock });
  world.link(IRC, { kind: "ready", sinceMs: 0, self: "relay" });
  const { accounts, gateways } = renderSections(
    statusView(world.subject, world.meter, clock.now()),
  );
  assert.ok(accounts.text.includes(
    '<time datetime="2026-01-02T03:04:05.000Z" title="2026-01-02 03:04:05 UTC">just now</time>',
  ));
  assert.equal(/<small>\s*<\/small>/.test(gateways.text), false);
});

Deno.test("a stream ends for its reader when the relay stops", async () => {
  const clock = new FakeClock();
  const stream = new EventStream({ clock, look: () => ({}), hello: "h" });
  const stop = new AbortController();
  const running = stream.run(stop.signal);
  const reader = stream.open()?.getReader() ?? assert.fail();
  await reader.read();
  const last = reader.read();
  stop.abort();
  await running;
  assert.equal(stream.viewers, 0);
  assert.deepEqual(await last, { done: true, value: undefined });
});
