import assert from "node:assert/strict";
import { agoInWords, numberInWords, spanInWords, tookInWords } from "../../../src/base/times.ts";
import { LastHour } from "../../../src/status/counts/last_hour.ts";
import { RecentEvents } from "../../../src/status/counts/recent_events.ts";
import { html } from "../../../src/status/page/html.ts";
import { plainWords } from "../../../src/status/page/sections.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { message } from "../relay/builders.ts";
import { FILMS, IRC, MAIN, StatusWorld } from "./status_world.ts";

const MINUTE_MS = 60_000;
const START_MS = 30_000_000 * MINUTE_MS;

Deno.test("LastHour keeps sixty minutes and forgets the rest", () => {
  const hour = new LastHour();
  for (let minute = 0; minute < 100; minute++) {
    for (let n = 0; n <= minute; n++) hour.delivered(START_MS + minute * MINUTE_MS, 10);
  }
  const view = hour.view(START_MS + 99 * MINUTE_MS);
  assert.deepEqual(
    view.map(({ delivered }) => delivered),
    Array.from({ length: 60 }, (_, i) => 41 + i),
  );
  const later = hour.view(START_MS + 150 * MINUTE_MS);
  assert.deepEqual(later.filter(({ delivered }) => delivered > 0).length, 9);
});

Deno.test("LastHour tells the usual and the slow time of a minute, within a step", () => {
  const hour = new LastHour();
  for (let n = 0; n < 90; n++) hour.delivered(START_MS, 20);
  for (let n = 0; n < 10; n++) hour.delivered(START_MS, 5_000);
  hour.dropped(START_MS, 4);
  const minute = hour.view(START_MS).at(-1);
  assert.deepEqual([minute?.delivered, minute?.dropped], [100, 4]);
  assert.ok(Math.abs((minute?.medianMs ?? 0) - 20) <= 20 * 0.42, `${minute?.medianMs}`);
  assert.ok(Math.abs((minute?.slowMs ?? 0) - 5_000) <= 5_000 * 0.42, `${minute?.slowMs}`);
  for (const odd of [-5, 0, NaN, Infinity, 1e15]) hour.delivered(START_MS, odd);
  assert.equal(hour.view(START_MS).at(-1)?.delivered, 105);
});

Deno.test("RecentEvents counts what repeats and keeps the news of links over a flood", () => {
  const recent = new RecentEvents();
  recent.add({ kind: "link", atMs: 1, account: IRC, how: "up", words: "relay" });
  const chat = { kind: "chat", what: "message", late: false, count: 1, said: null } as const;
  for (let n = 0; n < 500; n++) {
    recent.add({ ...chat, atMs: 2 + n * 1_000, endpoint: n % 10 === 0 ? FILMS : MAIN });
  }
  const events = recent.newest();
  assert.equal(events.length, 19, "two for each minute, and the link");
  assert.equal(events.at(-1)?.kind, "link");
  assert.deepEqual(events[0], { ...chat, atMs: 499_002, endpoint: MAIN, count: 18 });
  assert.deepEqual(events[2], { ...chat, atMs: 479_002, endpoint: MAIN, count: 54 });
  for (let n = 0; n < 500; n++) {
    const said = { nick: "alice", text: `${n}` };
    recent.add({ ...chat, atMs: 500_000, endpoint: MAIN, said });
  }
  assert.equal(recent.newest().length, 21);
  assert.equal(recent.newest().at(-1)?.kind, "link");
});

Deno.test("RelayMeter knows since when an account is away, over all attempts", async () => {
  const clock = new FakeClock();
  const states = new StatusWorld({ clock });
  const startMs = clock.now();
  states.link(IRC, { kind: "connecting", sinceMs: startMs, attempt: 1 });
  await clock.advance(1_000);
  states.link(IRC, { kind: "ready", sinceMs: clock.now(), self: "relay" });
  assert.equal(states.meter.link(IRC).sinceMs, startMs + 1_000);
  await clock.advance(1_000);
  for (let attempt = 1; attempt < 4; attempt++) {
    states.link(IRC, { kind: "waiting", untilMs: 0, reason: `no ${attempt}`, attempt });
    await clock.advance(1_000);
    states.link(IRC, { kind: "connecting", sinceMs: clock.now(), attempt });
  }
  const { sinceMs, reconnects, attempts, lastError } = states.meter.link(IRC);
  assert.deepEqual([sinceMs, reconnects, attempts], [startMs + 2_000, 0, 4]);
  assert.equal(lastError?.reason, "no 3");
  states.link(IRC, { kind: "ready", sinceMs: clock.now(), self: "relay" });
  assert.equal(states.meter.link(IRC).reconnects, 1);
});

Deno.test("RelayMeter counts each message once, and lines of the relay's own as deliveries only", () => {
  const world = new StatusWorld();
  world.meter.accepted(FILMS, [world.delivery(MAIN)], message("one"));
  world.meter.accepted(FILMS, [world.delivery(FILMS, { gateway: "" })], null);
  assert.deepEqual([...world.meter.endpoint(FILMS).events], [["message", 1]]);
  assert.equal(world.meter.deliveries("films", MAIN).accepted, 1);
  assert.equal(world.meter.deliveries("", FILMS).accepted, 1);
});

Deno.test("html`` escapes what is filled in, also what turns the reading direction", () => {
  const name = `<b onclick='x'>"&\u202e`;
  assert.equal(
    html`<i title="${name}">${[html`<u>${1}</u>`, null, "<"]}</i>`.text,
    '<i title="&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;\\u202e"><u>1</u>&lt;</i>',
  );
});

Deno.test("times and numbers are said as people say them", () => {
  const spans = [0, 999, 59_999, 60_000, 3_599_999, 3_600_000, 7_500_000, 86_400_000, 9e8];
  assert.deepEqual(spans.map(spanInWords), [
    ...["0 s", "0 s", "59 s", "1 min", "59 min", "1 h", "2 h 5 min", "1 day", "10 days"],
  ]);
  assert.deepEqual([5, 61_000].map(agoInWords), ["just now", "1 min ago"]);
  assert.deepEqual([0.4, 45, 999, 1_234, 75_000].map(tookInWords), [
    ...["0 ms", "45 ms", "999 ms", "1.2 s", "1 min"],
  ]);
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(numberInWords), [
    "0",
    "999",
    "1,000",
    "1,234,567",
  ]);
});

Deno.test("plainWords() says what a fault of the network means", () => {
  assert.match(plainWords("connect ECONNREFUSED 127.0.0.1:6667") ?? "", /^Nobody listens/);
  assert.match(plainWords("getaddrinfo ENOTFOUND irc.exmaple.org") ?? "", /spelling/);
  assert.match(plainWords("certificate has expired") ?? "", /expired/);
  assert.equal(plainWords("You are banned from this server"), null);
});

Deno.test("RelayMeter counts as ignored only messages, and each kind apart", () => {
  const { meter } = new StatusWorld();
  const { text: _text, ...rest } = message("x");
  meter.accepted(FILMS, [], { ...rest, kind: "join" } as never);
  const counts = meter.endpoint(FILMS);
  assert.deepEqual([...counts.events, counts.ignored, counts.late], [["join", 1], 0, 0]);
  meter.accepted(FILMS, [], message("x", { late: true }));
  assert.deepEqual([...counts.events], [["join", 1], ["message", 1]]);
  assert.deepEqual([counts.ignored, counts.late], [1, 1]);
});

Deno.test("redactedSubject() cleans what services said, and nothing that was not said", () => {
  const world = new StatusWorld({ redact: (text) => `clean ${text}` });
  const { subject } = world;
  const tokens = () => subject.accounts().map(({ token }) => token()?.fault);
  assert.deepEqual(tokens(), [undefined, null]);
  world.token = { origin: null, expiresAtMs: null, fault: "no" };
  assert.deepEqual(tokens(), [undefined, "clean no"]);
  world.ready();
  world.link(IRC, { kind: "refused", untilMs: 0, reason: "no" });
  world.channel(MAIN, { kind: "down", reason: "full", mend: "wait" });
  const reasonOf = (state: object) => "reason" in state ? state.reason : null;
  assert.deepEqual([...subject.links().values()].map(reasonOf), ["clean no", null]);
  assert.deepEqual([...subject.channels().values()].map(reasonOf), [null, "clean full"]);
});

Deno.test("LastHour tells times in steps, from 1 ms to 12 hours, at exact shares", () => {
  const shown = (times: readonly number[]) => {
    const hour = new LastHour();
    for (const tookMs of times) hour.delivered(START_MS, tookMs);
    const minute = hour.view(START_MS).at(-1);
    return [minute?.medianMs, minute?.slowMs];
  };
  assert.deepEqual(shown([]), [null, null]);
  assert.deepEqual([[-5], [0], [1]].map(shown), Array(3).fill([1, 1]));
  assert.deepEqual([[1.01], [1.4], [1.5], [2.1]].map(shown), [[1, 1], [1, 1], [2, 2], [3, 3]]);
  assert.deepEqual(shown([1e15]), [Math.round(Math.SQRT2 ** 51), Math.round(Math.SQRT2 ** 51)]);
  assert.deepEqual(shown([1, 1, 1_024 - 1, 1_024 - 1]), [1, 1_024]);
  assert.deepEqual(shown([1, 1_023, 1_023]), [1_024, 1_024]);
  assert.deepEqual(shown([...Array(19).fill(1), 1_023]), [1, 1]);
  assert.deepEqual(shown([...Array(18).fill(1), 1_023, 1_023]), [1, 1_024]);
});
