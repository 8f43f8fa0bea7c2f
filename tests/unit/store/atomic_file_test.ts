import assert from "node:assert/strict";
import { TEMPORARY_PREFIX, writeAtomically } from "../../../src/store/files/safe_file.ts";
import { tempDir } from "../../support/temp_dir.ts";

const WRITER = new URL("./atomic_writer.ts", import.meta.url).pathname;
const KILLS = 1_000;
const CHAINS = 4;

async function names(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name)).sort();
}

Deno.test("writeAtomically() writes with mode 0600 and leaves nothing else", async () => {
  await using temp = await tempDir();
  await writeAtomically(temp.path, "file", new TextEncoder().encode("one"));
  await writeAtomically(temp.path, "file", new TextEncoder().encode("two"));
  assert.equal(await Deno.readTextFile(temp.file("file")), "two");
  assert.equal(((await Deno.stat(temp.file("file"))).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(await names(temp.path), ["file"]);
});

Deno.test("writeAtomically() replaces a link instead of writing through it", async () => {
  await using temp = await tempDir();
  await Deno.writeTextFile(temp.file("elsewhere"), "precious");
  await Deno.symlink(temp.file("elsewhere"), temp.file("file"));
  await writeAtomically(temp.path, "file", new TextEncoder().encode("new"));
  assert.equal(await Deno.readTextFile(temp.file("elsewhere")), "precious");
  assert.equal((await Deno.lstat(temp.file("file"))).isFile, true);
});

Deno.test("writeAtomically() leaves the old file and no other when it can't replace it", async () => {
  await using temp = await tempDir();
  await Deno.mkdir(temp.file("file"));
  await assert.rejects(writeAtomically(temp.path, "file", new Uint8Array(10)));
  assert.deepEqual(await names(temp.path), ["file"]);
});

Deno.test("writeAtomically() leaves the old file and no other when there is no room for all of it", async () => {
  await using temp = await tempDir();
  await Deno.writeTextFile(temp.file("file"), "old");
  const module = new URL("../../../src/store/files/safe_file.ts", import.meta.url).href;
  const code = `const { writeAtomically } = await import("${module}");
    await writeAtomically(Deno.cwd(), "file", new Uint8Array(100_000)).catch((error) => console.log(error.message));`;
  // The shell's file size limit stands in for a full disk: writing stops half-way with an error.
  const limited = `trap '' XFSZ; ulimit -f 16; exec "$0" eval --no-config --no-lock '${code}'`;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", limited, Deno.execPath()],
    cwd: temp.path,
    env: { NO_COLOR: "1" },
  }).output();
  assert.match(new TextDecoder().decode(stdout), /too large/i);
  assert.equal(await Deno.readTextFile(temp.file("file")), "old");
  assert.deepEqual(await names(temp.path), ["file"]);
});

Deno.test(`writeAtomically() survives ${KILLS} kill -9: the file is the old one or the new one`, async () => {
  await using temp = await tempDir();
  const results = await Promise.all(
    Array.from(
      { length: CHAINS },
      (_unused, chain) => killChain(temp.file(`chain${chain}`), KILLS / CHAINS),
    ),
  );
  assert.equal(results.reduce((sum, result) => sum + result.kills, 0), KILLS);
  // Proof that the kills hit writings: some left an unfinished temporary file.
  assert.ok(results.some((result) => result.interrupted > 0));
});

/** Starts a writer, kills it at a random moment, looks at the file; again and again. */
async function killChain(
  directory: string,
  kills: number,
): Promise<{ kills: number; interrupted: number }> {
  await Deno.mkdir(directory);
  let interrupted = 0;
  for (let round = 0; round < kills; round++) {
    await killedWriter(directory);
    const [head = "", body = ""] = (await Deno.readTextFile(`${directory}/file`)).split(":");
    const number = Number(head);
    assert.equal(body, `${String(number % 10).repeat(20_000 + number % 7)}\n`);
    for (const name of await names(directory)) {
      if (!name.startsWith(TEMPORARY_PREFIX)) continue;
      interrupted++;
      await Deno.remove(`${directory}/${name}`);
    }
  }
  return { kills, interrupted };
}

async function killedWriter(directory: string): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-config", "--no-lock", "-A", WRITER, directory, "file"],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
  child.kill("SIGKILL");
  await child.status;
  while (!(await reader.read()).done);
}
