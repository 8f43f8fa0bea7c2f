import assert from "node:assert/strict";
import type { WireText } from "../../../src/relay/port/bridge.ts";
import { endpointId, type MessageId } from "../../../src/relay/port/ids.ts";
import { type DropReason, noObserver } from "../../../src/relay/port/observer.ts";
import type { RelayStore } from "../../../src/relay/port/store.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { at, Bench } from "./bench.ts";
import { channelId, message, messageId } from "./builders.ts";
import { type Fate, MemoryBridge } from "./memory_bridge.ts";

const DAY_MS = 86_400_000;
const TARGET = endpointId("memory.right" as MemoryBridge["account"], channelId("#a"));

/** This store, of which one thing fails. */
function failing(store: RelayStore, method: keyof RelayStore): RelayStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === method) return () => assert.fail(`${method} is broken`);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A line of ours in a history that names none. */
const nameless = (wire: string, atMs: number) => ({
  own: true as const,
  wire: wire as WireText,
  id: null,
  atMs,
});

Deno.test("a word said again is not taken for the one that was shown before (without ids)", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  left.emit(message("lol", at(bench)));
  await right.waitForTexts(["<alice> lol"]);
  right.history.length = 0;
  right.history.push(nameless("<alice> lol", clock.now()));
  right.cut();
  await clock.advance(1_000);
  right.fate = () => right.runs === 2 ? "swallow" : "confirm";
  await right.changes.until(() => right.runs === 2, "the second link");
  await clock.advance(10);
  left.emit(message("lol", at(bench)));
  await clock.advance(10);
  right.cut();
  await clock.advance(5_000);
  await right.waitForTexts(["<alice> lol", "<alice> lol"]);
});

Deno.test("a line of nobody's message that was shown does not stand for one that was not", async () => {
  await using bench = new Bench({ settings: { showJoinPart: true } });
  const { left, right, clock } = bench;
  const who = message("", at(bench)).sender;
  const join = () => left.emit({ kind: "join", late: false, who, ...at(bench) });
  join();
  await right.changes.until(() => right.texts().length === 1, "the first join");
  right.fate = () => right.runs === 1 ? "swallow" : "confirm";
  join();
  await clock.advance(10);
  right.cut();
  await clock.advance(5_000);
  await right.changes.until(() => right.texts().length === 2, "the second join");
});

Deno.test("knows own lines without ids that were confirmed since by their number", async () => {
  await using bench = new Bench();
  const { left, right, clock, store } = bench;
  await right.changes.until(() => right.runs === 1, "the link");
  store.setOwnPosition(TARGET, { atMs: clock.now() - 1, count: 1, since: 0, nameless: 0 });
  right.fate = () => "hold";
  left.emit(message("yes", at(bench)));
  await clock.advance(10);
  right.confirmHeld();
  await clock.advance(10);
  left.emit(message("yes", at(bench)));
  await clock.advance(10);
  // Both arrived, and of the second no answer came.
  right.history.length = 0;
  right.history.push(
    nameless("<alice> yes", clock.now() - 5),
    nameless("<alice> yes", clock.now()),
  );
  right.fate = () => "confirm";
  right.cut();
  await clock.advance(5_000);
  left.emit(message("end", at(bench)));
  await right.waitForTexts(["<alice> yes", "<alice> yes", "<alice> end"]);
});

Deno.test("a lost word is not taken for the same word that was confirmed behind it", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  await right.changes.until(() => right.runs === 1, "the link");
  const fates: Fate[] = ["swallow", "arrive-unconfirmed", "confirm"];
  right.fate = () => fates.shift() ?? "confirm";
  for (const text of ["yes", "no", "yes"]) {
    left.emit(message(text, at(bench)));
    await clock.advance(10);
  }
  // Nothing names the lines: only their order tells which "yes" it is.
  const lines = right.texts().map((wire) => nameless(wire, clock.now()));
  right.history.length = 0;
  right.history.push(...lines);
  right.cut();
  await clock.advance(5_000);
  await right.waitForTexts(["<alice> no", "<alice> yes", "<alice> yes"]);
});

Deno.test("a part that was refused counts as missing also after the link was lost", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  await right.changes.until(() => right.runs === 1, "the link");
  const fates: Fate[] = ["reject", "confirm", "swallow"];
  right.fate = () => fates.shift() ?? "confirm";
  left.emit(message("one\ntwo\nthree", at(bench)));
  await clock.advance(10);
  right.cut();
  await clock.advance(5_000);
  await right.changes.until(() => right.texts().length === 3, "the rest, and what is missing");
  assert.deepEqual(right.texts().slice(0, 2), ["two", "three"]);
  assert.match(right.texts()[2] ?? "", /^1 older message was not relayed/);
});

Deno.test("a brown-out of ten minutes loses nothing and doubles nothing", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  let isBrown = true;
  right.fate = () => isBrown ? "swallow" : "confirm";
  left.emit(message("hello", at(bench)));
  for (let second = 0; second < 600; second += 10) {
    await clock.advance(10_000);
    right.doubtHeld();
  }
  isBrown = false;
  await clock.advance(310_000);
  right.doubtHeld();
  await clock.advance(310_000);
  await right.changes.until(() => right.texts().length > 0, "the message");
  assert.equal(right.texts().length, 1);
  assert.match(right.texts()[0] ?? "", /^<alice> \[\d\d:\d\d\] hello$/);
});

Deno.test("what never arrives is given up by its age, also when it had left, counted and announced", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  let isBrown = true;
  right.fate = () => isBrown ? "swallow" : "confirm";
  for (const text of ["one", "two"]) left.emit(message(text, at(bench)));
  await clock.advance(10);
  right.cut();
  await clock.advance(3_700_000);
  isBrown = false;
  right.cut();
  await clock.advance(310_000);
  await right.waitForTexts(["2 older messages were not relayed"]);
  await bench.log.waitFor(/older than OutboxMaxAge/);
});

Deno.test("drops are announced at once, many in one line, and not again after a restart of the link", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  right.fate = (part) => part.wire.endsWith("bad") ? "reject" : "confirm";
  left.emit(message("bad", at(bench)));
  await right.waitForTexts(["1 older message was not relayed"]);
  for (let n = 0; n < 3; n++) left.emit(message("bad", at(bench)));
  left.emit(message("good", at(bench)));
  await clock.advance(1_000);
  const texts = ["1 older message was not relayed", "<alice> good"];
  await right.waitForTexts(texts);
  await clock.advance(30_000);
  await right.waitForTexts([...texts, "3 older messages were not relayed"]);
  right.cut();
  await clock.advance(5_000);
  left.emit(message("end", at(bench)));
  await right.waitForTexts([...texts, "3 older messages were not relayed", "<alice> end"]);
});

Deno.test("the count of what was dropped survives an outage in which it was announced", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  right.fate = (part) => part.wire.endsWith("bad") ? "reject" : "swallow";
  left.emit(message("bad", at(bench)));
  await clock.advance(10);
  right.cut();
  await clock.advance(10);
  right.fate = () => "confirm";
  right.cut();
  await clock.advance(10_000);
  left.emit(message("end", at(bench)));
  await right.waitForTexts(["1 older message was not relayed", "<alice> end"]);
});

Deno.test("an announcement that is refused is no loop, and is said when something gets through", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  let sent = 0;
  let isMuted = true;
  right.fate = () => {
    sent++;
    return isMuted ? "reject" : "confirm";
  };
  left.emit(message("bad", at(bench)));
  await clock.advance(600_000);
  assert.equal(sent, 2);
  isMuted = false;
  left.emit(message("good", at(bench)));
  await right.waitForTexts(["<alice> good", "1 older message was not relayed"]);
});

Deno.test("what leaves late carries its time, once", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  await right.changes.until(() => right.runs === 1, "the link");
  await clock.advance(10);
  right.host?.channelDown(channelId("#a"), { reason: "kicked", mend: "wait" });
  left.emit(message("waited", at(bench)));
  await clock.advance(600_000);
  right.enter(channelId("#a"));
  await right.changes.until(() => right.texts().length === 1, "the message");
  assert.match(right.texts()[0] ?? "", /^<alice> \[\d\d:\d\d\] waited$/);
});

Deno.test("a message that was taken back before it left never leaves", async () => {
  await using bench = new Bench({ settings: { showDeletes: true } });
  const { left, right, clock } = bench;
  await right.changes.until(() => right.runs === 1, "the link");
  await clock.advance(10);
  right.host?.channelDown(channelId("#a"), { reason: "kicked", mend: "wait" });
  for (const text of ["one", "two"]) {
    left.emit(message(text, { ...at(bench), id: messageId(text) }));
  }
  await clock.advance(10);
  left.emit({ kind: "deletion", id: messageId("one"), by: null, late: false, ...at(bench) });
  await clock.advance(10);
  right.enter(channelId("#a"));
  await right.waitForTexts(["<alice> two"]);
});

Deno.test("nothing is packed where messages can be taken back", async () => {
  const packing = { separator: " / ", maxLength: 1_000 };
  const right = new MemoryBridge("memory.right", { window: 1, packing, deletions: true });
  await using bench = new Bench({ right });
  right.fate = () => "hold";
  const texts = Array.from({ length: 30 }, (_, n) => `${n}`);
  for (const text of texts) bench.left.emit(message(text, at(bench)));
  await bench.clock.advance(10);
  right.fate = () => "confirm";
  right.confirmHeld();
  await right.waitForTexts(texts.map((text) => `<alice> ${text}`));
});

Deno.test("a message that can't be rendered or composed is set aside: the next one goes on its way", async () => {
  const drops: [number, DropReason["cause"]][] = [];
  const observer = {
    ...noObserver,
    dropped: (_to: unknown, _gateway: unknown, all: readonly unknown[], why: DropReason) =>
      void drops.push([all.length, why.cause]),
  };
  await using bench = new Bench({ observer });
  const { left, right } = bench;
  const render = right.render.bind(right);
  right.render = (channel, outgoing) => {
    if (JSON.stringify(outgoing).includes("cursed")) throw new Error("no such letter");
    return render(channel, outgoing);
  };
  left.emit(message("cursed", at(bench)));
  left.emit({ ...message("broken", at(bench)), text: null as never });
  left.emit(message("fine", at(bench)));
  await bench.clock.advance(40_000);
  await right.changes.until(() => right.texts().includes("<alice> fine"), "the next one");
  assert.deepEqual(right.texts().filter((text) => text.startsWith("<")), ["<alice> fine"]);
  assert.deepEqual(drops, [[1, "fault"], [1, "fault"]]);
  const announced = right.texts().map((text) => Number(/^(\d+) older/.exec(text)?.[1] ?? 0));
  assert.equal(announced.reduce((sum, one) => sum + one, 0), 2);
});

Deno.test("a message that could not be rendered just before the process died counts as dropped, not as shown", async () => {
  await using dir = await tempDir();
  const open = () =>
    openRelayStore({ path: dir.file("relay.db"), clock: new FakeClock(), log: new LogRecorder() });
  const before = open();
  const cursed = new MemoryBridge("memory.right");
  cursed.render = () => assert.fail("no such letter");
  const dying = new Bench({ store: failing(before, "settle"), right: cursed });
  const ended = assert.rejects(dying.running, /settle is broken/);
  await dying.left.changes.until(() => dying.left.runs === 1, "the link");
  dying.left.emit(message("cursed", at(dying)));
  for (let step = 0; step < 10; step++) await dying.clock.advance(500);
  await ended;
  before.close();

  const store = open();
  const right = new MemoryBridge("memory.right");
  const render = right.render.bind(right);
  right.render = (channel, outgoing) => {
    assert.ok(!JSON.stringify(outgoing).includes("cursed"), "no such letter");
    return render(channel, outgoing);
  };
  await using bench = new Bench({ store, right });
  await right.changes.until(() => right.texts().length === 1, "what is missing is said");
  assert.match(right.texts()[0] ?? "", /^1 older message was not relayed/);
  assert.equal(store.level(TARGET).waiting, 0);
  await bench.stop();
});

Deno.test("a bridge that throws on transmit ends that message only", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  const transmit = right.transmit.bind(right);
  right.transmit = (channel, part, signal) => {
    if (part.wire.endsWith("cursed")) throw new Error("no such letter");
    return transmit(channel, part, signal);
  };
  left.emit(message("cursed", at(bench)));
  left.emit(message("fine", at(bench)));
  await right.changes.until(() => right.texts().includes("<alice> fine"), "the next one");
  await bench.log.waitFor(/no such letter/);
});

Deno.test("a channel that comes up anew on its link does not double what is under way there", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  right.fate = () => "hold";
  left.emit(message("one", at(bench)));
  await clock.advance(10);
  right.history.length = 0;
  right.enter(channelId("#a"));
  await clock.advance(10);
  right.fate = () => "confirm";
  right.confirmHeld();
  left.emit(message("two", at(bench)));
  await right.waitForTexts(["<alice> one", "<alice> two"]);
});

for (const aheadMs of [-3_600_000, 30_000, 3_600_000]) {
  Deno.test(`without ids nothing is caught up twice where the service's clock is ${aheadMs} ms off`, async () => {
    await using bench = new Bench();
    const { left, right, clock } = bench;
    const there = () => ({ channel: channelId("#a"), atMs: clock.now() + aheadMs, id: null });
    const say = (text: string, live: boolean) => {
      const event = message(text, there());
      left.history.push({ own: false, event });
      if (live) left.emit(event);
    };
    await left.changes.until(() => left.runs === 1, "the link");
    say("one", true);
    await clock.advance(1_000);
    left.cut();
    say("missed", false);
    for (let round = 0; round < 3; round++) {
      await clock.advance(60_000);
      left.cut();
    }
    await clock.advance(60_000);
    say("end", true);
    await right.changes.until(() => right.texts().includes("<alice> end"), "the end");
    assert.deepEqual(right.texts().map((text) => text.split(" ").at(-1)), ["one", "missed", "end"]);
  });
}

Deno.test("what is said after the clock of a service without ids was set back is caught up", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  let aheadMs = 7_200_000;
  const say = (text: string, live: boolean) => {
    const there = { channel: channelId("#a"), atMs: clock.now() + aheadMs, id: null };
    left.history.push({ own: false, event: message(text, there) });
    if (live) left.emit(message(text, there));
  };
  await left.changes.until(() => left.runs === 1, "the link");
  say("one", true);
  await clock.advance(1_000);
  aheadMs = 0;
  say("two", true);
  await clock.advance(1_000);
  left.cut();
  say("three", false);
  await clock.advance(5_000);
  await right.changes.until(() => right.texts().length >= 3, "all");
  assert.match(right.texts().at(-1) ?? "", /three$/);
});

Deno.test("a first visit to a room whose newest message is from the future hides nothing", async () => {
  const left = new MemoryBridge("memory.left");
  const here = { channel: channelId("#a") };
  const nowMs = new FakeClock().now();
  for (const [text, atMs] of [["old", nowMs - 60_000], ["odd", nowMs + DAY_MS]] as const) {
    left.history.push({ own: false, event: message(text, { ...here, atMs, id: messageId(text) }) });
  }
  await using bench = new Bench({ left });
  await left.changes.until(() => left.runs === 1, "the link");
  await bench.clock.advance(1_000);
  left.cut();
  const missed = { ...here, atMs: bench.clock.now(), id: messageId("new") };
  left.history.push({ own: false, event: message("new", missed) });
  await bench.clock.advance(5_000);
  await bench.right.changes.until(() => bench.right.texts().length > 0, "the missed one");
  assert.match(bench.right.texts().join("\n"), /^<alice> \[\d\d:\d\d\] new$/);
});

Deno.test("what is over the limits of catching up is announced once, and never taken for new", async () => {
  await using bench = new Bench({ catchUp: { maxMessages: 1, maxAgeMs: DAY_MS } });
  const { left, right, clock } = bench;
  left.emit(message("live", { ...at(bench), id: null }));
  await right.waitForTexts(["<alice> live"]);
  left.cut();
  const said = { channel: channelId("#a"), id: null, atMs: clock.now() + 10 };
  for (const text of ["one", "two", "three"]) {
    left.history.push({ own: false, event: message(text, said) });
  }
  await clock.advance(5_000);
  const caughtUp = right.texts().slice(1);
  assert.equal(caughtUp.length, 2, caughtUp.join("\n"));
  assert.match(caughtUp.join("\n"), /missed while the relay was offline[^]*three$/);
  left.cut();
  await clock.advance(60_000);
  assert.equal(right.texts().length, 3, right.texts().join("\n"));
});

for (const catchUp of [{ maxMessages: 0, maxAgeMs: DAY_MS }, { maxMessages: 100, maxAgeMs: 0 }]) {
  Deno.test(`nothing is caught up, and nothing doubled, with ${JSON.stringify(catchUp)}`, async () => {
    await using bench = new Bench({ catchUp });
    const { left, right, clock } = bench;
    left.emit(message("one", { ...at(bench), id: messageId("1") }));
    await right.waitForTexts(["<alice> one"]);
    right.fate = () => "arrive-unconfirmed";
    left.emit(message("two", { ...at(bench), id: messageId("2") }));
    await clock.advance(10);
    left.cut();
    right.fate = () => "confirm";
    right.cut();
    await clock.advance(100);
    const missed = { channel: channelId("#a"), atMs: clock.now() - 50, id: "3" as MessageId };
    left.history.push({ own: false, event: message("three", missed) });
    await clock.advance(5_000);
    assert.deepEqual(right.texts().slice(0, 2), ["<alice> one", "<alice> two"]);
    assert.ok(!right.texts().some((text) => text.includes("three")));
  });
}

Deno.test("a message that was taken back on its way and had not left never leaves", async () => {
  await using bench = new Bench({ settings: { showDeletes: false } });
  const { left, right, clock } = bench;
  right.fate = () => "hold";
  left.emit(message("one", { ...at(bench), id: messageId("1") }));
  await clock.advance(10);
  left.emit({ kind: "deletion", id: messageId("1"), by: null, late: false, ...at(bench) });
  await clock.advance(10);
  right.shown.clear();
  right.history.length = 0;
  right.fate = () => "confirm";
  right.cut();
  await clock.advance(5_000);
  left.emit(message("end", at(bench)));
  await right.waitForTexts(["<alice> end"]);
});

Deno.test("a part that was shown behind one that was not is not sent again", async () => {
  await using bench = new Bench();
  const { left, right, clock } = bench;
  right.fate = (part) => right.runs === 1 && part.wire.endsWith("first") ? "swallow" : "confirm";
  left.emit(message("first\nsecond", at(bench)));
  await clock.advance(10);
  right.cut();
  await clock.advance(5_000);
  left.emit(message("end", at(bench)));
  await right.waitForTexts(["second", "<alice> first", "<alice> end"]);
});

Deno.test("a bridge that throws on prepare does not stop the others", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  Object.assign(right, {
    prepare: () => {
      throw new Error("no such picture");
    },
  });
  left.emit(message("one", at(bench)));
  await right.waitForTexts(["<alice> one"]);
});

Deno.test("a broken loop ends the relay with an error, and everything else before", async () => {
  const store = openRelayStore({ path: null, clock: new FakeClock(), log: new LogRecorder() });
  const bench = new Bench({ store: failing(store, "accept") });
  const ended = assert.rejects(bench.running, /accept is broken/);
  await bench.left.changes.until(() => bench.left.runs === 1, "the link");
  bench.left.emit(message("one", at(bench)));
  for (let step = 0; step < 10; step++) await bench.clock.advance(500);
  await ended;
  assert.equal(bench.left.host, null);
  assert.ok(bench.log.texts().some((text) => text.includes("the relay is broken and ends")));
  store.close();
});
