import fc from "fast-check";
import assert from "node:assert/strict";
import { formatFault, Report } from "../../../src/config/file/fault.ts";
import { variableName } from "../../../src/config/reading/environment.ts";
import { didYouMean, nearest } from "../../../src/config/values/did_you_mean.ts";
import { fingerprintFault, nickFault } from "../../../src/config/values/irc.ts";
import { listenAddress, parseHostPort } from "../../../src/config/values/net.ts";
import { describeValue, shown } from "../../../src/config/values/show.ts";
import { formatGoDuration, parseGoDuration } from "../../../src/config/values/values.ts";

const DURATIONS: readonly (readonly [string, number | null])[] = [
  ["1m30s", 90_000],
  ["500ms", 500],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["1h0m0s", 3_600_000],
  ["7d", 604_800_000],
  ["1500us", 2],
  ["0", 0],
  ["0s", 0],
  ["5", null],
  ["", null],
  ["-1s", null],
  ["1 m", null],
  ["1y", null],
  ["s", null],
  ["1m30", null],
  ["9".repeat(400) + "h", null],
];

for (const [text, expected] of DURATIONS) {
  Deno.test(`parseGoDuration() reads ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.equal(parseGoDuration(text), expected);
  });
}

Deno.test("property: parseGoDuration() reads what formatGoDuration() writes", () => {
  fc.assert(fc.property(fc.nat(), (ms) => assert.equal(parseGoDuration(formatGoDuration(ms)), ms)));
});

const HOSTS: readonly (readonly [string, { host: string; port: number | null } | null])[] = [
  ["a.example:1", { host: "a.example", port: 1 }],
  ["localhost", { host: "localhost", port: null }],
  ["[::1]:65535", { host: "::1", port: 65_535 }],
  ["2001:db8::1", { host: "2001:db8::1", port: null }],
  ["a:0", null],
  ["a:65536", null],
  ["a:b", null],
  [":6667", null],
  ["[nope]:1", null],
  ["a b:1", null],
  ["a..b:1", null],
  ["-a:1", null],
  ["irc://a:1", null],
  ["", null],
];

for (const [written, expected] of HOSTS) {
  Deno.test(`parseHostPort() reads ${JSON.stringify(written)}`, () => {
    assert.deepEqual(parseHostPort(written), expected);
  });
}

Deno.test("listenAddress takes port 0 and a missing host", () => {
  assert.deepEqual(listenAddress.read("127.0.0.1:0"), { value: { host: "127.0.0.1", port: 0 } });
  assert.deepEqual(listenAddress.read(":9180"), { value: { host: "0.0.0.0", port: 9_180 } });
  assert.deepEqual(listenAddress.read(""), { value: null });
});

Deno.test("IRC's names", () => {
  for (const nick of ["relay", "re[l]ay", "_x", "{a}|b", "ärger", "a-b"]) {
    assert.equal(nickFault(nick), null, nick);
  }
  for (const nick of ["", "1a", "a b", "#a", "a!b", "a@b", "a,b", "-a", "a\r"]) {
    assert.notEqual(nickFault(nick), null, nick);
  }
  assert.equal(fingerprintFault("AB:".repeat(31) + "AB"), null);
  assert.notEqual(fingerprintFault("abc"), null);
});

Deno.test("nearest() finds what was meant, and nothing for anything else", () => {
  const keys = ["Nick", "Password", "Server", "RemoteNickFormat"];
  assert.equal(nearest("nikc", keys), "Nick");
  assert.equal(nearest("Pasword", keys), "Password");
  assert.equal(nearest("RemoteNickFormatt", keys), "RemoteNickFormat");
  assert.equal(nearest("Colour", keys), null);
  assert.equal(nearest("x".repeat(100), keys), null);
  assert.equal(didYouMean("Sever", keys), '; did you mean "Server"?');
});

Deno.test("variableName() follows Matterbridge", () => {
  assert.equal(
    variableName(["irc", "my-net", "NickServNick"]),
    "MATTERBRIDGE_IRC_MY_NET_NICKSERVNICK",
  );
});

Deno.test("shown() keeps a message on its line", () => {
  assert.equal(shown("a\r\nb\t\x00\u202ec"), "a\\r\\nb\\t\\u0000\\u202ec");
  assert.equal(shown("x".repeat(100)), `${"x".repeat(60)}…`);
  assert.equal(describeValue("secret", true), "text");
  assert.equal(describeValue(5n, false), "a number (5)");
});

Deno.test("formatFault() leaves out what there is not", () => {
  const fault = { file: "m.toml", line: 12, key: "irc.a.Nick", message: "is missing" };
  assert.equal(formatFault(fault), "m.toml:12: irc.a.Nick: is missing");
  assert.equal(formatFault({ ...fault, line: null, key: "" }), "m.toml: is missing");
});

Deno.test("Report keeps a finding once, in the order of the file", () => {
  const report = new Report();
  for (const path of [["c"], ["a"], ["c"], null]) {
    report.fault({ file: "m", path, key: "k" }, (lineOf) => `like line ${lineOf(["a"])}`);
  }
  const lines = new Map([["a", 1], ["c", 3]]);
  const told = report.faults(([step]) => lines.get(String(step)) ?? null);
  assert.deepEqual(told.map(({ line }) => line), [1, 3, null]);
  assert.equal(told[0]?.message, "like line 1");
});
