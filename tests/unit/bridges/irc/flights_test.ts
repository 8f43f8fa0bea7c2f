import assert from "node:assert/strict";
import { type Flight, Flights } from "../../../../src/bridges/irc/sending/flights.ts";
import type { Part, Receipt, WireText } from "../../../../src/relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../../../src/relay/port/ids.ts";

const HERE = "#here" as ChannelId;
const THERE = "#there" as ChannelId;

function partOf(kind: Part["kind"] = "message"): Part {
  return { kind, wire: "x" as WireText, target: null, speaker: null };
}

function flight(change: Partial<Flight> = {}): Flight & { readonly receipts: Receipt[] } {
  const receipts: Receipt[] = [];
  return {
    ...{ channel: HERE, part: partOf(), text: "x", label: null, sentAtMs: 0, speaker: null },
    ...{ last: true, fenced: false, echo: null, strange: [] },
    settle: (receipt) => void receipts.push(receipt),
    again: () => {},
    ...change,
    receipts,
  };
}

function under(...all: readonly Flight[]): Flights {
  const flights = new Flights();
  for (const one of all) flights.add(one);
  return flights;
}

Deno.test("Flights: a line is found by its label, its channel and its kind", () => {
  const [one, topic, other] = [
    flight({ label: "a" }),
    flight({ part: partOf("topic") }),
    flight({ channel: THERE, label: "b" }),
  ];
  const flights = under(one, topic, other);
  assert.equal(flights.labelled("b"), other);
  assert.equal(flights.labelled("c"), null);
  assert.deepEqual(flights.of(HERE), [one, topic]);
  assert.deepEqual(flights.messagesOf(HERE), [one]);
  assert.equal(flights.topicOf(HERE), topic);
  assert.equal(flights.topicOf(THERE), null);
});

Deno.test("Flights: an answer without a label means the only line there is, else none", () => {
  const long = partOf();
  const [first, second] = [flight({ part: long, last: false }), flight({ part: long })];
  const flights = under(first, second);
  assert.equal(flights.only(HERE), first, "two lines of one part are one");
  assert.equal(flights.only(THERE), null);
  assert.equal(flights.only(null), first);
  flights.add(flight({ channel: THERE }));
  assert.equal(flights.only(HERE), first);
  assert.equal(flights.only(null), null);
  flights.add(flight());
  assert.equal(flights.only(HERE), null);
});

Deno.test("Flights: a part is confirmed with its last line, by the id and the time that were shown", () => {
  const long = partOf();
  const [first, last] = [flight({ part: long, last: false }), flight({ part: long })];
  const flights = under(first, last);
  flights.confirm(first, { id: "m1" as MessageId, atMs: 1 });
  assert.deepEqual([first.receipts, last.receipts, flights.size], [[], [], 1]);
  flights.confirm(last, { id: "m2" as MessageId, atMs: 2 });
  flights.confirm(last, null);
  assert.deepEqual(last.receipts, [{ outcome: "confirmed", id: "m2", atMs: 2 }]);
  const unseen = flight();
  under(unseen).confirm(unseen, null);
  assert.deepEqual(unseen.receipts, [{ outcome: "confirmed", id: null }]);
});

Deno.test("Flights: what was worked off is confirmed by what was echoed before", () => {
  const [echoed, silent] = [
    flight({ echo: { id: "m1" as MessageId, atMs: null } }),
    flight({ channel: THERE }),
  ];
  const flights = under(echoed, silent);
  flights.confirmAll();
  assert.deepEqual(echoed.receipts, [{ outcome: "confirmed", id: "m1" }]);
  assert.deepEqual(silent.receipts, [{ outcome: "confirmed", id: null }]);
  assert.equal(flights.size, 0);
});

Deno.test("Flights: a refused line takes the others of its part along, and ends once", () => {
  const long = partOf();
  const [first, last, other] = [
    flight({ part: long, last: false }),
    flight({ part: long }),
    flight(),
  ];
  const flights = under(first, last, other);
  flights.settle(first, { outcome: "rejected", reason: "no" });
  flights.settle(first, { outcome: "rejected", reason: "no" });
  assert.deepEqual(first.receipts, [{ outcome: "rejected", reason: "no" }]);
  assert.deepEqual([flights.has(last), flights.has(other)], [false, true]);
  assert.equal(flights.retract(first), false);
  assert.equal(flights.retract(other), true);
  assert.deepEqual([other.receipts, flights.size], [[], 0]);
});

Deno.test("Flights: a fence stands behind all that had left by then", () => {
  const [one, two] = [flight(), flight()];
  const flights = under(one);
  assert.deepEqual(flights.takeUnfenced(), [one]);
  assert.equal(flights.oldestUnfenced, null);
  flights.add(two);
  assert.equal(flights.oldestUnfenced, two);
  assert.deepEqual(flights.takeUnfenced(), [two]);
  assert.deepEqual(flights.takeUnfenced(), []);
});

Deno.test("Flights: of what is under way as the link ends nobody knows", () => {
  const [one, two] = [flight(), flight()];
  const flights = under(one, two);
  flights.end("gone");
  flights.end("gone again");
  for (const { receipts } of [one, two]) {
    assert.deepEqual(receipts, [{ outcome: "unknown", reason: "gone" }]);
  }
  assert.equal(flights.size, 0);
});
