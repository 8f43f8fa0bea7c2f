import assert from "node:assert/strict";
import {
  readRelayed,
  readSpeaker,
  underOurNick,
  writeRelayed,
  writeSpeaker,
} from "../../../../src/bridges/irc/sending/speaker.ts";
import type { Part, WireText } from "../../../../src/relay/port/bridge.ts";

function spokenBy(speaker: string | null): Part {
  return { kind: "message", wire: "x" as WireText, target: null, speaker };
}

Deno.test("a speaker is read as it was written, and by its own reader alone", () => {
  const puppet = { key: "kosmi.a u1", nick: 'Zoë "Z"', name: "<Zoë> " };
  const written = writeSpeaker(puppet);
  assert.deepEqual(readSpeaker(spokenBy(written)), puppet);
  assert.equal(readRelayed(spokenBy(written)), null);
  const relayed = writeRelayed(["Zoë", "kosmi", "<Zoë> "]);
  assert.deepEqual(readRelayed(spokenBy(relayed)), ["Zoë", "kosmi", "<Zoë> "]);
  assert.equal(readSpeaker(spokenBy(relayed)), null);
});

Deno.test("nobody is the speaker of what names none, or not all of one", () => {
  for (
    const written of [null, "puppet ", "puppet {", "puppet 1", 'puppet ["a","b"]', "puppet [1,2,3]"]
  ) {
    assert.equal(readSpeaker(spokenBy(written)), null, String(written));
  }
  assert.equal(readRelayed(spokenBy(null)), null);
  assert.deepEqual(readRelayed(spokenBy("relayed {")), ["", "", ""]);
});

Deno.test("a speaker that an earlier version stored is a name with its network", () => {
  assert.deepEqual(readRelayed(spokenBy("zoe/kosmi/a")), ["zoe", "kosmi_a", "<zoe> "]);
  assert.deepEqual(readRelayed(spokenBy("zoe")), ["zoe", "relay", "<zoe> "]);
});

Deno.test("under our own nick the name stands before the text, inside of an action", () => {
  const name = ["zoe", "kosmi", "<zoe> "] as const;
  assert.equal(underOurNick("hello", name), "<zoe> hello");
  assert.equal(underOurNick("\x01ACTION waves\x01", name), "\x01ACTION <zoe> waves\x01");
});
