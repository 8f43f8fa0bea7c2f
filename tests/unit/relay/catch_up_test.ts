import assert from "node:assert/strict";
import {
  catchUp,
  firstCursor,
  rightWayRound,
  saidBeforeUs,
  ServiceClocks,
} from "../../../src/relay/intake/catch_up.ts";
import type { HistoryMessage } from "../../../src/relay/port/bridge.ts";
import type { EndpointId } from "../../../src/relay/port/ids.ts";
import { textOf } from "../../../src/relay/port/rich_text.ts";
import { message, messageId } from "./builders.ts";

const LIMITS = { maxMessages: 3, maxAgeMs: 60_000 };
const NOW_MS = 100_000;
const CURSOR = { id: messageId("5"), atMs: 50_000, saidAtMs: 50_000, count: 1, inSecond: 1 };

function said(
  atMs: number,
  id: string | null = `at-${atMs}`,
  text: string = `${atMs}`,
): HistoryMessage {
  const event = message(text, { atMs, id: id === null ? null : messageId(id) });
  return { own: false, event };
}

function texts(messages: HistoryMessage[], complete = true, cursor: typeof CURSOR | null = CURSOR) {
  const { events, gap } = catchUp({ messages, complete }, cursor, LIMITS, NOW_MS);
  return { texts: events.map((event) => textOf(event.text)), gap };
}

Deno.test("catchUp() takes what came after the cursor, marked late", () => {
  const { events } = catchUp({ messages: [said(60_000)], complete: true }, CURSOR, LIMITS, NOW_MS);
  assert.deepEqual(events.map((event) => [textOf(event.text), event.late]), [["60000", true]]);
});

Deno.test("catchUp() takes nothing at the first visit", () => {
  assert.deepEqual(texts([said(60_000)], false, null), { texts: [], gap: false });
});

Deno.test("catchUp() leaves what is older than the cursor, but for the same second", () => {
  assert.deepEqual(texts([said(40_000), said(49_000), said(50_001)]), {
    texts: ["49000", "50001"],
    gap: false,
  });
});

Deno.test("catchUp() takes what the service says stands behind the cursor, though its clock was set back", () => {
  const history = { messages: [said(40_000), said(41_000)], complete: true };
  const taken = (behindCursor: boolean) =>
    catchUp({ ...history, behindCursor }, CURSOR, LIMITS, NOW_MS).events.map(({ atMs }) => atMs);
  assert.deepEqual(taken(false), []);
  assert.deepEqual(taken(true), [40_000, 41_000]);
});

Deno.test("ServiceClocks: one time from the future moves no cursor beyond what is usual there", () => {
  const origin = "irc.a #c" as EndpointId;
  for (const offMs of [0, -3_600_000, 3_600_000]) {
    const clocks = new ServiceClocks();
    const cursorTime = (atMs: number) =>
      clocks.cursorTime(origin, message("x", { atMs, id: messageId("x"), late: false }), NOW_MS) -
      NOW_MS;
    for (let heard = 0; heard < 3; heard++) cursorTime(NOW_MS + offMs);
    assert.equal(cursorTime(NOW_MS + offMs), offMs);
    assert.equal(cursorTime(NOW_MS + offMs + 86_400_000), offMs);
    assert.equal(cursorTime(NOW_MS + offMs), offMs);
  }
});

Deno.test("catchUp() without ids goes by time", () => {
  assert.deepEqual(texts([said(49_000, null), said(50_000, null), said(50_001, null)]).texts, [
    "50001",
  ]);
});

Deno.test("catchUp() without ids counts what bears the cursor's own time: the first are known", () => {
  const same = [1, 2].map((nr) => said(50_000, null, `same ${nr}`));
  const later = said(50_001, null, "later");
  const count = (count: number) => {
    const { texts: found, gap } = texts([...same, later], true, { ...CURSOR, count });
    return { texts: found.slice(0, -1), gap };
  };
  assert.deepEqual(count(0).texts, ["same 1", "same 2"]);
  assert.deepEqual(count(1).texts, ["same 2"]);
  assert.deepEqual(count(2), { texts: [], gap: false });
  assert.deepEqual(count(3), { texts: [], gap: false });
});

Deno.test("catchUp() counts within the cursor's second where a history tells whole seconds", () => {
  const cursor = { ...CURSOR, atMs: 50_400, saidAtMs: 50_400, inSecond: 2 };
  const history = [49, 50, 50, 50, 51].map((at, nr) => said(at * 1_000, null, `line ${nr}`));
  assert.deepEqual(texts(history, true, cursor).texts, ["line 3", "line 4"]);
});

Deno.test("catchUp() keeps the newest within its limits and says that there is a gap", () => {
  assert.deepEqual(texts([51, 52, 53, 54].map((at) => said(at * 1_000))), {
    texts: ["52000", "53000", "54000"],
    gap: true,
  });
});

Deno.test("catchUp() leaves what is too old and says that there is a gap", () => {
  const { events, gap } = catchUp(
    { messages: [said(51_000), said(99_000)], complete: true },
    CURSOR,
    { ...LIMITS, maxAgeMs: 10_000 },
    NOW_MS,
  );
  assert.deepEqual([events.length, gap], [1, true]);
});

Deno.test("catchUp() measures age by the service's clock, where the history tells it", () => {
  const hourMs = 3_600_000;
  for (const offMs of [-hourMs, hourMs]) {
    const messages = [said(NOW_MS + offMs - LIMITS.maxAgeMs - 1), said(NOW_MS + offMs)];
    const cursor = { ...CURSOR, atMs: offMs, saidAtMs: offMs };
    const events = (history: object, nowMs: number) =>
      catchUp({ messages, complete: true, ...history }, cursor, LIMITS, nowMs).events.length;
    assert.equal(events({ atMs: NOW_MS + offMs }, NOW_MS), 1);
    assert.equal(events({}, NOW_MS + offMs), 1);
  }
});

Deno.test("ServiceClocks tells the time at a service by what is said there now, with ids or without", () => {
  const origin = "irc.a #c" as EndpointId;
  const clocks = new ServiceClocks();
  const hear = (atMs: number, late: boolean) =>
    clocks.cursorTime(origin, message("x", { atMs, id: null, late }), NOW_MS);
  assert.equal(clocks.timeAt(origin, NOW_MS), NOW_MS);
  assert.equal(hear(NOW_MS - 50_000, true), NOW_MS - 50_000);
  assert.equal(clocks.timeAt(origin, NOW_MS), NOW_MS, "what comes late tells nothing of the clock");
  hear(NOW_MS - 3_000, false);
  assert.equal(clocks.timeAt(origin, NOW_MS + 7), NOW_MS - 3_000 + 7);
  for (let heard = 0; heard < 5; heard++) hear(NOW_MS + 9_000, false);
  assert.equal(clocks.timeAt(origin, NOW_MS), NOW_MS + 9_000);
  assert.equal(clocks.timeAt("irc.a #other" as EndpointId, NOW_MS), NOW_MS);
});

Deno.test("catchUp() tells a gap where what it leaves bears the cursor's own time", () => {
  const none = { ...LIMITS, maxMessages: 0 };
  const isKnown = (id: string) => id === "5";
  const gap = (...messages: HistoryMessage[]) =>
    catchUp({ messages, complete: true }, CURSOR, none, NOW_MS, isKnown).gap;
  assert.equal(gap(said(50_000, null)), false);
  assert.equal(gap(said(50_000, null), said(50_000, null)), true);
  assert.equal(gap(said(50_000, "5")), false);
  assert.equal(gap(said(50_000, "5"), said(50_000, "6")), true);
});

Deno.test("catchUp() tells a gap where a history without ids begins in the cursor's own second", () => {
  const gap = (...all: HistoryMessage[]) => texts(all, false).gap;
  assert.equal(gap(said(50_000, null), said(60_000, null)), true);
  assert.equal(gap(said(49_000, null), said(50_000, null), said(60_000, null)), false);
});

Deno.test("catchUp() tells a gap where the history did not reach back to the cursor", () => {
  assert.equal(texts([said(60_000)], false).gap, true);
  assert.equal(texts([said(40_000), said(60_000)], false).gap, false);
  assert.equal(texts([said(30_000), said(40_000)], false).gap, true);
  assert.equal(texts([], false).gap, false);
});

Deno.test("catchUp() tells what the service has lost, though nothing is to be read", () => {
  const cursor = firstCursor({ messages: [said(50_000)], complete: true }, NOW_MS);
  const gap = (lost: boolean) =>
    catchUp({ messages: [], complete: true, lost }, cursor, LIMITS, NOW_MS).gap;
  assert.deepEqual([gap(false), gap(true)], [false, true]);
});

Deno.test("firstCursor() stands at the newest message, before everything, or at now", () => {
  assert.deepEqual(firstCursor({ messages: [said(1), said(2)], complete: true }, 9), {
    id: "at-2",
    atMs: 2,
    saidAtMs: 2,
    count: 1,
    inSecond: 2,
  });
  const same = [said(1, null), said(2, null), said(2, null)];
  assert.equal(firstCursor({ messages: same, complete: true }, 9).count, 2);
  assert.deepEqual(firstCursor(null, 9), { id: null, atMs: 9, saidAtMs: 9, count: 0, inSecond: 0 });
  const empty = { messages: [], complete: true };
  assert.deepEqual(firstCursor(empty, 9), {
    id: null,
    atMs: 0,
    saidAtMs: 0,
    count: 0,
    inSecond: 0,
  });
  assert.equal(firstCursor({ ...empty, atMs: 5 }, 9).atMs, 5);
});

Deno.test("saidBeforeUs() answers what a later catchUp() would take though it stood there before", () => {
  const history = { messages: [said(10_000), said(49_000), said(50_000)], complete: true };
  const cursor = firstCursor(history, NOW_MS);
  const later = catchUp(history, cursor, LIMITS, NOW_MS).events.map(({ id }) => id);
  assert.deepEqual(saidBeforeUs(history, cursor).map(({ id }) => id), later);
  assert.deepEqual(later, ["at-49000", "at-50000"]);
});

Deno.test("rightWayRound() turns a history of one time in which what is known stands last", () => {
  const known = ["a", "b"];
  const order = (...messages: HistoryMessage[]) =>
    rightWayRound({ messages, complete: true }, (id) => known.includes(id)).messages
      .map((message) => message.own ? "own" : message.event.id).join("");
  const at = (id: string, atMs = 60_000) => said(atMs, id);
  assert.equal(order(at("d"), at("c"), at("b"), at("a")), "abcd");
  assert.equal(order(at("a"), at("b"), at("c"), at("d")), "abcd");
  assert.equal(order(at("d"), at("c"), at("e")), "dce", "nothing is known");
  assert.equal(order(at("d"), at("c", 59_000), at("a")), "dca", "times tell");
  assert.equal(order(at("b"), at("a")), "ba", "all is known");
  assert.equal(order(), "");
});

Deno.test("catchUp() passes over what may not be relayed, but for what is known by its id", () => {
  const none = { ...LIMITS, maxMessages: 0 };
  const messages = [said(60_000, "known"), said(61_000, "new"), said(62_000, null)];
  const { events, passedOver, gap } = catchUp(
    { messages, complete: true },
    CURSOR,
    none,
    NOW_MS,
    (id) => id === "known",
  );
  assert.deepEqual(events, []);
  assert.deepEqual(passedOver.map(({ id, atMs }) => [id, atMs]), [["new", 61_000], [null, 62_000]]);
  assert.equal(gap, true);
});
