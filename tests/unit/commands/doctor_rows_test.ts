import assert from "node:assert/strict";
import { AdvisedError } from "../../../src/base/errors.ts";
import { writtenTime } from "../../../src/commands/doctor/irc_check.ts";
import { isFor } from "../../../src/bridges/irc/wire/certificate.ts";
import { adviceOf, checkClock } from "../../../src/commands/doctor/checks.ts";
import { exitCodeOf, type Row, RowWriter, Table } from "../../../src/commands/doctor/rows.ts";

const MINUTE_MS = 60_000;

function clockRow(...offsetsMs: number[]): Row {
  const rows: Row[] = [];
  const samples = offsetsMs.map((offMs, at) => ({
    source: `service ${at}`,
    serverMs: 1_000_000_000,
    ourMs: 1_000_000_000 + offMs,
  }));
  checkClock(samples, new RowWriter((row) => rows.push(row), "relay"));
  const [row] = rows;
  assert.ok(row);
  return row;
}

Deno.test("checkClock() blames our clock only when all others agree against it", () => {
  assert.equal(clockRow().state, "skipped");
  assert.equal(clockRow(900, -4_000).state, "ok");
  assert.equal(clockRow(-2 * MINUTE_MS, -2 * MINUTE_MS).state, "warning");
  const far = clockRow(3 * 86_400_000, 3 * 86_400_000);
  assert.equal(far.state, "broken");
  assert.match(far.seen, /3 days later than that of service 0/);
  assert.match(far.remedy ?? "", /timedatectl/);
  assert.match(clockRow(0, 3_600_000).remedy ?? "", /that service's clock/);
});

Deno.test("isFor() takes one wildcard for one label", () => {
  const facts = (...names: string[]) => ({
    names,
    issuer: "",
    validFromMs: null,
    validToMs: null,
    fingerprint: "",
  });
  assert.ok(isFor(facts("irc.example.org"), "IRC.example.org."));
  assert.ok(isFor(facts("*.example.org"), "irc.example.org"));
  assert.ok(!isFor(facts("*.example.org"), "a.irc.example.org"));
  assert.ok(!isFor(facts("*.example.org"), "example.org"));
  assert.ok(!isFor(facts("*.0.0.1"), "127.0.0.1"));
  assert.ok(isFor(facts("127.0.0.1"), "127.0.0.1"));
  assert.ok(!isFor(facts(), "irc.example.org"));
});

Deno.test("adviceOf() gives what was seen and what to do, by the error itself where it knows", () => {
  assert.deepEqual(adviceOf(new AdvisedError("no file", "Install one"), "x"), {
    seen: "no file",
    remedy: "Install one",
  });
  assert.deepEqual(adviceOf(new AdvisedError("slow", null), "wait"), {
    seen: "slow",
    remedy: "wait",
  });
  const plain = new Error("no", { cause: new Error("because") });
  assert.deepEqual(adviceOf(plain, "do this"), { seen: "no: because", remedy: "do this" });
  assert.equal(new AdvisedError("no file", "Install one").message, "no file. Install one");
});

Deno.test("writtenTime() reads only what is certain to the second and has a zone", () => {
  assert.equal(writtenTime("Mon, 23 Nov 2026 17:34:05 GMT"), Date.UTC(2026, 10, 23, 17, 34, 5));
  assert.equal(writtenTime("Monday November 23 2026 -- 17:34 +00:00"), null);
  assert.equal(writtenTime("Mon Nov 23 17:34:05 2026"), null);
});

Deno.test("exitCodeOf() takes the worst row", () => {
  const row = (state: Row["state"]): Row => ({
    about: "",
    check: "",
    state,
    seen: "",
    remedy: null,
  });
  assert.equal(exitCodeOf([row("ok"), row("skipped")]), 0);
  assert.equal(exitCodeOf([row("ok"), row("warning")]), 1);
  assert.equal(exitCodeOf([row("broken"), row("warning")]), 2);
});

Deno.test("Table wraps what was seen at its words on a terminal, below itself, and leaves it whole for programs", () => {
  const row: Row = {
    about: "irc.a",
    check: "TLS",
    state: "broken",
    seen: "The certificate is not signed by a trusted authority",
    remedy: "ask whoever runs the server",
  };
  const of = (columns: number | null, more: Partial<Row> = {}) =>
    new Table({ subjects: ["irc.a"], checks: [], colour: false, columns })
      .line({ ...row, ...more }).split("\n");
  const head = "BROKEN   irc.a  TLS             ";
  const indent = " ".repeat(head.length);
  assert.deepEqual(of(null), [`${head}${row.seen} -> ${row.remedy}`]);
  assert.deepEqual(of(70), [
    `${head}The certificate is not signed by a`,
    `${indent}trusted authority -> ask whoever runs`,
    `${indent}the server`,
  ]);
  // The arrow is the one before the remedy, whatever the remedy says.
  const painted = new Table({ subjects: ["irc.a"], checks: [], colour: true, columns: null })
    .line({ ...row, seen: "a -> b", remedy: "c -> d" });
  assert.ok(painted.endsWith("a -> b \x1b[1m->\x1b[22m c -> d"), painted);
  // Too narrow for a column: the terminal wraps.
  assert.equal(of(50).length, 1);
  // A name that is wider than its column pushes nothing out of its own.
  const long = "#a-channel-with-a-name-that-is-long";
  assert.deepEqual(of(70, { check: long, seen: "joined", remedy: null }), [
    `BROKEN   irc.a  ${long}  `,
    `${indent}joined`,
  ]);
  // A word that fits nowhere stays whole.
  const address = "https://example.org/a/very/long/address/that/has/no/end";
  assert.deepEqual(of(70, { seen: `see ${address}`, remedy: null }), [
    `${head}see`,
    `${indent}${address}`,
  ]);
});
