import assert from "node:assert/strict";
import { join } from "node:path";
import { readConfigFile } from "../../../src/config/file/read_config_file.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function written(folder: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, "m.toml");
  await Deno.writeFile(path, bytes);
  return path;
}

Deno.test("readConfigFile() answers the text, without a byte order mark", () =>
  inFolder(async (folder) => {
    const path = await written(folder, new TextEncoder().encode("\ufeff# å\n"));
    assert.deepEqual(await readConfigFile(path), { text: "# å\n" });
  }));

Deno.test("readConfigFile() reads a large file whole", () =>
  inFolder(async (folder) => {
    const text = "# 0123456789\n".repeat(50_000);
    const path = await written(folder, new TextEncoder().encode(text));
    assert.deepEqual(await readConfigFile(path), { text });
  }));

Deno.test("readConfigFile() says that there is no such file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "none.toml");
    assert.deepEqual(await readConfigFile(path), {
      fault: `${path}: there is no such file`,
    });
  }));

Deno.test("readConfigFile() says that it is a folder", () =>
  inFolder(async (folder) => {
    assert.deepEqual(await readConfigFile(folder), {
      fault: `${folder}: this is a folder, and must be a file`,
    });
  }));

Deno.test("readConfigFile() names the line that is not UTF-8", () =>
  inFolder(async (folder) => {
    const path = await written(folder, new Uint8Array([35, 10, 35, 0xe5, 10]));
    assert.deepEqual(await readConfigFile(path), {
      fault: `${path}: is not UTF-8 (line 2): save it as UTF-8`,
    });
  }));

Deno.test("readConfigFile() recognises UTF-16", () =>
  inFolder(async (folder) => {
    const path = await written(folder, new Uint8Array([0xff, 0xfe, 35, 0]));
    assert.deepEqual(await readConfigFile(path), {
      fault: `${path}: is saved as UTF-16: save it as UTF-8`,
    });
  }));

Deno.test("readConfigFile() refuses what is far too large", () =>
  inFolder(async (folder) => {
    const path = await written(folder, new Uint8Array(9 * 1_024 * 1_024).fill(35));
    assert.deepEqual(await readConfigFile(path), {
      fault: `${path}: is too large to be a configuration`,
    });
  }));

// Whoever is root may read everything: there is nothing to try then.
if (Deno.build.os !== "windows" && Deno.uid() !== 0) {
  Deno.test("readConfigFile() says that the user may not read it", () =>
    inFolder(async (folder) => {
      const path = await written(folder, new Uint8Array([35]));
      await Deno.chmod(path, 0o000);
      assert.deepEqual(await readConfigFile(path), {
        fault: `${path}: the file can't be read: its permissions do not let this user`,
      });
    }));
}

Deno.test({
  name: "readConfigFile() says what to do where the program may not read the file",
  permissions: { read: [new URL("../../../src", import.meta.url)] },
  fn: async () => {
    const answer = await readConfigFile("/etc/other.toml");
    assert("fault" in answer);
    assert.match(
      answer.fault,
      /^\/etc\/other\.toml: this program was built so that it may not read this file/,
    );
    assert.match(
      answer.fault,
      /move the file there, or rebuild with deno task compile --config=\/etc\/other\.toml$/,
    );
  },
});
