import fc from "fast-check";
import assert from "node:assert/strict";
import { ServerFeatures } from "../../../../src/bridges/irc/link/server_features.ts";
import { PuppetGate } from "../../../../src/bridges/irc/puppets/gate.ts";
import { Identities } from "../../../../src/bridges/irc/puppets/identities.ts";
import {
  isPuppetUser,
  madeUpAddress,
  puppetNick,
  puppetUser,
  shownTexts,
} from "../../../../src/bridges/irc/puppets/puppet_name.ts";
import {
  asPuppet,
  asRelay,
  readSpeaker,
  writeSpeaker,
} from "../../../../src/bridges/irc/sending/speaker.ts";
import type { IrcMessage } from "../../../../src/bridges/irc/wire/message.ts";
import type { Part, WireText } from "../../../../src/relay/port/bridge.ts";

const NICKS: readonly (readonly [shown: string, nick: string])[] = [
  ["alice", "alice[k]"],
  ["Zoë 🎬", "Zoe[k]"],
  ["Größe Straße", "Grosse_Strasse[k]"],
  ["1st person", "_1st_person[k]"],
  ["-x-", "_-x-[k]"],
  ["Łukasz Øre", "Lukasz_Ore[k]"],
  ["zoe²", "zoe2[k]"],
  ["Иван", "userabcd[k]"],
  ["", "userabcd[k]"],
  ["a!b@c:d,e*f?g.h", "abcdefgh[k]"],
  ["x\r\nQUIT", "x_QUIT[k]"],
];
for (const [shown, nick] of NICKS) {
  Deno.test(`puppetNick() of ${JSON.stringify(shown)}`, () => {
    assert.equal(puppetNick({ shown, user: "kabcdefg", suffix: "[k]" }, 30), nick);
  });
}

Deno.test("property: puppetNick() is a nick that every server takes, and there are many", () => {
  fc.assert(fc.property(
    fc.string({ unit: "binary" }),
    fc.integer({ min: 9, max: 32 }),
    (shown, longest) => {
      const name = { shown, user: puppetUser(shown), suffix: "[k]" };
      const nicks = Array.from({ length: 30 }, (_, n) => puppetNick(name, longest, n));
      // A name that ends in digits may meet one of its own: enough others are left.
      assert.ok(new Set(nicks).size > 20);
      for (const nick of nicks) {
        assert.match(nick, /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]*\[k\]$/);
        assert.ok(nick.length <= longest);
      }
      assert.ok(isPuppetUser(name.user) && isPuppetUser(`~${name.user}`));
      assert.match(madeUpAddress(shown), /^fd6b:6f73:6d69:0(:[0-9a-f]{1,4}){4}$/);
    },
  ));
});

function part(wire: string, speaker: string | null): Part {
  return { kind: "message", wire: wire as WireText, target: null, speaker };
}

Deno.test("a part is said by the puppet without the name, by the relay with it", () => {
  const speaker = { key: "kosmi.a 1", nick: "zoe", name: "<zoe> " };
  const written = writeSpeaker(speaker);
  assert.deepEqual(readSpeaker(part("x", written)), speaker);
  const wires = [
    ["<zoe> hello", "hello"],
    ["\x01ACTION <zoe> waves\x01", "\x01ACTION waves\x01"],
    ["<zoe> (re bob: hi) yes", "(re bob: hi) yes"],
    ["<clipped… hello", "<clipped… hello"],
    ["<zoe> ", "<zoe> "],
    ["<zoe> one\n<zoe> two\n<zoe> ", "one\ntwo\n<zoe> "],
  ] as const;
  for (const [whole, said] of wires) {
    assert.equal(asPuppet(part(whole, written), speaker).wire, said);
    const { wire, speaker: left } = asRelay(part(whole, written));
    assert.deepEqual([wire, left], [whole, null]);
  }
  const texts = shownTexts(part("<zoe> hello", written));
  assert.deepEqual(texts, ["<zoe> hello", `\0${puppetUser("kosmi.a 1")}\0hello`]);
  assert.deepEqual(shownTexts(part("hello", null)), ["hello"]);
});

Deno.test("a stored speaker that is none of ours leaves the part as it is", () => {
  for (const speaker of ["zoe/kosmi", "puppet ", "puppet {}", 'puppet ["a"]', "puppet [1,2,3]"]) {
    assert.equal(readSpeaker(part("x", speaker)), null);
    assert.equal(asRelay(part("x", speaker)).speaker, speaker);
  }
});

function line(nick: string, user: string): IrcMessage {
  return { tags: new Map(), nick, user, host: "h", command: "PRIVMSG", params: ["#c", "x"] };
}

Deno.test("Identities know ours by nick and user name, whoever else says the same", () => {
  const one = { user: "kaaaaaaa" };
  const known = new Identities<typeof one>(new ServerFeatures(), "[k]");
  known.add("Zoe[k]", one);
  assert.equal(known.ownerOf(line("zoe{K}", "~kaaaaaaa")), one);
  assert.equal(known.ownerOf(line("zoe[k]", "mallory")), null);
  assert.equal(known.ownerOf(line("zoe", "~kaaaaaaa")), null);
  known.renamed({ ...line("zoe[k]", "~kaaaaaaa"), command: "NICK" }, "Guest1");
  assert.equal(known.ownerOf(line("guest1", "~kaaaaaaa")), one);
  assert.equal(known.writerOf(line("guest1", "~kaaaaaaa")), "kaaaaaaa");
  // Of an earlier run: by the form of nick and user name.
  assert.equal(known.writerOf(line("ann[k]_", "~kbbbbbbb")), "kbbbbbbb");
  assert.equal(known.writerOf(line("ann", "~kbbbbbbb")), null);
  assert.equal(known.writerOf(line("ann[k]", "ann")), null);
  known.add("new[k]", one);
  known.ended(one);
  assert.equal(known.ownerOf(line("new[k]", "somebody")), null);
});

Deno.test("PuppetGate closes for longer with each refusal, once for all that end together", () => {
  const gate = new PuppetGate(() => 0);
  const banned = { end: { kind: "refused", reason: "G-lined" } as const, livedMs: 1_000 };
  assert.equal(gate.ended({ end: { kind: "lost", reason: "reset" }, livedMs: 1 }, 0), null);
  assert.equal(gate.ended({ end: { kind: "stopped", reason: "" }, livedMs: null }, 0), null);
  assert.equal(gate.ended(banned, 0), 300_000);
  assert.equal(gate.ended(banned, 1), null);
  assert.deepEqual([gate.isClosed(299_999), gate.isClosed(300_000)], [true, false]);
  assert.equal(gate.ended(banned, 300_000), 600_000);
  const killed = { kind: "lost", reason: "Closing link: [Killed (oper (spam))]" } as const;
  assert.equal(gate.ended({ end: killed, livedMs: 700_000 }, 1_000_000), 300_000);
  const never = { end: { kind: "lost", reason: "reset" } as const, livedMs: null };
  assert.equal(gate.ended(never, 2_000_000), 600_000);
});
