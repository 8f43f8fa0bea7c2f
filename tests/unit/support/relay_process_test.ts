import assert from "node:assert/strict";
import { startRelay } from "../../support/relay_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Stands for the relay: tells what it was given, counts its starts in ./data, ends with code 3 on SIGTERM. */
const PROGRAM = `
Deno.mkdirSync("data", { recursive: true });
const count = Number(tryRead("data/starts") ?? 0) + 1;
Deno.writeTextFileSync("data/starts", String(count));
const print = (text) => Deno.stdout.writeSync(new TextEncoder().encode(text + "\\n"));
print("start " + count + " with " + Deno.args[0] + " and " + Deno.args.slice(2).join(","));
print("config " + tryRead(Deno.args[1]));
print("env " + Deno.env.get("COLOUR") + " " + Deno.env.get("MATTERBRIDGE_TEST"));
Deno.stderr.writeSync(new TextEncoder().encode("to stderr\\n"));
Deno.addSignalListener("SIGTERM", () => { print("goodbye"); Deno.exit(3); });
setInterval(() => {}, 1000);
print("ready");
function tryRead(path) { try { return Deno.readTextFileSync(path); } catch { return null; } }
`;

Deno.test("startRelay() runs a program with its config, arguments and environment", async () => {
  await using dir = await tempDir();
  const entry = dir.file("program.ts");
  await Deno.writeTextFile(entry, PROGRAM);
  Deno.env.set("MATTERBRIDGE_TEST", "of the test's own environment");
  await using relay = await startRelay({
    config: "x = 1",
    args: ["-debug"],
    env: { COLOUR: "blue" },
    entry,
  });
  Deno.env.delete("MATTERBRIDGE_TEST");
  await relay.waitForLog(/ready/);
  await relay.waitForLog(/to stderr/);
  assert.match(relay.stdout, /^start 1 with -conf and -debug\nconfig x = 1\nenv blue undefined\n/);
  assert.equal(relay.stderr, "to stderr\n");
  const { residentBytes, peakBytes } = await relay.memory();
  assert.ok(residentBytes > 10e6 && residentBytes <= peakBytes, `${residentBytes} ${peakBytes}`);
  const status = await relay.stop();
  assert.deepEqual([status.code, relay.running], [3, false]);
  assert.match(relay.output, /goodbye/);
});

Deno.test("RelayProcess.restart() keeps the folder over a crash", async () => {
  await using dir = await tempDir();
  const entry = dir.file("program.ts");
  await Deno.writeTextFile(entry, PROGRAM);
  await using relay = await startRelay({ config: "", entry });
  await relay.waitForLog(/ready/);
  const pid = relay.pid;
  const since = relay.mark();
  await relay.restart();
  await relay.waitForLog(/ready/, { since });
  assert.match(relay.output.slice(since), /start 2/);
  assert.notEqual(relay.pid, pid);
  const status = await relay.stop("SIGKILL");
  assert.equal(status.signal, "SIGKILL");
});

Deno.test("RelayProcess.waitForLog() rejects at once when the process has ended", async () => {
  await using dir = await tempDir();
  const entry = dir.file("program.ts");
  await Deno.writeTextFile(entry, `console.error("no way"); Deno.exit(2);`);
  await using relay = await startRelay({ config: null, entry });
  await assert.rejects(
    relay.waitForLog(/ready/),
    /ended \(exit code 2\) before \/ready\/:\nno way/,
  );
  assert.equal((await relay.waitForExit()).code, 2);
});

Deno.test("startRelay() grants only the permissions it was told", async () => {
  await using dir = await tempDir();
  const entry = dir.file("program.ts");
  await Deno.writeTextFile(entry, `Deno.writeTextFileSync("data/x", "");`);
  await using relay = await startRelay({ config: null, entry, permissions: ["--allow-read=data"] });
  assert.equal((await relay.waitForExit()).code, 1);
  assert.match(relay.stderr, /NotCapable/);
});

Deno.test("startRelay() runs a binary", async () => {
  await using dir = await tempDir();
  const entry = dir.file("relay");
  await Deno.writeTextFile(entry, `#!/bin/sh\necho "$# $1 $3 $(cat "$2") $PWD"`, { mode: 0o755 });
  await using relay = await startRelay({ config: "a = 1", entry, args: ["-debug"] });
  assert.equal((await relay.waitForExit()).code, 0);
  assert.equal(relay.output, `3 -conf -debug a = 1 ${relay.dir}\n`);
});
