import assert from "node:assert/strict";
import { type StsVerdict, stsVerdict } from "../../../../src/bridges/irc/login/sts.ts";

const none: StsVerdict = { kind: "none" };
const VALUES: readonly (readonly [string, boolean, StsVerdict])[] = [
  ["port=6697", false, { kind: "upgrade", port: 6697 }],
  ["duration=300,port=6697,preload", false, { kind: "upgrade", port: 6697 }],
  ["duration=300,port=6697", true, { kind: "keep", durationMs: 300_000 }],
  ["duration=0", true, { kind: "keep", durationMs: 0 }],
  ["duration=300", false, none],
  ["port=6697", true, none],
  ["port=0", false, none],
  ["port=99999", false, none],
  ["port=abc", false, none],
  ["", true, none],
];

for (const [value, overTls, verdict] of VALUES) {
  Deno.test(`stsVerdict() reads "${value}" ${overTls ? "over TLS" : "in plain text"}`, () => {
    assert.deepEqual(stsVerdict(value, overTls), verdict);
  });
}
