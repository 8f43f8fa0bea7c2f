import assert from "node:assert/strict";
import type { Outgoing, Part } from "../../../src/relay/port/bridge.ts";
import { type ChannelId, endpointId } from "../../../src/relay/port/ids.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { at, Bench } from "./bench.ts";
import { channelId, message, messageId, person } from "./builders.ts";
import { MemoryBridge } from "./memory_bridge.ts";

Deno.test("Relay carries messages both ways, in order, with the nick format", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  await left.changes.until(() => left.runs === 1 && right.runs === 1, "both links");
  left.emit(message("one", at(bench)));
  left.emit(message("two", at(bench)));
  await right.waitForTexts(["<alice> one", "<alice> two"]);
  right.emit(message("three", { ...at(bench), sender: person("bob") }));
  await left.waitForTexts(["<bob> three"]);
});

Deno.test("Relay takes a message with the same id once", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  left.emit(message("one", { ...at(bench), id: messageId("1") }));
  left.emit(message("one", { ...at(bench), id: messageId("1") }));
  left.emit(message("two", { ...at(bench), id: messageId("2") }));
  await right.waitForTexts(["<alice> one", "<alice> two"]);
});

Deno.test("Relay never carries what was said before its first visit, nor after a reconnect", async () => {
  const left = new MemoryBridge("memory.left");
  const startMs = new FakeClock().now();
  ["before", "just before"].forEach((text, index) => {
    const event = { channel: channelId("#a"), id: messageId(text), atMs: startMs - 1_000 + index };
    left.history.push({ own: false, event: message(text, event) });
  });
  await using bench = new Bench({ left });
  await left.changes.until(() => left.runs === 1, "the link");
  await bench.clock.advance(0);
  left.cut();
  await bench.clock.advance(10_000);
  assert.equal(left.runs, 2);
  left.emit(message("after", at(bench)));
  await bench.right.waitForTexts(["<alice> after"]);
});

Deno.test("Relay keeps for later what a lost destination can't take", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  right.cut();
  await right.changes.until(() => right.host === null, "the link to end");
  right.cut = () => {};
  left.emit(message("one", at(bench)));
  await bench.clock.advance(1_000);
  await right.waitForTexts(["<alice> one"]);
  assert.equal(right.runs, 2);
});

Deno.test("Relay does not send again what arrived unconfirmed, and sends what did not", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  const fates = ["arrive-unconfirmed", "swallow"] as const;
  let parts = 0;
  right.fate = () => fates[parts++] ?? "confirm";
  left.emit(message("arrived", at(bench)));
  left.emit(message("swallowed", at(bench)));
  await right.changes.until(() => parts === 2, "both parts to leave");
  right.cut();
  await bench.clock.advance(1_000);
  await right.waitForTexts(["<alice> arrived", "<alice> swallowed"]);
});

Deno.test("Relay sends again without a history: at least once wins over loss", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  right.withHistory = false;
  right.fate = () => right.runs === 1 ? "swallow" : "confirm";
  left.emit(message("one", at(bench)));
  await bench.clock.advance(0);
  right.cut();
  await bench.clock.advance(1_000);
  await right.waitForTexts(["<alice> one"]);
});

Deno.test("Relay makes a new connection when a part stays unconfirmed on a living link", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  right.fate = () => right.runs === 1 ? "swallow" : "confirm";
  left.emit(message("one", at(bench)));
  await bench.clock.advance(0);
  right.doubtHeld();
  await bench.clock.advance(5_000);
  await right.waitForTexts(["<alice> one"]);
  assert.equal(right.runs, 2);
});

Deno.test("Relay ends a rejected message with its reason and goes on", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  right.fate = (part) => part.wire.endsWith("bad") ? "reject" : "confirm";
  left.emit(message("bad", at(bench)));
  left.emit(message("good", at(bench)));
  await right.waitForTexts(["<alice> good"]);
  await bench.log.waitFor(/not allowed/);
});

Deno.test("Relay catches up with what was said meanwhile, once, marked late", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  left.emit(message("before", { ...at(bench), id: messageId("1") }));
  await right.waitForTexts(["<alice> before"]);
  const missed = message("missed", { ...at(bench), id: messageId("2") });
  left.cut();
  left.history.push({ own: false, event: message("before", { ...at(bench), id: messageId("1") }) });
  left.history.push({ own: false, event: missed });
  await bench.clock.advance(1_000);
  left.emit(missed);
  left.emit(message("after", { ...at(bench), id: messageId("3") }));
  await right.changes.until(() => right.texts().length === 3, "three texts");
  assert.match(right.texts()[1] ?? "", /^<alice> \[\d\d:\d\d\] missed$/);
  assert.equal(right.texts()[2], "<alice> after");
});

Deno.test("Relay catches up also after a message whose time lies in the future", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  const channel = channelId("#a");
  left.emit(message("from 2100", { channel, atMs: Date.UTC(2100), id: messageId("1") }));
  await right.changes.until(() => right.texts().length === 1, "the first text");
  left.cut();
  const missed = message("missed", { ...at(bench), id: messageId("2") });
  left.history.push({ own: false, event: missed });
  await bench.clock.advance(1_000);
  await right.changes.until(() => right.texts().length === 2, "two texts");
  assert.match(right.texts()[1] ?? "", /missed$/);
});

Deno.test("Relay points a reply at the copy, or tells in words what is answered", async () => {
  const right = new MemoryBridge("memory.right", { replies: true });
  await using bench = new Bench({ right });
  const { left } = bench;
  left.emit(message("question", { ...at(bench), id: messageId("q") }));
  await right.waitForTexts(["<alice> question"]);
  await bench.clock.advance(10);
  const copy = messageId("memory.right-1");
  const answered = { id: copy, nick: null, excerpt: null };
  right.emit(message("answer", { ...at(bench), sender: person("bob"), replyTo: answered }));
  await left.waitForTexts(["<bob> (re alice: question) answer"]);
});

Deno.test("Relay tells edits, deletions and reactions only of what it relayed", async () => {
  await using bench = new Bench({ settings: { editSuffix: " (edited)" } });
  const { left, right } = bench;
  const base = { ...at(bench), late: false } as const;
  const alice = person("alice");
  left.emit(message("text", { ...base, id: messageId("1") }));
  await right.waitForTexts(["<alice> text"]);
  await bench.clock.advance(10);
  const text = message("new text").text;
  left.emit({ ...base, kind: "edit", id: messageId("unknown"), sender: alice, text });
  left.emit({ ...base, kind: "edit", id: messageId("1"), sender: alice, text });
  left.emit({
    ...base,
    kind: "reaction",
    id: messageId("1"),
    sender: person("bob"),
    key: "👍",
    removed: false,
  });
  left.emit({ ...base, kind: "deletion", id: messageId("1"), by: alice });
  await right.waitForTexts([
    "<alice> text",
    "<alice> new text (edited)",
    "<bob> reacts with 👍 to alice: new text",
    "<alice> deleted a message",
  ]);
});

Deno.test("Relay takes an edit or a deletion over once, however often it is reported", async () => {
  await using bench = new Bench({ settings: { editSuffix: " (edited)" } });
  const { left, right } = bench;
  const base = { ...at(bench), late: false } as const;
  const alice = person("alice");
  left.emit(message("text", { ...base, id: messageId("1") }));
  await right.waitForTexts(["<alice> text"]);
  const edit = (text: string, reportId: string) =>
    left.emit({
      ...{ ...base, kind: "edit", id: messageId("1"), sender: alice },
      ...{ text: message(text).text, reportId: messageId(reportId) },
    });
  edit("new", "r1");
  edit("new", "r1");
  edit("newer", "r2");
  const deletion = { kind: "deletion", id: messageId("1"), by: alice } as const;
  left.emit({ ...base, ...deletion, reportId: messageId("r3") });
  left.emit({ ...base, ...deletion, reportId: messageId("r3") });
  left.emit(message("end", { ...base, id: messageId("2") }));
  await right.waitForTexts([
    "<alice> text",
    "<alice> new (edited)",
    "<alice> newer (edited)",
    "<alice> deleted a message",
    "<alice> end",
  ]);
});

Deno.test("Relay passes reactions on as such where it can: one of a kind for all who chose it", async () => {
  const right = new OpenBridge("memory.right", { reactions: true });
  await using bench = new Bench({ right });
  bench.left.emit(message("text", { ...at(bench), id: messageId("1") }));
  await bench.right.waitForTexts(["<alice> text"]);
  await bench.clock.advance(10);
  const react = (nick: string, key: string, removed: boolean) =>
    bench.left.emit({
      ...at(bench),
      late: false,
      kind: "reaction",
      id: messageId("1"),
      sender: person(nick),
      key,
      removed,
    });
  react("bob", "👍", false);
  react("carl", "👍", false);
  react("carl", "🎬", false);
  react("bob", "👍", true);
  react("carl", "👍", true);
  bench.left.emit(message("end", { ...at(bench), id: messageId("2") }));
  await right.changes.until(() => right.rendered.length === 5, "five parts");
  const reactions = right.rendered.flatMap((one) =>
    one.kind === "reaction" ? [[one.key, one.removed]] : []
  );
  assert.deepEqual(reactions, [["👍", false], ["🎬", false], ["👍", true]]);
});

/** Keeps who is shown to type. */
class TypingBridge extends MemoryBridge {
  readonly typed: boolean[] = [];

  typing(_channel: ChannelId, active: boolean): void {
    this.typed.push(active);
  }
}

Deno.test("Relay passes on who is typing where that is wanted, until the last one stops", async () => {
  const right = new TypingBridge("memory.right");
  await using bench = new Bench({ right, settings: { showTyping: true } });
  const { left } = bench;
  left.emit(message("text", at(bench)));
  await right.waitForTexts(["<alice> text"]);
  const { channel } = message("", at(bench));
  assert.equal(left.host?.wantsTyping?.(channel), true);
  assert.equal(right.host?.wantsTyping?.(channel), false);
  const type = (nick: string, active: boolean) =>
    left.host?.typing?.(channel, person(nick), active);
  type("alice", true);
  type("bob", true);
  type("alice", false);
  assert.deepEqual(right.typed, [true]);
  type("bob", false);
  type("bob", false);
  assert.deepEqual(right.typed, [true, false]);
  type("alice", true);
  await bench.clock.advance(3_000);
  type("alice", true);
  // She is gone without a word.
  await bench.clock.advance(7_000);
  type("bob", true);
  type("bob", false);
  assert.deepEqual(right.typed.slice(2), [true, true, true, false]);
});

/** Keeps what it was asked to render. */
class OpenBridge extends MemoryBridge {
  readonly rendered: Outgoing[] = [];

  override render(channel: ChannelId, outgoing: Outgoing): Part[] {
    this.rendered.push(outgoing);
    return super.render(channel, outgoing);
  }
}

Deno.test("Relay names the copy that an edit replaces, where the service can edit", async () => {
  const right = new OpenBridge("memory.right", { edits: true });
  await using bench = new Bench({ right, settings: { showJoinPart: true } });
  const base = { ...at(bench), late: false } as const;
  bench.left.emit(message("text", { ...base, id: messageId("1") }));
  await right.waitForTexts(["<alice> text"]);
  await bench.clock.advance(10);
  const { text, sender } = message("new text");
  bench.left.emit({ ...base, kind: "edit", id: messageId("1"), sender, text });
  bench.left.emit({ ...base, kind: "join", who: person("bob") });
  await right.waitForTexts(["<alice> text", "<alice> new text", "<system> bob joins"]);
  const shown = right.rendered.flatMap((one) =>
    one.kind === "message" ? [{ edits: one.edits, about: one.about, atMs: one.atMs }] : []
  );
  const { atMs } = base;
  assert.deepEqual(shown, [
    { edits: undefined, about: undefined, atMs },
    { edits: "memory.right-1", about: undefined, atMs },
    { edits: undefined, about: "join", atMs },
  ]);
});

Deno.test("BridgeHost.stored() resolves when what was reported before is stored", async () => {
  await using bench = new Bench();
  bench.right.fate = () => "swallow";
  bench.left.emit(message("text", { ...at(bench), id: messageId("1") }));
  const endpoint = endpointId(bench.left.account, channelId("#a"));
  const known = () => bench.store.traces({ endpoint, id: messageId("1") });
  assert.equal(known(), null);
  await bench.left.host?.stored();
  assert.notEqual(known(), null);
});

Deno.test("Relay keeps waiting messages over a restart", async () => {
  const clock = new FakeClock();
  const log = new LogRecorder();
  const store = openRelayStore({ path: null, clock, log });
  const first = new Bench({ store });
  first.right.fate = () => "swallow";
  first.left.emit(message("one", at(first)));
  await first.clock.advance(0);
  await first.stop();
  await using second = new Bench({ store });
  await second.right.waitForTexts(["<alice> one"]);
});

Deno.test("Relay packs a long queue of one speaker, to its end, and not a short one", async () => {
  const right = new MemoryBridge("memory.right", {
    window: 1,
    packing: { separator: " | ", maxLength: 12 },
  });
  await using bench = new Bench({ right });
  right.fate = () => "hold";
  for (let n = 0; n < 14; n++) bench.left.emit(message(`${n}`, at(bench)));
  await right.changes.until(() => right.texts().length === 1, "the first part");
  right.fate = () => "confirm";
  right.confirmHeld();
  await right.waitForTexts([
    "<alice> 0 | 1 | 2",
    "<alice> 3 | 4 | 5",
    "<alice> 6 | 7 | 8",
    "<alice> 9 | 10 | 11",
    "<alice> 12 | 13",
  ]);
  for (let n = 0; n < 3; n++) bench.left.emit(message(`short ${n}`, at(bench)));
  await right.changes.until(() => right.texts().length === 8, "three more");
});

Deno.test("Relay answers a command where it was given, once, and does not relay it", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  const ping = message(" !PING ", { ...at(bench), id: messageId("1") });
  left.emit(ping);
  left.emit(ping);
  left.emit(message("!pong is no command", { ...at(bench), id: messageId("2") }));
  await left.waitForTexts(["pong"]);
  await right.waitForTexts(["<alice> !pong is no command"]);
});

Deno.test("Relay relays what looks like a command of somebody who may not give one", async () => {
  await using bench = new Bench();
  bench.left.emit(message("!ping", { ...at(bench), sender: person("mallory") }));
  await bench.right.waitForTexts(["<mallory> !ping"]);
});

Deno.test("Relay answers only so many commands at once", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  for (let n = 0; n < 10; n++) left.emit(message("!ping", at(bench)));
  left.emit(message("end", at(bench)));
  await right.waitForTexts(["<alice> end"]);
  await left.waitForTexts(["pong", "pong", "pong"]);
});

Deno.test("Relay does not think a message old because somebody set the clock", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  right.fate = () => right.runs === 1 ? "swallow" : "confirm";
  for (let n = 0; n < 6; n++) left.emit(message(`${n}`, at(bench)));
  await bench.clock.advance(0);
  bench.clock.jump(365 * 86_400_000);
  await bench.clock.advance(60_000);
  right.cut();
  await bench.clock.advance(5_000);
  await right.waitForTexts([0, 1, 2, 3, 4, 5].map((n) => `<alice> ${n}`));
});

Deno.test("Relay does not relay its own copies that come back as somebody else's", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  left.emit(message("one", { ...at(bench), id: messageId("1") }));
  await right.waitForTexts(["<alice> one"]);
  await bench.clock.advance(10);
  right.emit(message("<alice> one", { ...at(bench), id: messageId("memory.right-1") }));
  right.emit(message("two", { ...at(bench), id: messageId("9") }));
  await left.waitForTexts(["<alice> two"]);
});

Deno.test("Relay makes a line that names somebody an answer to what they said last", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  right.emit(message("question", { ...at(bench), id: messageId("q"), sender: person("Zoë") }));
  await left.waitForTexts(["<Zoë> question"]);
  const targets: (string | null)[] = [];
  right.fate = (part) => (targets.push(part.target), "confirm");
  left.emit(message("Zoë: yes", at(bench)));
  left.emit(message("nobody: no", at(bench)));
  await right.waitForTexts(["<alice> Zoë: yes", "<alice> nobody: no"]);
  assert.deepEqual(targets, ["q", null]);
});

Deno.test("Relay tells two people of one name apart, where a service has such", async () => {
  for (const uniqueNicks of [false, true]) {
    await using bench = new Bench({ left: new MemoryBridge("memory.left", { uniqueNicks }) });
    const { left, right, clock } = bench;
    const other = { ...person("Alice"), id: person("2").id };
    left.emit(message("one", at(bench)));
    left.emit(message("two", { ...at(bench), sender: other }));
    left.emit(message("three", at(bench)));
    const mark = uniqueNicks ? "" : "²";
    await right.waitForTexts(["<alice> one", `<Alice${mark}> two`, "<alice> three"]);
    await clock.advance(31 * 60_000);
    left.emit(message("four", { ...at(bench), sender: other }));
    await right.waitForTexts([
      ...["<alice> one", `<Alice${mark}> two`, "<alice> three"],
      "<Alice> four",
    ]);
  }
});

Deno.test("Relay tells of those who spoke lately only, where that is wanted", async () => {
  await using bench = new Bench({ settings: { showJoinPart: true, showJoinPartFor: "speakers" } });
  const { left, right } = bench;
  const leave = (nick: string) =>
    ({
      ...at(bench),
      kind: "leave",
      late: false,
      who: person(nick),
      how: "part",
      by: null,
      reason: null,
    }) as const;
  left.emit(message("hello", at(bench)));
  left.emit(leave("lurker"));
  left.emit(leave("alice"));
  await right.waitForTexts(["<alice> hello", "<system> alice parts"]);
});
