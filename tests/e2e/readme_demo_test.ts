import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What README.md shows behind a mark, with the deno that runs the tests in place of npm's. */
async function readmeCommand(name: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command(`${ROOT}.ci/readme_command.sh`, {
    args: [name],
    cwd: ROOT,
  }).output();
  assert.ok(success);
  const [, ...words] = new TextDecoder().decode(stdout).trim().split(/ (?=task )/);
  return words.join(" ").split(" ");
}

Deno.test("README.md's demo, played once: every line arrives, and it ends", async () => {
  const args = [...await readmeCommand("demo"), "--once"];
  assert.deepEqual(args, ["task", "demo", "--once"]);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 0, said + new TextDecoder().decode(stderr));
  assert.match(said, /^All \d+ lines arrived on the other side\.$/m);
});
