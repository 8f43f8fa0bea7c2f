import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../../src/base/clock.ts";
import { MatterbridgeBridge } from "../../../../src/bridges/matterbridge/bridge.ts";
import { eventOf, readApiMessage } from "../../../../src/bridges/matterbridge/message.ts";
import type { LinkEnd, Receipt } from "../../../../src/relay/port/bridge.ts";
import type { AccountId, ChannelId, MessageId } from "../../../../src/relay/port/ids.ts";
import { textOf } from "../../../../src/relay/port/rich_text.ts";
import { RecordingHost } from "../../../contract/recording_host.ts";
import { outgoing } from "../../../contract/stage.ts";
import { Matterbridge, type MatterbridgeOptions } from "../../../sandbox/matterbridge/server.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { LogRecorder } from "../../../support/log_recorder.ts";

const GATEWAY = "movienight" as ChannelId;

/** The bridge with its stand-in, over any number of connections. */
class Bench implements AsyncDisposable {
  readonly host = new RecordingHost([
    { channel: GATEWAY, written: "api", key: null, sends: true },
  ]);
  readonly log = new LogRecorder();
  readonly bridge: MatterbridgeBridge;
  #stop = new AbortController();
  #run: Promise<LinkEnd> | null = null;

  constructor(readonly server: Matterbridge, clock: Clock, path = "") {
    this.bridge = new MatterbridgeBridge({
      account: "matterbridge.test" as AccountId,
      ...{ url: server.url + path, token: "right", gateway: "movienight", clock, log: this.log },
    });
  }

  static async start(options: MatterbridgeOptions = {}, clock: Clock = systemClock) {
    return new Bench(await Matterbridge.start({ token: "right", ...options }), clock);
  }

  run(): Promise<LinkEnd> {
    this.#stop = new AbortController();
    this.host.runBegins();
    this.#run = this.bridge.runOnce(this.host, this.#stop.signal)
      .finally(() => this.host.runEnded());
    return this.#run;
  }

  async up(): Promise<void> {
    const before = this.host.ups(GATEWAY).length;
    void this.run();
    await this.host.waitUp(GATEWAY, before + 1);
  }

  send(text: string): Promise<Receipt> {
    const [part] = this.bridge.render(GATEWAY, outgoing(text));
    if (part === undefined) throw new Error(`Nothing to send: ${text}`);
    return this.bridge.transmit(GATEWAY, part, new AbortController().signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.server.stop();
  }
}

Deno.test("matterbridge: the first visit leaves the ring to others, the second reads it once", async () => {
  await using bench = await Bench.start();
  await bench.up();
  assert.equal(bench.server.lists, 0);
  bench.server.say(GATEWAY, "ada", "known");
  await bench.host.waitForTexts(GATEWAY, 1);
  await bench.stop();
  bench.server.say(GATEWAY, "ada", "missed");
  await bench.up();
  assert.equal(bench.server.lists, 1);
  bench.server.say(GATEWAY, "ada", "live");
  await bench.host.waitForTexts(GATEWAY, 2);
  assert.deepEqual(bench.host.relayed(GATEWAY), ["known", "missed", "live"]);
});

for (const aheadMs of [-3_600_000, -30_000, 3_600_000]) {
  Deno.test(`matterbridge: an outage right after the first visit loses nothing where its clock is ${aheadMs} ms off`, async () => {
    await using bench = await Bench.start({ aheadMs });
    const timestamp = new Date(Date.now() + aheadMs - 60_000).toISOString();
    bench.server.say(GATEWAY, "ada", "long before", { timestamp });
    await bench.up();
    await bench.stop();
    bench.server.say(GATEWAY, "ada", "missed");
    await bench.up();
    assert.deepEqual(bench.host.relayed(GATEWAY), ["missed"]);
  });
}

Deno.test("matterbridge: a gap is told where the ring held fewer than were said", async () => {
  await using bench = await Bench.start();
  await bench.up();
  bench.server.say(GATEWAY, "ada", "known");
  await bench.host.waitForTexts(GATEWAY, 1);
  const missed: boolean[] = [];
  for (const count of [3, 5, 14, 4]) {
    await bench.stop();
    for (let index = 0; index < count; index++) {
      bench.server.say(GATEWAY, "ada", `${count} ${index}`);
    }
    await bench.up();
    missed.push(bench.host.ups(GATEWAY).at(-1)?.complete === false);
  }
  // Once it was read the ring has ten places.
  assert.deepEqual(missed, [false, false, true, false]);
});

Deno.test("matterbridge: what was lost while the ring was read is told once", async () => {
  await using bench = await Bench.start();
  await bench.up();
  bench.server.say(GATEWAY, "ada", "known");
  await bench.host.waitForTexts(GATEWAY, 1);
  await bench.stop();
  bench.server.say(GATEWAY, "ada", "gone");
  bench.server.variant = { ...bench.server.variant, losesLists: true };
  assert.equal((await bench.run()).kind, "lost");
  bench.server.variant = { ...bench.server.variant, losesLists: false };
  const lost: unknown[] = [];
  for (let visit = 0; visit < 2; visit++) {
    await bench.up();
    lost.push(bench.host.ups(GATEWAY).at(-1)?.lost);
    await bench.stop();
  }
  assert.deepEqual(lost, [true, false]);
});

Deno.test("matterbridge: what is no message is passed over", async () => {
  await using bench = await Bench.start();
  await bench.up();
  for (const frame of ["nonsense", "[]", "null", '{"text":5}', '{"gateway":"movienight"}']) {
    bench.server.sendRaw(frame);
  }
  bench.server.say(GATEWAY, "ada", "", { event: "user_typing" });
  bench.server.say("another gateway", "ada", "not for us");
  bench.server.say(GATEWAY, "ada", "for us");
  assert.deepEqual(await bench.host.waitForTexts(GATEWAY, 1), ["for us"]);
  assert.equal(bench.host.events.length, 1);
  assert.deepEqual(bench.host.typists, ["ada"]);
});

for (
  const [status, kind, words] of [
    [400, "refused", /Set Token/],
    [401, "refused", /Set Token/],
    [404, "refused", /Set URL/],
    [429, "throttled", /HTTP 429/],
    [502, "lost", /HTTP 502/],
  ] as const
) {
  Deno.test(`matterbridge: a handshake that is answered with ${status}: ${kind}`, async () => {
    await using bench = await Bench.start({ variant: { handshake: status } });
    const end = await bench.run();
    assert.equal(end.kind, kind);
    assert.match(end.reason, words);
    assert.ok(!end.reason.includes("right"));
    if (kind !== "lost") assert.ok((end.retryAfterMs ?? 0) >= 1_000);
  });
}

for (
  const [status, outcome, kind] of [
    [413, "rejected", null],
    [401, "unsent", "refused"],
    [429, "unsent", "throttled"],
    [503, "unsent", "lost"],
    [500, "unknown", "lost"],
  ] as const
) {
  Deno.test(`matterbridge: a post that is answered with ${status} is ${outcome}`, async () => {
    await using bench = await Bench.start();
    const run = bench.run();
    await bench.host.waitUp(GATEWAY);
    bench.server.variant = { ...bench.server.variant, posts: status };
    assert.equal((await bench.send("text")).outcome, outcome);
    if (kind !== null) return assert.equal((await run).kind, kind);
    bench.server.variant = { ...bench.server.variant, posts: null };
    assert.equal((await bench.send("better")).outcome, "confirmed");
  });
}

Deno.test("matterbridge: a post without an answer is of unknown outcome, and ends the connection", async () => {
  const clock = new FakeClock(Date.now());
  await using bench = await Bench.start({}, clock);
  const run = bench.run();
  await bench.host.waitUp(GATEWAY);
  bench.server.variant = { ...bench.server.variant, holdPosts: true };
  const [first, second] = [bench.send("one"), bench.send("two")];
  await clock.waitForSleeps(2);
  await clock.advance(20_000);
  assert.equal((await first).outcome, "unknown");
  assert.equal((await second).outcome, "unsent");
  assert.equal((await run).kind, "lost");
  assert.deepEqual(clock.sleeps, []);
});

Deno.test("matterbridge: its address may have a path, as behind a reverse proxy", async () => {
  await using server = await Matterbridge.start({ token: "right" });
  await using bench = new Bench(server, systemClock, "/below");
  assert.equal((await bench.run()).kind, "refused", "the stand-in has no such path");
});

Deno.test("matterbridge: its words about joins, parts and topics are events", () => {
  const received = { channel: GATEWAY, id: "1" as MessageId, atMs: 0, late: false };
  const of = (event: string, text: string) => {
    const message = readApiMessage({ event, text, username: "system", gateway: GATEWAY });
    return typeof message === "string" ? null : eventOf(message, received);
  };
  const named = (text: string) => {
    const event = of("join_leave", text);
    if (event?.kind === "join") return `join ${event.who.nick}`;
    return event?.kind === "leave"
      ? `${event.how} ${event.who.nick}${event.reason === null ? "" : ` (${event.reason})`}`
      : event;
  };
  assert.equal(named("alice joins"), "join alice");
  assert.equal(named("alice (a@host) joins"), "join alice");
  assert.equal(named("alice parts (bye)"), "part alice (bye)");
  assert.equal(named("alice quits"), "quit alice");
  assert.equal(named("Zoë Smith left"), "part Zoë Smith");
  assert.equal(named("nothing of the kind"), null);
  const topic = of("topic_change", "alice changes topic to: tonight");
  assert.deepEqual(topic?.kind === "topic" ? [topic.by?.nick, topic.topic] : null, [
    "alice",
    "tonight",
  ]);
});

Deno.test("matterbridge: an attached file is shown by its address, else by its name", () => {
  const message = readApiMessage({
    text: "look",
    username: "ada",
    gateway: GATEWAY,
    Extra: {
      file: [{ Name: "a.png", URL: "https://x/a.png" }, { Name: "b.png", Data: "AA==" }, 5],
    },
  });
  assert.ok(typeof message !== "string");
  const received = { channel: GATEWAY, id: "1" as MessageId, atMs: 0, late: false };
  const event = eventOf(message, received);
  const text = event?.kind === "message" ? textOf(event.text) : "";
  assert.equal(text, "look\nhttps://x/a.png\n[file: b.png]");
});
