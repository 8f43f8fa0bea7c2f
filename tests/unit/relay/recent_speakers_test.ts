import assert from "node:assert/strict";
import { RecentSpeakers } from "../../../src/relay/intake/recent.ts";
import { endpoint, messageId, person } from "./builders.ts";

const ROOM = endpoint("memory.b #b");

function room(): RecentSpeakers {
  const speakers = new RecentSpeakers(3);
  speakers.spoke(ROOM, person("Zoë"), 1, messageId("z1"));
  speakers.spoke(ROOM, person("Zoë Smith"), 2, messageId("s1"));
  speakers.spoke(ROOM, person("Zoë"), 3, messageId("z2"));
  return speakers;
}

const ROWS: readonly [text: string, expected: string | null][] = [
  ["Zoë: yes", "z2"],
  ["zoë, yes", "z2"],
  ["@Zoë yes", "z2"],
  ["  @zoë", "z2"],
  ["Zoë Smith: hello", "s1"],
  ["Zoë is here", null],
  ["Zoëlle: no", null],
  ["I said: Zoë", null],
  ["Bob: hi", null],
  ["", null],
  ["\u200bZ\u200boë: yes", "z2"],
  ["Zoë Smith, hello", "s1"],
  ["@Zoë Smith hello", "s1"],
  ["@Zoëlle no", null],
  ["Zoë:yes", null],
  [":", null],
];
for (const [text, expected] of ROWS) {
  Deno.test(`addressed() of ${JSON.stringify(text)}`, () => {
    assert.equal(room().addressed(ROOM, text)?.messageId ?? null, expected);
  });
}

Deno.test("nobody is addressed by no name, nor where nobody spoke", () => {
  const speakers = new RecentSpeakers(3);
  assert.equal(speakers.addressed(ROOM, "@Zoë yes"), null);
  assert.equal(speakers.namesakesBefore(ROOM, person("Zoë"), 1), 0);
  speakers.spoke(ROOM, person("\u200b"), 1, messageId("n1"));
  assert.equal(speakers.addressed(ROOM, "@ yes"), null);
  assert.equal(speakers.addressed(ROOM, ": yes"), null);
});

Deno.test("RecentSpeakers forgets who spoke longest ago, and keeps places apart", () => {
  const speakers = room();
  speakers.spoke(ROOM, person("a"), 4, null);
  speakers.spoke(ROOM, person("b"), 5, null);
  assert.equal(speakers.find(ROOM, person("Zoë Smith").id), null);
  assert.equal(speakers.find(ROOM, person("Zoë").id)?.atMs, 3);
  assert.equal(speakers.find(endpoint("memory.c #c"), person("Zoë").id), null);
});

Deno.test("namesakesBefore() counts those who had the name first and still take part", () => {
  const speakers = new RecentSpeakers();
  const people = ["a", "b", "c"].map((id) => ({ ...person("Zoë"), id: person(id).id }));
  const counts = (nowMs: number) => people.map((one) => speakers.namesakesBefore(ROOM, one, nowMs));
  people.toReversed().forEach((one) => speakers.spoke(ROOM, one, 10, null));
  assert.deepEqual(counts(20), [2, 1, 0]);
  const [first = person("a"), , third = person("c")] = people;
  // Nobody's number changes because somebody speaks again.
  speakers.spoke(ROOM, third, 30, null);
  assert.deepEqual(counts(30), [2, 1, 0]);
  // After a silence one is new, and one who is silent for long counts no more.
  speakers.spoke(ROOM, first, 25 * 60_000, null);
  speakers.spoke(ROOM, third, 40 * 60_000, null);
  assert.deepEqual(counts(40 * 60_000), [0, 0, 1]);
  speakers.spoke(ROOM, { ...third, nick: "zoë" }, 41 * 60_000, null);
  assert.equal(speakers.namesakesBefore(ROOM, third, 41 * 60_000), 1);
  assert.equal(speakers.namesakesBefore(ROOM, person("Zoë Smith"), 41 * 60_000), 0);
});
