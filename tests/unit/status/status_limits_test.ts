import assert from "node:assert/strict";
import { StatusAccess } from "../../../src/status/access.ts";
import { isLive } from "../../../src/status/counts/readiness.ts";
import {
  type RecentEvent,
  RecentEvents,
  saidIn,
} from "../../../src/status/counts/recent_events.ts";
import { openMetrics } from "../../../src/status/metrics.ts";
import { EventStream } from "../../../src/status/page/event_stream.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { readMetrics } from "../../support/read_metrics.ts";
import { until } from "../../support/wait.ts";
import { message, person } from "../relay/builders.ts";
import { FILMS, IRC, KOSMI, MAIN, StatusSite, StatusWorld } from "./status_world.ts";

const live = () => new AbortController().signal;
const CHAT = { kind: "chat", what: "message", late: false, count: 1, said: null } as const;

Deno.test("RecentEvents keeps the newest twenty of chat and thirty of other news", () => {
  for (const size of [19, 20, 21, 29, 30, 31]) {
    const recent = new RecentEvents();
    for (let n = 0; n < size; n++) {
      const said = { nick: "a", text: `${n}` };
      recent.add({ ...CHAT, atMs: n, endpoint: FILMS, said });
      recent.add({ kind: "dropped", atMs: n, endpoint: FILMS, count: 1, words: `${n}` });
    }
    const of = (kind: RecentEvent["kind"]) =>
      recent.newest().filter((event) => event.kind === kind).map(({ atMs }) => atMs);
    const newest = (most: number) =>
      Array.from({ length: Math.min(most, size) }, (_, i) => size - 1 - i);
    assert.deepEqual([of("chat"), of("dropped")], [newest(20), newest(30)]);
  }
});

Deno.test("RecentEvents counts together only what differs in nothing that is shown", () => {
  const first = { ...CHAT, atMs: 60_000, endpoint: FILMS };
  const others: readonly (readonly [Partial<typeof first> | object, number])[] = [
    [{}, 1],
    [{ atMs: 119_999 }, 1],
    [{ atMs: 120_000 }, 2],
    [{ endpoint: MAIN }, 2],
    [{ what: "edit" }, 2],
    [{ late: true }, 2],
    [{ said: { nick: "a", text: "b" } }, 2],
  ];
  for (const [more, shown] of others) {
    for (const order of [[first, { ...first, ...more }], [{ ...first, ...more }, first]]) {
      const recent = new RecentEvents();
      for (const event of order) recent.add(event);
      assert.equal(recent.newest().length, shown, JSON.stringify(more));
    }
  }
});

Deno.test("saidIn() cuts nick and text, hides spoilers, and knows no text of other events", () => {
  const redact = (text: string) => text.replaceAll("hunter2", "***");
  for (const [length, kept] of [[299, 299], [300, 300], [301, 300]] as const) {
    const said = saidIn(message("x".repeat(length)), redact);
    assert.equal(said?.text.length, kept);
  }
  for (const [length, kept] of [[59, 59], [60, 60], [61, 60]] as const) {
    const said = saidIn(message("x", { sender: person("n".repeat(length)) }), redact);
    assert.equal(said?.nick.length, kept);
  }
  const text = [{ text: "a hunter2 ", style: {} }, {
    text: "end",
    style: { spoiler: true },
  }] as const;
  assert.equal(saidIn(message("", { text }), redact)?.text, "a *** [spoiler]");
});

Deno.test("the meter tells news of a channel once, and again after it was left", () => {
  const world = new StatusWorld({ clock: new FakeClock() });
  const news = () => world.meter.recent.newest().length;
  const down = (reason: string) => ({ kind: "down", reason, mend: "wait" }) as const;
  for (
    const [state, count] of [
      [down("a"), 1],
      [down("a"), 1],
      [down("b"), 2],
      [null, 2],
      [down("b"), 3],
      [{ kind: "up", sinceMs: 0 }, 4],
      [down("b"), 5],
    ] as const
  ) {
    world.meter.channelState(FILMS, state);
    assert.equal(news(), count);
  }
});

Deno.test("the meter tells news of a link once, and that it is up each time", () => {
  const world = new StatusWorld({ clock: new FakeClock() });
  const ready = { kind: "ready", sinceMs: 0, self: "relay" } as const;
  const waiting = (reason: string) =>
    ({ kind: "waiting", untilMs: 0, reason, attempt: 1 }) as const;
  const seen = () => world.meter.recent.newest().map((event) => event.kind === "link" && event.how);
  for (
    const [state, count, how] of [
      [waiting("a"), 1, "down"],
      [waiting("a"), 1, "down"],
      [{ kind: "refused", untilMs: 0, reason: "b" }, 2, "refused"],
      [ready, 3, "up"],
      [waiting("b"), 4, "down"],
      [{ kind: "stopped" }, 4, "down"],
    ] as const
  ) {
    world.link(IRC, state);
    assert.deepEqual([seen().length, seen()[0]], [count, how]);
  }
});

Deno.test("the meter forgets the round trip of a link that has ended", () => {
  const world = new StatusWorld({ clock: new FakeClock() });
  const states = [
    { kind: "idle" },
    { kind: "connecting", sinceMs: 0, attempt: 1 },
    { kind: "waiting", untilMs: 0, reason: "a", attempt: 1 },
    { kind: "refused", untilMs: 0, reason: "a" },
    { kind: "stopped" },
  ] as const;
  for (const state of states) {
    world.link(IRC, { kind: "ready", sinceMs: 0, self: "relay" });
    world.meter.latency(IRC, 45);
    assert.equal(world.meter.link(IRC).roundTripMs, 45);
    world.link(IRC, state);
    const { roundTripMs, ready } = world.meter.link(IRC);
    assert.deepEqual([roundTripMs, ready], [null, false], state.kind);
  }
});

Deno.test("the chart counts no lines of the relay's own, lost or delivered", () => {
  const clock = new FakeClock();
  const world = new StatusWorld({ clock });
  const own = world.delivery(FILMS, { gateway: "" });
  const reason = { cause: "limits", words: "too old" } as const;
  world.meter.confirmed(own, clock.now());
  world.meter.dropped(FILMS, null, [own], reason);
  const counted = () => {
    const last = world.meter.hour.view(clock.now()).at(-1);
    return [last?.delivered, last?.dropped];
  };
  assert.deepEqual(counted(), [0, 0]);
  const { delivered, dropped } = world.meter.deliveries("", FILMS);
  assert.deepEqual([delivered, dropped.limits], [1, 1]);
  world.meter.dropped(FILMS, "films", [world.delivery(FILMS), world.delivery(FILMS)], reason);
  world.meter.confirmed(world.delivery(FILMS), clock.now());
  assert.deepEqual(counted(), [1, 2]);
});

Deno.test("metrics have no queue and no deliveries of a place that is only read", async () => {
  const clock = new FakeClock();
  const { subject, meter } = new StatusWorld({ clock });
  const places = [
    { endpoint: FILMS, account: IRC, written: "#films", direction: "in" },
    { endpoint: MAIN, account: KOSMI, written: "main", direction: "out" },
  ] as const;
  const gateways = () => [{ name: "films", places }];
  const metrics = await openMetrics({ subject: { ...subject, gateways }, meter, clock });
  const text = await metrics.text();
  const value = readMetrics(text);
  const main = { account: "kosmi.movienight", channel: "main" };
  for (const name of ["queue_length", "queue_oldest_seconds", "messages_accepted_total"]) {
    const rows = text.split("\n").filter((line) => line.startsWith(`kosmi_relay_${name}{`));
    assert.equal(rows.length, 1, name);
    assert.ok(rows[0]?.includes('channel="main"'), name);
  }
  assert.equal(value("kosmi_relay_queue_oldest_seconds", main), 0);
  assert.equal(value("kosmi_relay_channel_up", main), 0);
  assert.equal(text.includes('gateway=""'), false, "the relay itself has said nothing");
});

Deno.test("isLive() waits a second, not less, and leaves no timer behind", async () => {
  const clock = new FakeClock();
  const world = new StatusWorld({ clock });
  assert.equal(await isLive(world.subject, clock), true);
  assert.deepEqual(clock.sleeps, []);
  const round = Promise.withResolvers<void>();
  world.handled = () => round.promise;
  const answer = isLive(world.subject, clock);
  await clock.advance(999);
  round.resolve();
  assert.equal(await answer, true);
});

function access(clock: FakeClock) {
  const guard = new StatusAccess({ token: "right", host: "127.0.0.1", clock });
  const enter = async () => (await guard.logIn("right", live()) ?? "").split(";")[0] ?? "";
  const sees = (cookie: string) =>
    guard.maySee(new Request("http://127.0.0.1/", { headers: { cookie } }));
  return { guard, enter, sees };
}

Deno.test("a session lasts thirty days, and the oldest of two hundred makes room", async () => {
  const clock = new FakeClock();
  const { enter, sees } = access(clock);
  const first = await enter();
  await clock.advance(30 * 86_400_000 - 1);
  assert.equal(sees(first), true);
  await clock.advance(1);
  assert.equal(sees(first), false);
  const sessions = [];
  for (let n = 0; n < 200; n++) sessions.push(await enter());
  assert.deepEqual(sessions.filter((session) => !sees(session)), []);
  sessions.push(await enter());
  assert.deepEqual(sessions.filter((session) => !sees(session)), sessions.slice(0, 1));
});

Deno.test("a wrong token is answered after half a second, twenty at a time", async () => {
  const clock = new FakeClock();
  const { guard } = access(clock);
  const answers = Array.from({ length: 20 }, () => guard.logIn("wrong", live()));
  assert.deepEqual(clock.sleeps, Array(20).fill(500));
  assert.equal(await guard.logIn("wrong", live()), null, "one more has not to wait");
  await clock.advance(500);
  assert.deepEqual(await Promise.all(answers), Array(20).fill(null));
  const next = guard.logIn("wrong", live());
  assert.deepEqual(clock.sleeps, [500]);
  await clock.advance(500);
  await next;
});

Deno.test("EventStream sends what changed, a sign of life every 15 s, and lets go who reads nothing", async () => {
  const clock = new FakeClock();
  let shown: Record<string, string> = { a: "1", b: "1" };
  const stream = new EventStream({ clock, look: () => shown, hello: "h" });
  const stop = new AbortController();
  const running = stream.run(stop.signal);
  const reader = stream.open()?.getReader() ?? assert.fail();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  assert.equal(await read(), "retry: 2000\nevent: hello\ndata: h\n\n");
  assert.equal(await read(), 'event: sections\ndata: {"a":"1","b":"1"}\n\n');
  shown = { a: "1", b: "2" };
  await clock.advance(1_000);
  assert.equal(await read(), 'event: sections\ndata: {"b":"2"}\n\n');
  let next = "";
  const reading = read().then((text) => next = text);
  await clock.advance(13_000);
  assert.equal(next, "");
  await clock.advance(1_000);
  await reading;
  assert.equal(next, ":\n\n");
  const change = async () => {
    shown = { a: `${clock.now()}` };
    await clock.advance(1_000);
  };
  for (let n = 0; n < 4; n++) await change();
  for (let n = 0; n < 31; n++) await change();
  assert.equal(stream.viewers, 1);
  await change();
  assert.equal(stream.viewers, 0);
  stop.abort();
  await running;
});

Deno.test("StatusServer reads a form of 4,096 characters, and none that is longer", async () => {
  const clock = new FakeClock();
  for (const [length, status] of [[4_095, 303], [4_096, 303], [4_097, 401]] as const) {
    const token = "t".repeat(length - "token=".length);
    await using site = await StatusSite.open({ token, clock });
    const body = new URLSearchParams({ token });
    const answer = site.status("/login", { method: "POST", body });
    if (status === 401) {
      await until(() => clock.sleeps.includes(500), "the answer that waits");
      await clock.advance(500);
    }
    assert.equal(await answer, status, `${length}`);
  }
});

Deno.test("StatusServer answers HEAD as GET, without a body, also where there is none", async () => {
  await using site = await StatusSite.open();
  for (
    const [path, status] of [["/login", 303], ["/healthz", 200], ["/events", 403], ["/no", 404]]
  ) {
    const response = await site.get(String(path), { method: "HEAD" });
    assert.deepEqual([response.status, await response.text()], [status, ""], String(path));
    assert.equal(response.headers.get("x-frame-options"), "DENY");
  }
});
