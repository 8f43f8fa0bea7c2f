import assert from "node:assert/strict";
import { ChatCommands } from "../../../src/relay/intake/chat_commands.ts";
import { endpointId } from "../../../src/relay/port/ids.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { RelayMeter } from "../../../src/status/counts/meter.ts";
import { isLive } from "../../../src/status/counts/readiness.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { channelId, message, messageId, place, settings } from "../relay/builders.ts";
import { MemoryBridge } from "../relay/memory_bridge.ts";

/** Two memory services, a gateway between them, and a meter that counts along. */
class Counted implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly log = new LogRecorder();
  readonly left = new MemoryBridge("memory.left");
  readonly right = new MemoryBridge("memory.right");
  readonly from = endpointId(this.left.account, channelId("#a"));
  readonly to = endpointId(this.right.account, channelId("#a"));
  readonly meter = new RelayMeter({ clock: this.clock, keepTexts: false, redact: (text) => text });
  readonly store = openRelayStore({ path: null, clock: this.clock, log: this.log });
  readonly relay: Relay;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(maxMessages = 100) {
    this.relay = new Relay({
      gateways: [{
        name: "g",
        endpoints: [place("memory.left", "#a"), place("memory.right", "#a")],
      }],
      accounts: [this.left, this.right].map((bridge) => ({ bridge, settings: settings() })),
      commands: new ChatCommands({
        prefix: "!",
        commands: [{ name: "ping", about: "Answers.", run: () => "pong" }],
        mayUse: () => true,
        clock: this.clock,
      }),
      store: this.store,
      outbox: { maxAgeMs: 3_600_000, maxMessages },
      catchUp: { maxMessages: 100, maxAgeMs: 3_600_000 },
      keepLinksMs: 3_600_000,
      clock: this.clock,
      random: () => 0,
      log: this.log,
      observer: this.meter,
    });
    this.#running = this.relay.run(this.#stop.signal);
  }

  say(text: string, id?: string): void {
    const ids = id === undefined ? {} : { id: messageId(id) };
    this.left.emit(message(text, { atMs: this.clock.now(), ...ids }));
  }

  /** What became of the gateway's messages to the right. */
  get sent() {
    const { accepted, delivered, dropped } = this.meter.deliveries("g", this.to);
    return { accepted, delivered, ...dropped };
  }

  get received(): number | undefined {
    return this.meter.endpoint(this.from).events.get("message");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    let done = false;
    const ended = this.#running.finally(() => done = true);
    while (!done) await this.clock.advance(50);
    await ended;
    this.store.close();
  }
}

Deno.test("each message is counted once where it is read, and where it is shown", async () => {
  await using counted = new Counted();
  const { right, meter } = counted;
  counted.say("one", "1");
  counted.say("one", "1");
  counted.say("two\nlines", "2");
  await right.waitForTexts(["<alice> one", "<alice> two", "lines"]);
  await counted.clock.advance(10);
  assert.deepEqual([counted.received, meter.endpoint(counted.from).duplicates], [2, 1]);
  assert.deepEqual(counted.sent, {
    ...{ accepted: 2, delivered: 2, rejected: 0, fault: 0, limits: 0 },
  });
  assert.equal(meter.endpoint(counted.to).shown, 3);
});

Deno.test("a chat command is received and goes nowhere; its answer belongs to no gateway", async () => {
  await using counted = new Counted();
  counted.say("!ping", "1");
  await counted.left.waitForTexts(["pong"]);
  await counted.clock.advance(10);
  assert.deepEqual([counted.received, counted.meter.endpoint(counted.from).ignored], [1, 1]);
  assert.equal(counted.sent.accepted, 0);
  assert.equal(counted.meter.deliveries("", counted.from).delivered, 1);
});

Deno.test("what is lost is counted by its cause", async () => {
  await using rejecting = new Counted();
  rejecting.right.fate = (part) => part.wire.includes("bad") ? "reject" : "confirm";
  rejecting.say("bad");
  rejecting.say("good");
  await rejecting.right.waitForTexts(["<alice> good"]);
  await rejecting.clock.advance(10);
  assert.deepEqual(rejecting.sent, {
    ...{ accepted: 2, delivered: 1, rejected: 1, fault: 0, limits: 0 },
  });
  const lost = rejecting.meter.recent.newest().filter((event) => event.kind === "dropped");
  assert.deepEqual(lost.map(({ count, words }) => [count, words]), [[1, "not allowed"]]);

  await using overflowing = new Counted(3);
  overflowing.right.fate = () => "hold";
  for (let n = 0; n < 10; n++) overflowing.say(`${n}`);
  await overflowing.clock.advance(2_000);
  const { accepted, limits } = overflowing.sent;
  const { waiting } = overflowing.store.level(overflowing.to);
  const underWay = overflowing.store.underWay(overflowing.to).length;
  assert.deepEqual([accepted, waiting], [10, 3]);
  assert.equal(limits, 10 - waiting - underWay);
});

Deno.test("the meter follows links and channels through a cut", async () => {
  await using counted = new Counted();
  const { right, meter, clock } = counted;
  await right.changes.until(() => right.runs === 1, "the link");
  await clock.advance(5_000);
  right.cut({ kind: "lost", reason: "the cable" });
  await clock.advance(2_000);
  assert.equal(right.runs, 2);
  const { reconnects, lastError, ready } = meter.link(right.account);
  assert.deepEqual([reconnects, lastError?.reason, ready], [1, "the cable", true]);
  const news = meter.recent.newest().map((event) => event.kind);
  assert.equal(news.filter((kind) => kind === "link").length, 4, "two up, one down, one up again");
});

Deno.test("the core answers while it runs, and not when it has ended", async () => {
  const counted = new Counted();
  const subject = { handled: () => counted.relay.handled() };
  assert.equal(await isLive(subject, counted.clock), true);
  await counted[Symbol.asyncDispose]();
  const answer = isLive(subject, counted.clock);
  await counted.clock.advance(1_000);
  assert.equal(await answer, false);
});
