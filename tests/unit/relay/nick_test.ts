import fc from "fast-check";
import assert from "node:assert/strict";
import { visibleNick } from "../../../src/relay/intake/nick.ts";
import { RecentSpeakers } from "../../../src/relay/intake/recent.ts";
import type { EndpointId, MessageId, UserId } from "../../../src/relay/port/ids.ts";

const NICKS: readonly (readonly [nick: string, shown: string])[] = [
  ["zoë", "zoë"],
  ["Zoë  Smith\tJr", "Zoë Smith Jr"],
  ["a\u00adl\u200bi\u2060c\u3164e", "alice"],
  ["a\u2028b\u2029c\u0085d\ve", "a b c d e"],
  ["\u2800a\u3000b\u00a0", "a b"],
  ["\u202egnp.exe", "gnp.exe"],
  ["\ufeff\u200e\u061cx", "x"],
  ["x\r\nQUIT :gone", "x QUIT :gone"],
  ["ไทย", "ไทย"],
  ["e\u0301", "e\u0301"],
  ["\ud800a", "\ufffda"],
  ...[
    "",
    " ",
    "\u3164",
    "\u2800",
    "\u200b\u00ad\u2060",
    "\u2028\u2029",
    "\u115f\uffa0",
    "\u{e0041}",
  ]
    .map((nick) => [nick, "?"] as const),
];

for (const [nick, shown] of NICKS) {
  Deno.test(`visibleNick() shows ${JSON.stringify(nick)} as ${shown}`, () =>
    assert.equal(visibleNick(nick), shown));
}

Deno.test("property: a nick is one line of signs that can be seen", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (nick) => {
    const shown = visibleNick(nick);
    assert.match(
      shown,
      /^(?! )[^\p{Cc}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800\u00a0\u3000]+(?<! )$/u,
    );
    assert.equal(visibleNick(shown), shown);
  }));
});

Deno.test("a mention finds its speaker with signs in it that nobody sees", () => {
  const speakers = new RecentSpeakers();
  const place = "irc.a #c" as EndpointId;
  const person = { id: "1" as UserId, nick: "al\u00adice", userId: "" };
  speakers.spoke(place, person, 0, "m1" as MessageId);
  for (const text of ["alice: yes", "a\u200blice, yes", "@alice yes"]) {
    assert.equal(speakers.addressed(place, text)?.messageId, "m1", text);
  }
});
