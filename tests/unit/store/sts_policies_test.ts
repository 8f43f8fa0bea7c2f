import assert from "node:assert/strict";
import { openDataDirectory } from "../../../src/store/files/data_directory.ts";
import { StoredStsPolicies } from "../../../src/store/files/sts_policies.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { tempDir } from "../../support/temp_dir.ts";

const POLICY = { port: 6697, untilMs: 2_000_000_000_000, durationMs: 86_400_000 };

Deno.test("StoredStsPolicies are there after a restart, whatever the letter case of the host", async () => {
  await using dir = await tempDir("sts-");
  const log = new LogRecorder();
  {
    await using data = await openDataDirectory({ path: dir.path, log });
    const policies = await StoredStsPolicies.open(data, log);
    assert.equal(policies.get("irc.example"), null);
    policies.set("irc.example", POLICY);
    policies.set("gone.example", POLICY);
    policies.set("gone.example", null);
    policies.set("never.example", null);
    await policies.flushed();
  }
  await using data = await openDataDirectory({ path: dir.path, log });
  const policies = await StoredStsPolicies.open(data, log);
  assert.deepEqual(policies.get("IRC.Example"), POLICY);
  assert.equal(policies.get("gone.example"), null);
  assert.equal((await Deno.stat(dir.file("sts_policies.json"))).mode ?? 0, 0o100600);
  assert.deepEqual(log.texts("warn"), []);
});

Deno.test("StoredStsPolicies take a file that is no such file for an empty one, and say so", async () => {
  const files = ["{", "[]", "null", '{"version":2}', '{"version":1,"policies":[]}'];
  for (const content of files) {
    await using dir = await tempDir("sts-");
    await Deno.writeTextFile(dir.file("sts_policies.json"), content, { mode: 0o600 });
    const log = new LogRecorder();
    await using data = await openDataDirectory({ path: dir.path, log });
    const policies = await StoredStsPolicies.open(data, log);
    assert.equal(policies.get("irc.example"), null);
    assert.match(log.texts("warn").join(), /Cannot read sts_policies\.json/);
    policies.set("irc.example", POLICY);
    await policies.flushed();
    assert.deepEqual((await StoredStsPolicies.open(data, log)).get("irc.example"), POLICY);
  }
});

Deno.test("StoredStsPolicies drop an entry that can't be one and keep the rest", async () => {
  await using dir = await tempDir("sts-");
  const policies = { a: { ...POLICY, port: 0 }, b: "x", c: POLICY, d: { port: 6697 } };
  const content = JSON.stringify({ version: 1, policies });
  await Deno.writeTextFile(dir.file("sts_policies.json"), content, { mode: 0o600 });
  const log = new LogRecorder();
  await using data = await openDataDirectory({ path: dir.path, log });
  const stored = await StoredStsPolicies.open(data, log);
  assert.deepEqual(["a", "b", "c", "d"].map((host) => stored.get(host)), [
    null,
    null,
    POLICY,
    null,
  ]);
});

Deno.test("StoredStsPolicies take an entry only where it is whole and its port is one", async () => {
  const { port: _port, ...portless } = POLICY;
  const { untilMs: _until, ...endless } = POLICY;
  const { durationMs: _duration, ...timeless } = POLICY;
  const good = { least: { ...POLICY, port: 1 }, most: { ...POLICY, port: 65_535 } };
  const bad = {
    none: { ...POLICY, port: 0 },
    over: { ...POLICY, port: 65_536 },
    broken: { ...POLICY, port: 1.5 },
    text: { ...POLICY, port: "6697" },
    ...{ portless, endless, timeless },
    untilText: { ...POLICY, untilMs: "1" },
    list: [POLICY],
    nothing: null,
  };
  await using dir = await tempDir("sts-");
  const content = JSON.stringify({ version: 1, policies: { ...bad, ...good } });
  await Deno.writeTextFile(dir.file("sts_policies.json"), content, { mode: 0o600 });
  const log = new LogRecorder();
  await using data = await openDataDirectory({ path: dir.path, log });
  const policies = await StoredStsPolicies.open(data, log);
  for (const host of Object.keys(bad)) assert.equal(policies.get(host), null, host);
  for (const [host, policy] of Object.entries(good)) assert.deepEqual(policies.get(host), policy);
});
