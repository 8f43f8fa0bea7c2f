import assert from "node:assert/strict";
import { ChatCommands } from "../../../src/relay/intake/chat_commands.ts";
import { rewrite } from "../../../src/relay/intake/filter.ts";
import { LoopGuard } from "../../../src/relay/intake/recent.ts";
import type { AccountId, EndpointId, UserId } from "../../../src/relay/port/ids.ts";
import { noObserver } from "../../../src/relay/port/observer.ts";
import {
  barredText,
  plainText,
  readBarred,
  restyled,
  type RichText,
} from "../../../src/relay/port/rich_text.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { at, Bench } from "./bench.ts";
import { message, messageId, settings } from "./builders.ts";
import { computedMs } from "../../support/growth.ts";

Deno.test("the observer hears how many parts were shown where, and the round trips of each account", async () => {
  const heard: [string, number][] = [];
  await using bench = new Bench({
    observer: {
      ...noObserver,
      shown: (endpoint, count) => heard.push([endpoint, count]),
      latency: (account, roundTripMs) => heard.push([account, roundTripMs]),
    },
  });
  const { left, right } = bench;
  await right.changes.until(() => right.runs === 1, "the link");
  left.host?.latency(12);
  left.emit(message("one\ntwo", at(bench)));
  await right.waitForTexts(["<alice> one", "two"]);
  await bench.clock.advance(10);
  const [latency, ...shown] = heard.splice(0);
  assert.deepEqual(latency, ["memory.left", 12]);
  const counts = shown.map(([endpoint, count]) => endpoint === "memory.right #a" ? count : 0);
  assert.equal(counts.reduce((sum, count) => sum + count, 0), 2);
  right.fate = () => "reject";
  left.emit(message("three", at(bench)));
  await bench.clock.advance(10);
  assert.deepEqual(heard, []);
});

Deno.test("what is taken back in the same breath as it was said never leaves", async () => {
  await using bench = new Bench();
  const { left, right } = bench;
  await right.changes.until(() => right.runs === 1, "the link");
  const id = messageId("m1");
  left.emit(message("a slip", { ...at(bench), id }));
  left.emit({ kind: "deletion", ...at(bench), late: false, id, by: null });
  left.emit(message("end", at(bench)));
  await right.changes.until(() => right.texts().some((text) => text.endsWith("end")), "the end");
  assert.deepEqual(right.texts(), ["<alice> end"]);
});

Deno.test("ChatCommands find a command by prefix and name alone, and none where the prefix is empty", () => {
  const make = (prefix: string) =>
    new ChatCommands({
      prefix,
      commands: [{ name: "ping", about: "Answers.", run: () => "pong" }],
      mayUse: () => true,
      clock: new FakeClock(),
    });
  const found = (prefix: string, text: string, action = false) =>
    make(prefix).find({ account: "a.b" as AccountId, event: message(text, { action }) })?.name;
  assert.equal(found("!", " !PING "), "ping");
  assert.equal(found("", "ping"), undefined);
  assert.equal(found("!", "ping"), undefined);
  assert.equal(found("!", "!ping", true), undefined);
  assert.equal(found("!", "!ping me"), undefined);
});

Deno.test("ExtractNicks takes the name out of the text of whom it names, and leaves the rest as it looks", () => {
  const bold = { bold: true } as const;
  const text: RichText = [
    { text: "<ali", style: {} },
    { text: "ce> he", style: bold },
    { text: "llo", style: {} },
  ];
  const both = settings({ extractNicks: [[/^bot$/, /^<(\w+)> /]] });
  const of = (nick: string) => {
    const event = message("", { text });
    const { sender, text: left } = rewrite(both, {
      ...event,
      sender: { ...event.sender, nick },
    });
    return [sender.nick, left];
  };
  assert.deepEqual(of("bot"), ["alice", [
    { text: "he", style: bold },
    { text: "llo", style: {} },
  ]]);
  assert.deepEqual(of("somebody"), ["somebody", text]);
});

Deno.test("ExtractNicks: the first pair that names somebody counts", () => {
  const pairs: readonly (readonly [RegExp, RegExp])[] = [
    [/^bot$/, /^<(\w+)> /],
    [/^bot$/, /^(?:\[(\w+)\]|\w+:) /],
    [/^other$/, /^(\w+)/],
    [/^two$/, /^(\w+) says (.*)$/],
    [/^two$/, /^(\w+) asks(?: (\w+))?$/],
  ];
  const rows: readonly (readonly [nick: string, text: string, who: string, says: string])[] = [
    ["bot", "<alice> hello", "alice", "hello"],
    ["bot", "[alice] hello", "alice", "hello"],
    // The pair matches and names nobody.
    ["bot", "alice: hello", "bot", "alice: hello"],
    ["bot", "hello", "bot", "hello"],
    ["stranger", "<alice> hello", "stranger", "<alice> hello"],
    ["two", "alice says hello", "alice", "hello"],
    ["two", "alice asks", "two", "alice asks"],
    ["two", "alice asks bob", "alice", "bob"],
  ];
  for (const [nick, text, who, says] of rows) {
    const { sender, text: left } = rewrite(
      settings({ extractNicks: pairs }),
      message(text, { sender: { ...message("").sender, nick } }),
    );
    assert.deepEqual([sender.nick, left.map((span) => span.text).join("")], [who, says], text);
  }
});

Deno.test("restyled() hides the new text where any of the old one was hidden", () => {
  const hidden: RichText = [...plainText("a"), { text: "b", style: { spoiler: true } }];
  assert.deepEqual(restyled(hidden, "x"), [{ text: "x", style: { spoiler: true } }]);
  assert.deepEqual(restyled(plainText("ab"), "x"), plainText("x"));
  assert.deepEqual(restyled(hidden, ""), []);
});

Deno.test("LoopGuard remembers a bounded number of senders: whoever came back first is forgotten", () => {
  const guard = new LoopGuard();
  const here = "a.one room" as EndpointId;
  const judge = (sender: string) => {
    guard.relayed(here, "<ada> ", "hello", 0);
    return guard.judge(here, sender as UserId, "[x] <ada> hello", 1);
  };
  assert.deepEqual([1, 2, 3, 4].map(() => judge("first")).at(-1), "begins");
  for (let nr = 0; nr < 199; nr++) judge(`other ${nr}`);
  assert.equal(judge("first"), "goes-on");
  for (let nr = 0; nr < 200; nr++) judge(`another ${nr}`);
  assert.equal(judge("first"), "tolerated");
});

Deno.test("readBarred() reads what barredText() writes, and takes no operator for a spoiler", () => {
  const spoiler = { spoiler: true } as const;
  const hidden: RichText = [
    { text: "he ", style: {} },
    { text: "dies\nat the end", style: spoiler },
    { text: "!", style: {} },
  ];
  assert.equal(barredText(hidden), "he ||dies\nat the end||!");
  assert.deepEqual(readBarred(barredText(hidden)), hidden);
  assert.deepEqual(readBarred("||a|| and ||b||"), [
    { text: "a", style: spoiler },
    { text: " and ", style: {} },
    { text: "b", style: spoiler },
  ]);
  for (const plain of ["if (a || b || c)", "|| ||", "||||", "||open", "a | b", ""]) {
    assert.deepEqual(readBarred(plain), plainText(plain), plain);
  }
  const startMs = computedMs();
  readBarred("||a ".repeat(100_000));
  assert.ok(computedMs() - startMs < 2_000);
});
