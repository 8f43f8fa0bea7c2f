import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./chatty_program.ts", import.meta.url));

/** Runs the chatty program (`$RUN`) in a shell, which can close and redirect what it is given. */
async function shell(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `run() { "$1" run "$2" "$3"; }; ${script.replaceAll("RUN", 'run "$1" "$2"')}`]
      .concat("bash", Deno.execPath(), PROGRAM),
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function start(lines: number): Deno.ChildProcess {
  const args = ["run", PROGRAM, String(lines)];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
}

Deno.test("logs go to standard error, prints to standard output", async () => {
  const { code, stdout, stderr } = await shell("RUN 3");
  assert.equal(code, 0);
  assert.equal(stdout, "printed\n");
  assert.match(stderr, /^begin$/m);
  assert.equal(stderr.match(/^time=\S+ level=info msg="line \d /gm)?.length, 3);
});

Deno.test("a log that nobody reads any more is no error", async () => {
  const child = start(5_000);
  await child.stderr.cancel();
  assert.equal(await new Response(child.stdout).text(), "printed\n");
  assert.equal((await child.status).code, 0);
});

Deno.test("printLine() answers false when nobody reads any more", async () => {
  const child = start(1);
  await child.stdout.cancel();
  await new Response(child.stderr).text();
  assert.equal((await child.status).code, 3);
});

Deno.test("a closed standard error or output and a full disk are no error to the log", async () => {
  for (const script of ["RUN 10 2>&-", "RUN 10 2>/dev/full"]) {
    const { code, stdout } = await shell(script);
    assert.equal(stdout, "printed\n", script);
    assert.equal(code, 0, script);
  }
});

Deno.test("a reader that stalls does not hold up the program", async () => {
  const child = start(5_000);
  // Nobody reads standard error, and its pipe is full long before this comes.
  assert.equal(await new Response(child.stdout).text(), "printed\n");
  assert.equal((await child.status).code, 0);
  await child.stderr.cancel();
});
