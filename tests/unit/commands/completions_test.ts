import assert from "node:assert/strict";
import { needs } from "../../support/skip.ts";
import { tempDir } from "../../support/temp_dir.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;

async function output(
  program: string,
  args: readonly string[],
): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(program, { args: [...args], env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(code === 0 ? stdout : stderr) };
}

const completions = (shell: string) =>
  output(Deno.execPath(), ["run", "-A", MAIN, "completions", shell]);

needs("bash")("completions bash makes bash complete commands, options and files", async () => {
  const { code, text } = await completions("bash");
  assert.equal(code, 0);
  await using folder = await tempDir();
  await Deno.writeTextFile(folder.file("completions"), text);
  await Deno.writeTextFile(folder.file("relay.toml"), "");
  const complete = async (...words: string[]) => {
    const script =
      `cd ${folder.path}; . ./completions; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ` +
      'COMPREPLY=(); _kosmi_relay; printf "%s\\n" "${COMPREPLY[@]}"';
    return (await output("bash", ["-c", script, "bash", "kosmi-relay", ...words])).text.trim()
      .split("\n");
  };
  assert.deepEqual(await complete("ch"), ["check"]);
  assert.deepEqual(await complete("token", ""), [
    ...["status", "refresh", "clear", "import", "--version", "--conf", "--debug", "--help"],
  ]);
  assert.deepEqual(await complete("token", "status", "--j"), ["--json"]);
  assert.deepEqual(await complete("completions", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(await complete("-conf", "rel"), ["relay.toml"]);
  assert.deepEqual(await complete("check", "--conf", "rel"), ["relay.toml"]);
});

for (const shell of ["zsh", "fish"]) {
  Deno.test(`completions ${shell} names every command`, async () => {
    const { code, text } = await completions(shell);
    assert.equal(code, 0);
    for (const word of ["run", "check", "token", "status", "health", "completions"]) {
      assert.match(text, new RegExp(`\\b${word}\\b`));
    }
  });
}

Deno.test("completions says which shells it knows", async () => {
  const { code, text } = await completions("tcsh");
  assert.equal(code, 2);
  assert.equal(text, "error: unknown shell 'tcsh': there are bash, zsh, fish\n");
});
