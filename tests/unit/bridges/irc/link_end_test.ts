import assert from "node:assert/strict";
import { linkEndOf, type LinkFacts } from "../../../../src/bridges/irc/login/link_end.ts";
import type { LinkEnd } from "../../../../src/relay/port/bridge.ts";

const NOTHING: LinkFacts = {
  serverWords: null,
  numeric: null,
  socketError: null,
  untrusted: false,
  registered: false,
};

const WORDS: readonly (readonly [string, LinkEnd["kind"]])[] = [
  [
    "Closing Link: 1.2.3.4 (Throttled: Reconnecting too fast) - Email x for more information.",
    "throttled",
  ],
  ["Trying to reconnect too fast.", "throttled"],
  ["Your host is trying to (re)connect too fast -- throttled", "throttled"],
  ["Closing Link: host (Too many connections from your IP)", "throttled"],
  ["Connection refused, too many connections from your IP address!", "throttled"],
  ["Closing Link: host (K-Lined)", "refused"],
  ["Closing Link: host (G-Lined: spam)", "refused"],
  ["Closing link: (relay@host) [Z-lined: go away]", "refused"],
  ["Closing Link: host (AKILL: no bots)", "refused"],
  ["You are banned from this server", "refused"],
  ["Access denied: Bad password?", "refused"],
  ["Closing Link: host (Bad Password)", "refused"],
  ["Closing link: (relay@host) [SASL access only]", "refused"],
  ["Closing Link: host (Ping timeout: 120 seconds)", "lost"],
  ["Closing Link: host (Excess Flood)", "lost"],
  ["Closing link: (relay@host) [Killed (oper (goodbye))]", "lost"],
  ["Server going down", "lost"],
  ["Closing Link: host (Read error: Connection reset by peer)", "lost"],
];

for (const [serverWords, kind] of WORDS) {
  Deno.test(`linkEndOf() takes "${serverWords}" for ${kind}`, () => {
    const end = linkEndOf({ ...NOTHING, serverWords, registered: true });
    assert.equal(end.kind, kind);
    assert.ok(kind !== "throttled" || (end.retryAfterMs ?? 0) >= 20_000);
  });
}

Deno.test("linkEndOf() knows the numerics of a refusal", () => {
  assert.equal(
    linkEndOf({ ...NOTHING, numeric: "464", serverWords: "Password incorrect" }).kind,
    "refused",
  );
  assert.equal(linkEndOf({ ...NOTHING, numeric: "465", serverWords: "go away" }).kind, "refused");
});

Deno.test("linkEndOf() lets throttling win over a ban that ends by itself", () => {
  const serverWords = "Your host is trying to reconnect too fast; you are banned for 60 seconds";
  assert.equal(linkEndOf({ ...NOTHING, numeric: "465", serverWords }).kind, "throttled");
});

Deno.test("linkEndOf() tells what the socket said where the server said nothing", () => {
  const end = linkEndOf({ ...NOTHING, socketError: "connect ECONNREFUSED 127.0.0.1:1" });
  assert.deepEqual(end, {
    kind: "lost",
    reason: "Cannot connect: connect ECONNREFUSED 127.0.0.1:1",
  });
  assert.match(linkEndOf({ ...NOTHING, registered: true }).reason, /without a reason/);
  assert.equal(linkEndOf({ ...NOTHING, untrusted: true, socketError: "expired" }).kind, "refused");
});
