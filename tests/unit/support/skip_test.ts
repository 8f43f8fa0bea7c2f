import assert from "node:assert/strict";
import { findProgram, judge, needs } from "../../support/skip.ts";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test("findProgram() finds what is installed and nothing else", () => {
  assert.match(findProgram("sh") ?? "", /\/sh$/);
  assert.equal(findProgram("no-such-program-here"), null);
});

Deno.test("judge() skips by name, and fails under CI", () => {
  assert.deepEqual(judge("a test", [], true), { kind: "run" });
  assert.deepEqual(judge("a test", ["ngircd"], false), {
    kind: "skip",
    line: "skipped: a test (needs ngircd)",
  });
  assert.equal(judge("a test", ["ngircd"], true).kind, "fail");
});

needs("sh")("needs() runs a test whose programs are there", () => {});

Deno.test("needs() prints the skipped test, and fails it with CI=true", async () => {
  await using dir = await tempDir();
  const skip = new URL("../../support/skip.ts", import.meta.url);
  const file = dir.file("sample_test.ts");
  await Deno.writeTextFile(
    file,
    `import { needs } from "${skip}";
needs("sh", "no-such-program-here")("a test of ours", () => {});
Deno.test("another", () => {});`,
  );
  const without = await runTest(file, "false");
  assert.equal(without.code, 0);
  assert.match(without.output, /^skipped: a test of ours \(needs no-such-program-here\)$/m);
  assert.match(without.output, /1 passed .* 1 ignored/);
  const withCi = await runTest(file, "true");
  assert.equal(withCi.code, 1);
  assert.match(withCi.output, /Cannot run this test: no-such-program-here not installed/);
});

async function runTest(file: string, ci: string): Promise<{ code: number; output: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-config", "--no-check", file],
    env: { CI: ci, NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}
