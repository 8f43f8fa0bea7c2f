import assert from "node:assert/strict";
import {
  decodeHealth,
  encodeHealth,
  type HealthRecord,
  judgeHealth,
} from "../../../src/commands/health/health_record.ts";

const NOW_MS = Date.parse("2026-01-02T03:04:05Z");

function record(
  ...accounts: readonly (readonly [relaying: boolean, sinceS: number])[]
): HealthRecord {
  return {
    version: "1.2.3",
    startedAtMs: NOW_MS - 3_600_000,
    accounts: accounts.map(([relaying, sinceS], n) => ({
      account: `irc.a${n}`,
      relaying,
      sinceMs: NOW_MS - sinceS * 1_000,
      note: relaying ? "relaying" : "not connected",
    })),
  };
}

Deno.test("judgeHealth() forgives an account an outage of a minute, and no account more", () => {
  const healthy = (given: HealthRecord, silentS = 0) =>
    judgeHealth(given, NOW_MS - silentS * 1_000, NOW_MS).healthy;
  assert.equal(healthy(record([true, 1], [true, 900])), true);
  assert.equal(healthy(record([true, 900], [false, 60])), true);
  assert.equal(healthy(record([true, 900], [false, 61])), false);
  assert.equal(healthy(record([true, 900]), 35), true);
  assert.equal(healthy(record([true, 900]), 36), false);
});

Deno.test("judgeHealth() says how each account stands, or that nothing is heard", () => {
  assert.deepEqual(judgeHealth(record([true, 90], [false, 7]), NOW_MS, NOW_MS).lines, [
    "irc.a0: relaying for 90 s",
    "irc.a1: not connected for 7 s",
  ]);
  assert.deepEqual(judgeHealth(record([true, 90]), NOW_MS - 100_000, NOW_MS).lines, [
    "no sign of life for 100 s: the relay hangs or was killed",
  ]);
});

Deno.test("a health record comes back from its file, and junk does not", () => {
  const given = record([true, 5], [false, 10]);
  assert.deepEqual(decodeHealth(encodeHealth(given)), given);
  for (const junk of ["", "{}", "[]", "null", '{"version":1}', "\xff"]) {
    assert.equal(decodeHealth(new TextEncoder().encode(junk)), null, junk);
  }
});
