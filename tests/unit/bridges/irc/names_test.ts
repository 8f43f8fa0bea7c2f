import assert from "node:assert/strict";
import { channelIdOf } from "../../../../src/bridges/irc/channels/channel_name.ts";
import { ctcpAnswer, CtcpLimit, readCtcp } from "../../../../src/bridges/irc/link/read_event.ts";
import {
  caseMappingOf,
  foldCase,
  ServerFeatures,
} from "../../../../src/bridges/irc/link/server_features.ts";
import { rawLine } from "../../../../src/bridges/irc/login/first_commands.ts";
import { nickCandidate } from "../../../../src/bridges/irc/login/registration.ts";
import { isSplitReason, Netsplits } from "../../../../src/bridges/irc/reading/membership.ts";
import { Pace } from "../../../../src/bridges/irc/sending/pace.ts";

Deno.test("foldCase() folds as the server's mapping says", () => {
  assert.equal(foldCase("ascii", "#A[]\\^Ä"), "#a[]\\^Ä");
  assert.equal(foldCase("rfc1459", "#A[]\\^Ä"), "#a{}|~Ä");
  assert.equal(foldCase("rfc1459-strict", "#A[]\\^"), "#a{}|^");
  assert.equal(foldCase("unicode", "#Ä"), "#ä");
});

Deno.test("caseMappingOf() takes rfc1459 where nothing is told", () => {
  assert.deepEqual(
    [undefined, "ascii", "strict-rfc1459", "rfc8265", "klingon"].map(caseMappingOf),
    [
      "rfc1459",
      "ascii",
      "rfc1459-strict",
      "unicode",
      "rfc1459",
    ],
  );
});

Deno.test("channelIdOf() gives one spelling and refuses what is no channel", () => {
  assert.equal(channelIdOf(" #Cinema "), "#cinema");
  for (const wrong of ["", "cinema", "#a b", "#a,b", "#a\r\nQUIT", `#${"x".repeat(300)}`]) {
    assert.throws(() => channelIdOf(wrong), /^Error: Cannot use ".*" as an IRC channel: /, wrong);
  }
});

Deno.test("nickCandidate() tries `_`, then numbers, within the length", () => {
  assert.deepEqual([0, 1, 2, 3].map((failures) => nickCandidate("relay", failures, 16)), [
    "relay",
    "relay_",
    "relay1",
    "relay2",
  ]);
  assert.deepEqual([0, 1, 11].map((failures) => nickCandidate("longnickname", failures, 9)), [
    "longnickn",
    "longnick_",
    "longnic10",
  ]);
  assert.equal(nickCandidate("relay", 101, 16), null);
});

Deno.test("ServerFeatures reads ISUPPORT with escapes and removals", () => {
  const features = new ServerFeatures();
  assert.equal(features.number("LINELEN", 512), 512);
  features.add([
    "me",
    "LINELEN=1024",
    "PREFIX=(ov)@+",
    "NETWORK=My\\x20Net",
    "CASEMAPPING=ascii",
    "BOT=B",
    "are supported",
  ]);
  assert.deepEqual([
    features.number("LINELEN", 512),
    features.prefixSigns,
    features.text("NETWORK"),
    features.fold("A[]"),
  ], [1024, "@+", "My Net", "a[]"]);
  features.add(["me", "-BOT", "LINELEN=", "x"]);
  assert.deepEqual([features.text("BOT"), features.number("LINELEN", 512)], [null, 512]);
});

Deno.test("readCtcp() and ctcpAnswer() answer what people ask, and no more", () => {
  assert.equal(readCtcp("hello \x01"), null);
  assert.deepEqual(readCtcp("\x01version\x01"), { command: "VERSION", argument: "" });
  assert.deepEqual(readCtcp("\x01ACTION waves"), { command: "ACTION", argument: "waves" });
  const own = { version: "x 1", userInfo: "of the cinema", nowMs: 0 };
  const answer = (command: string, argument = "") => ctcpAnswer({ command, argument }, own);
  assert.equal(answer("VERSION"), "VERSION x 1");
  assert.equal(answer("USERINFO"), "USERINFO of the cinema");
  assert.match(answer("CLIENTINFO") ?? "", /USERINFO/);
  const silent = ctcpAnswer({ command: "USERINFO", argument: "" }, { ...own, userInfo: null });
  assert.equal(silent, null);
  assert.equal(answer("PING", "123 456"), "PING 123 456");
  assert.equal(answer("TIME"), "TIME Thu, 01 Jan 1970 00:00:00 GMT");
  assert.deepEqual([answer("DCC", "SEND"), answer("ACTION"), answer("FINGER")], [null, null, null]);
});

Deno.test("CtcpLimit lets one through in its time", () => {
  const limit = new CtcpLimit(3_000);
  assert.deepEqual([0, 1, 2_999, 3_000, 3_001].map((nowMs) => limit.allows(nowMs)), [
    true,
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("isSplitReason() tells two servers from what people write", () => {
  assert.deepEqual(["a.b.net c.b.net", "*.net *.split", "irc.a.org hub.a.org"].map(isSplitReason), [
    true,
    true,
    true,
  ]);
  assert.deepEqual(
    ["Quit: a.b c.d e.f", "gone home", "a.b a.b", "", "bye bye."].map(isSplitReason),
    [false, false, false, false, false],
  );
});

Deno.test("Netsplits forgets who stays away too long", () => {
  const splits = new Netsplits();
  splits.left("#c a", 0);
  splits.left("#c b", 0);
  assert.equal(splits.isReturn("#c a", 60_000), true);
  assert.equal(splits.isReturn("#c a", 60_000), false);
  assert.equal(splits.isReturn("#c b", 20 * 60_000), false);
});

Deno.test("rawLine() reads a command as people write it", () => {
  assert.deepEqual(rawLine("PRIVMSG Q :hello there :)"), {
    command: "PRIVMSG",
    params: ["Q", "hello there :)"],
  });
  assert.deepEqual(rawLine(" MODE relay +x "), { command: "MODE", params: ["relay", "+x"] });
  assert.equal(rawLine("  "), null);
});

Deno.test("Pace halves after a complaint and recovers", () => {
  const pace = new Pace(1_300, 5);
  assert.deepEqual(pace.bucket, { capacity: 5, refillMs: 1_300 });
  pace.slower();
  assert.deepEqual(pace.bucket, { capacity: 2, refillMs: 2_600 });
  for (let i = 0; i < 9; i++) pace.slower();
  assert.deepEqual(pace.bucket, { capacity: 1, refillMs: 10_400 });
  for (let i = 0; i < 9; i++) pace.faster();
  assert.deepEqual(pace.bucket, { capacity: 5, refillMs: 1_300 });
  const unlimited = new Pace(0, 5);
  assert.equal(unlimited.bucket.refillMs, 0);
  unlimited.slower();
  assert.equal(unlimited.bucket.refillMs, 1_000);
});
