import assert from "node:assert/strict";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test("tempDir() makes a folder that goes with its scope", async () => {
  let path: string;
  {
    await using dir = await tempDir();
    path = dir.path;
    await Deno.mkdir(dir.file("inner"));
    await Deno.writeTextFile(dir.file("inner/file"), "text");
    assert.equal((await Deno.stat(path)).isDirectory, true);
  }
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("tempDir().remove() may be called twice", async () => {
  await using dir = await tempDir();
  await dir.remove();
  await dir.remove();
});
