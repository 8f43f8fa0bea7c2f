import assert from "node:assert/strict";
import { LOCK_NAME, takeLock, whoHolds } from "../../../src/store/files/lock.ts";
import { tempDir } from "../../support/temp_dir.ts";

const HOLDER = new URL("./lock_holder.ts", import.meta.url).pathname;

/** Another process that holds the lock until it is killed; null when it could not get it. */
async function holdElsewhere(path: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", HOLDER, path],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "held\n");
  reader.releaseLock();
  return child;
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
  await child.stdout.cancel();
}

Deno.test("takeLock() keeps a second one out and tells the holder's pid", async () => {
  await using temp = await tempDir();
  const first = await takeLock(temp.file("lock"));
  assert.equal(first.kind, "held");
  assert.deepEqual(await takeLock(temp.file("lock")), { kind: "taken", pid: Deno.pid });
  if (first.kind === "held") {
    first.lock.release();
    first.lock.release();
  }
  const second = await takeLock(temp.file("lock"));
  assert.equal(second.kind, "held");
  if (second.kind === "held") second.lock.release();
});

Deno.test("takeLock() keeps another process out, and heals after its kill -9", async () => {
  await using temp = await tempDir();
  const other = await holdElsewhere(temp.file("lock"));
  assert.deepEqual(await takeLock(temp.file("lock")), { kind: "taken", pid: other.pid });
  await end(other);
  // What the dead process wrote is still there; it means nothing.
  assert.equal(await Deno.readTextFile(temp.file("lock")), `${other.pid}\n`);
  const healed = await takeLock(temp.file("lock"));
  assert.equal(healed.kind, "held");
  if (healed.kind === "held") healed.lock.release();
});

Deno.test("takeLock() does not care whose pid a stale file names: a reused one keeps nobody out", async () => {
  await using temp = await tempDir();
  await Deno.writeTextFile(temp.file("lock"), `${Deno.ppid}\n`);
  const attempt = await takeLock(temp.file("lock"));
  assert.equal(attempt.kind, "held");
  if (attempt.kind === "held") attempt.lock.release();
});

Deno.test("takeLock() tells a holder without a readable pid as nobody in particular", async () => {
  await using temp = await tempDir();
  const other = await holdElsewhere(temp.file("lock"));
  await Deno.writeTextFile(temp.file("lock"), "garbage");
  assert.deepEqual(await takeLock(temp.file("lock")), { kind: "taken", pid: null });
  await end(other);
});

Deno.test("takeLock() says that a folder that is not there can't be locked", async () => {
  await using temp = await tempDir();
  assert.equal((await takeLock(temp.file("gone/lock"))).kind, "unavailable");
});

Deno.test("takeLock() lets exactly one of many have it", async () => {
  await using temp = await tempDir();
  const attempts = await Promise.all(Array.from({ length: 20 }, () => takeLock(temp.file("lock"))));
  const held = attempts.flatMap((attempt) => attempt.kind === "held" ? [attempt.lock] : []);
  assert.equal(held.length, 1);
  held[0]?.release();
});

Deno.test("whoHolds() tells the holder, and takes a pid that a crash left for nobody", async () => {
  await using dir = await tempDir("lock-");
  assert.equal(await whoHolds(dir.path), null);
  const path = dir.file(LOCK_NAME);
  await Deno.writeTextFile(path, `${Deno.pid}\n`);
  assert.equal(await whoHolds(dir.path), null, "left behind");
  const attempt = await takeLock(path);
  assert.equal(attempt.kind, "held");
  if (attempt.kind !== "held") return;
  assert.deepEqual(await whoHolds(dir.path), { pid: Deno.pid });
  await Deno.writeTextFile(path, "not a pid\n");
  assert.deepEqual(await whoHolds(dir.path), { pid: null });
  await Deno.writeTextFile(path, `0${Deno.pid}\n`);
  assert.deepEqual(await whoHolds(dir.path), { pid: null });
  attempt.lock.release();
  assert.equal(await whoHolds(dir.path), null);
});

Deno.test("whoHolds() looks through no link", async () => {
  await using dir = await tempDir("lock-");
  await Deno.writeTextFile(dir.file("elsewhere"), `${Deno.pid}\n`);
  const attempt = await takeLock(dir.file("elsewhere"));
  await Deno.symlink(dir.file("elsewhere"), dir.file(LOCK_NAME));
  assert.equal(await whoHolds(dir.path), null);
  if (attempt.kind === "held") attempt.lock.release();
});
