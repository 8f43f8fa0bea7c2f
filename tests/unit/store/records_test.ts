import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openDataDirectory } from "../../../src/store/files/data_directory.ts";
import { JsonFile } from "../../../src/store/files/json_file.ts";
import { LOCK_NAME, takeLock, whoHolds } from "../../../src/store/files/lock.ts";
import { loginPauseFile } from "../../../src/store/files/login_pause.ts";
import { StoredStsPolicies } from "../../../src/store/files/sts_policies.ts";
import { isOutgoing, isParts } from "../../../src/store/sqlite/columns.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { message, partsOf } from "./relay_store_support.ts";

Deno.test("a stored delivery is taken for one only when each of its fields is of its kind", () => {
  const whole = message("hello");
  const sender = {
    account: "irc.a",
    person: { id: "u", nick: "n", userId: "u" },
  };
  const rich = [{ text: "x", style: {} }];
  for (
    const good of [
      whole,
      { ...whole, sender, replyTo: "m1" },
      { kind: "deletion", target: "m1" },
      { kind: "topic", topic: "films" },
      { kind: "reaction", target: "m1", key: "+", removed: false },
    ]
  ) assert.ok(isOutgoing(good), JSON.stringify(good));
  for (
    const bad of [
      null,
      "text",
      [],
      { kind: "other" },
      { ...whole, prefix: "x" },
      { ...whole, text: [{ text: 1, style: {} }] },
      { ...whole, text: [{ text: "x", style: null }] },
      { ...whole, text: [rich] },
      { ...whole, action: "no" },
      { ...whole, replyTo: 1 },
      { ...whole, sender: { ...sender, account: 1 } },
      { ...whole, sender: { account: "irc.a", person: { id: "u", nick: "n" } } },
      { ...whole, sender: { account: "irc.a", person: { id: 1, nick: "n", userId: "u" } } },
      { ...whole, sender: { account: "irc.a", person: { id: "u", nick: 1, userId: "u" } } },
      { kind: "deletion", target: null },
      { kind: "topic", topic: 1 },
      { kind: "reaction", target: 1, key: "+", removed: false },
      { kind: "reaction", target: "m1", key: 1, removed: false },
      { kind: "reaction", target: "m1", key: "+" },
    ]
  ) assert.ok(!isOutgoing(bad), JSON.stringify(bad));
});

Deno.test("stored parts are taken for such only when each of their fields is of its kind", () => {
  const [part] = partsOf("x");
  assert.ok(isParts([]));
  assert.ok(isParts([part, { ...part, kind: "topic", target: "m1", speaker: "ada" }]));
  for (
    const bad of [{ ...part, kind: "other" }, { ...part, wire: 1 }, { ...part, target: 1 }, {
      ...part,
      speaker: 1,
    }, null]
  ) assert.ok(!isParts([bad]), JSON.stringify(bad));
  assert.ok(!isParts({}));
});

Deno.test("a new database gives space back, waits for no commit, and keeps its log short", async () => {
  await using dir = await tempDir("records-");
  const path = dir.file("relay.sqlite");
  const said: string[] = [];
  const store = openRelayStore({
    path,
    clock: new FakeClock(),
    log: new LogRecorder(),
    openHandle: (file) => {
      const handle = new DatabaseSync(file);
      const exec = handle.exec.bind(handle);
      handle.exec = (sql: string) => {
        said.push(sql);
        return exec(sql);
      };
      return handle;
    },
  });
  store.close();
  const pragmas = said.filter((sql) => sql.startsWith("PRAGMA"));
  for (
    const wanted of [
      "PRAGMA locking_mode = EXCLUSIVE",
      "PRAGMA journal_mode = WAL",
      "PRAGMA synchronous = NORMAL",
      "PRAGMA trusted_schema = OFF",
    ]
  ) assert.ok(pragmas.includes(wanted), wanted);
  // The lock mode is only of use when it is set before the log is opened.
  assert.ok(
    pragmas.indexOf("PRAGMA locking_mode = EXCLUSIVE") <
      pragmas.indexOf("PRAGMA journal_mode = WAL"),
  );
  const handle = new DatabaseSync(path);
  assert.deepEqual({ ...handle.prepare("PRAGMA auto_vacuum").get() }, { auto_vacuum: 2 });
  handle.close();
});

Deno.test("a database that can't be made ready is closed again", async () => {
  await using dir = await tempDir("records-");
  const closed: string[] = [];
  const store = openRelayStore({
    path: dir.file("relay.sqlite"),
    clock: new FakeClock(),
    log: new LogRecorder(),
    openHandle: (file) => {
      const handle = new DatabaseSync(file);
      const close = handle.close.bind(handle);
      handle.exec = () => {
        throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 10 });
      };
      handle.close = () => {
        closed.push(file);
        close();
      };
      return handle;
    },
  });
  assert.equal(closed.length, 1);
  store.close();
});

Deno.test("JsonFile takes any other content for an empty file, and goes on", async () => {
  for (const content of ["null", "1", '"text"', "[]", '{"values":null}', '{"values":7}', "{"]) {
    await using dir = await tempDir("records-");
    const log = new LogRecorder();
    await Deno.writeTextFile(dir.file("values.json"), content, { mode: 0o600 });
    await using data = await openDataDirectory({ path: dir.path, log });
    const file = new JsonFile(data, "values.json", log);
    assert.equal(await file.get("a"), undefined);
    await file.set("a", 1);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(dir.file("values.json"))).values, { a: 1 });
    assert.equal(log.texts("warn").length, content === "{" ? 1 : 0, content);
  }
});

Deno.test("whoHolds() tells nobody for a free lock, and the pid of who has it", async () => {
  await using dir = await tempDir("records-");
  assert.equal(await whoHolds(dir.path), null);
  const taken = await takeLock(dir.file(LOCK_NAME));
  assert.ok(taken.kind === "held");
  assert.deepEqual(await whoHolds(dir.path), { pid: Deno.pid });
  taken.lock.release();
  assert.equal(await whoHolds(dir.path), null);
  // What a crash left: a pid, and nobody who holds it.
  await Deno.writeTextFile(dir.file(LOCK_NAME), "4711\n");
  assert.equal(await whoHolds(dir.path), null);
});

Deno.test("a login pause is that of its email and password alone, and not a long one", async () => {
  await using dir = await tempDir("records-");
  await using data = await openDataDirectory({ path: dir.path, log: new LogRecorder() });
  let nowMs = 1_000_000;
  const of = (email: string, password: string) =>
    loginPauseFile({ directory: data, email, password, now: () => nowMs });
  const pause = { untilMs: nowMs + 60_000, reason: "the password is wrong" };
  await of("a@example.org", "secret").save(pause);
  assert.deepEqual(await of("a@example.org", "secret").load(), pause);
  assert.equal(await of("a@example.org", "another").load(), null);
  assert.equal(await of("b@example.org", "secret").load(), null);
  nowMs += 60_000;
  assert.equal(await of("a@example.org", "secret").load(), null);
  nowMs -= 7 * 3_600_000;
  assert.equal(await of("a@example.org", "secret").load(), null);
});

Deno.test("policies that can't be written are said, and hold all the same", async () => {
  await using dir = await tempDir("records-");
  const log = new LogRecorder();
  await using data = await openDataDirectory({ path: dir.path, log });
  const policies = await StoredStsPolicies.open(data, log);
  await Deno.mkdir(dir.file("sts_policies.json"));
  await Deno.writeTextFile(dir.file("sts_policies.json/in-the-way"), "");
  const policy = { port: 6697, untilMs: 2_000_000_000_000, durationMs: 1 };
  policies.set("irc.example", policy);
  await policies.flushed();
  assert.deepEqual(policies.get("irc.example"), policy);
  assert.match(log.texts("warn").join(), /Cannot store which servers want TLS/);
});
