import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { tempDir } from "../support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url);

async function ci(script: string, ...args: string[]): Promise<{ code: number; out: string }> {
  const command = new Deno.Command("bash", { args: [`.ci/${script}`, ...args], cwd: ROOT });
  const { code, stdout, stderr } = await command.output();
  return { code, out: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
}

Deno.test("count_tests.sh ends with one plain line and fails on what failed or was skipped", async () => {
  const cases: readonly (readonly [output: string, line: string, code: number])[] = [
    ["ok | 12 passed | 0 failed (3s)", "12 passed, 0 failed, 0 skipped", 0],
    [
      "ok | 1 passed (3 steps) | 0 failed (3ms)\nok | 2 passed | 0 failed (1s)",
      "3 passed, 0 failed, 0 skipped",
      0,
    ],
    [
      "FAILED | 11 passed | 1 failed (3s)\n\nerror: Test failed",
      "11 passed, 1 failed, 0 skipped",
      1,
    ],
    [
      "\x1b[0m\x1b[32mok\x1b[0m | 12 passed | 0 failed | 2 ignored (3s)",
      "12 passed, 0 failed, 2 skipped",
      1,
    ],
    ["error: Module not found", "0 passed, 1 failed, 0 skipped", 1],
    ["ok | 0 passed | 0 failed (3s)", "0 passed, 0 failed, 0 skipped", 1],
    ["", "0 passed, 0 failed, 0 skipped", 1],
  ];
  await using folder = await tempDir();
  for (const [output, line, code] of cases) {
    await Deno.writeTextFile(folder.file("out"), output + "\n");
    const got = await ci("count_tests.sh", folder.file("out"));
    assert.equal(got.out.trimEnd().split("\n").at(-1), line);
    assert.equal(got.code, code, output);
  }
});

Deno.test("count_tests.sh names what was skipped, once", async () => {
  await using folder = await tempDir();
  const skipped = "skipped: relays over TLS (needs ngircd)\n";
  await Deno.writeTextFile(
    folder.file("out"),
    `${skipped}${skipped}ok | 1 passed | 0 failed | 1 ignored (3s)\n`,
  );
  const { out } = await ci("count_tests.sh", folder.file("out"));
  assert.equal(out, `${skipped}1 passed, 0 failed, 1 skipped\n`);
});

Deno.test("count_tests.sh lets pass what needs what this machine can't have, and nothing else", async () => {
  await using folder = await tempDir();
  const one = "skipped: the binary relays (needs DENORT_BIN)\n";
  const count = async (skipped: string, ignored: number) => {
    const sum = `ok | 1 passed | 0 failed | ${ignored} ignored (3s)\n`;
    await Deno.writeTextFile(folder.file("out"), skipped + sum);
    return (await ci("count_tests.sh", folder.file("out"), "DENORT_BIN")).code;
  };
  assert.equal(await count(one, 1), 0);
  assert.equal(await count(one, 2), 1);
  assert.equal(await count(`${one}skipped: relays (needs DENORT_BIN, ngircd)\n`, 2), 1);
});

Deno.test("readme_command.sh takes the block behind its mark, and fails where there is none", async () => {
  await using folder = await tempDir();
  const readme = folder.file("README.md");
  const fence = "```";
  await Deno.writeTextFile(
    readme,
    `${fence}sh\nno\n${fence}\n<!-- command: test -->\n\n${fence}sh\n$ one\ntwo\n${fence}\n${fence}\nno\n${fence}\n`,
  );
  assert.deepEqual(await ci("readme_command.sh", "test", readme), { code: 0, out: "one\ntwo\n" });
  assert.equal((await ci("readme_command.sh", "demo", readme)).code, 1);
});

Deno.test("search_logs.sh finds a secret as it stands and encoded", async () => {
  const secret = "s3cr" + "3t";
  const texts = [secret, Buffer.from(secret).toString("hex"), "%73%33%63%72%33%74"]
    .concat(
      ["", "\0", "\0a", "\0ab"].map((front) =>
        Buffer.from(`${front}${secret}x`).toString("base64")
      ),
    );
  for (const text of texts) {
    await using folder = await tempDir();
    await Deno.mkdir(folder.file("sub"));
    await Deno.writeTextFile(folder.file("sub/a.log"), `before\nx${text}y\n`);
    assert.equal((await ci("search_logs.sh", folder.path)).code, 1, text);
  }
  await using clean = await tempDir();
  assert.equal((await ci("search_logs.sh", clean.path)).code, 1, "an empty search proves nothing");
  await Deno.writeTextFile(clean.file("a.log"), "level=info msg=[redacted]\n");
  const { code, out } = await ci("search_logs.sh", clean.path);
  assert.equal(out, "no secret in 1 log files\n");
  assert.equal(code, 0);
});
