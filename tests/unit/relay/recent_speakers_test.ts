import assert from "node:assert/strict";
import { RecentSpeakers } from "../../../src/relay/recent_speakers.ts";
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
];
for (const [text, expected] of ROWS) {
  Deno.test(`addressed() of ${JSON.stringify(text)}`, () => {
    assert.equal(room().addressed(ROOM, text)?.messageId ?? null, expected);
  });
}

Deno.test("RecentSpeakers forgets who spoke longest ago, and keeps places apart", () => {
  const speakers = room();
  speakers.spoke(ROOM, person("a"), 4, null);
  speakers.spoke(ROOM, person("b"), 5, null);
  assert.equal(speakers.find(ROOM, person("Zoë Smith").id), null);
  assert.equal(speakers.find(ROOM, person("Zoë").id)?.atMs, 3);
  assert.equal(speakers.find(endpoint("memory.c #c"), person("Zoë").id), null);
});
