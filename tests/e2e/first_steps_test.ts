import assert from "node:assert/strict";
import { startIrcServer } from "../sandbox/irc/irc_sandbox.ts";
import { startRelay } from "../support/relay_process.ts";
import { needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";
import { PseudoTerminal } from "./support/pseudo_terminal.ts";
import { runProgram } from "./support/run_program.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const SAMPLE = new URL("../../matterbridge.toml", import.meta.url);
const SECRET = "s3cr3t horse";
// Deno has its packages there.
const HOME = Deno.env.get("HOME") ?? "";

/** What somebody types in a folder, from source. */
async function inFolder(cwd: string, ...args: string[]) {
  const env = { HOME, MATTERBRIDGE_DATA_DIR: `${cwd}/data` };
  return await runProgram(Deno.execPath(), ["run", "-A", "--no-prompt", MAIN, ...args], {
    cwd,
    env,
  });
}

Deno.test("an empty folder: run and check say that init writes a configuration", async () => {
  await using dir = await tempDir("first-");
  for (const command of ["run", "check"]) {
    const { code, stderr } = await inFolder(dir.path, command);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^matterbridge\.toml: there is no such file: deno run -A src\/main\.ts init writes one, or name another with -conf FILE$/m,
    );
  }
});

Deno.test("the untouched sample: check names each placeholder", async () => {
  await using dir = await tempDir("first-");
  await Deno.copyFile(SAMPLE, dir.file("matterbridge.toml"));
  const { code, stderr, stdout } = await inFolder(dir.path, "check");
  assert.equal(code, 0);
  assert.equal(stderr.match(/is still the sample's/g)?.length, 3);
  assert.match(stdout, /^matterbridge\.toml is valid: 2 accounts, 1 gateway\.$/m);
});

needs("script")(
  "beside the sample init writes what git ignores, and everything uses that from then on",
  async () => {
    await using dir = await tempDir("first-");
    const sample = await Deno.readTextFile(SAMPLE);
    await Deno.writeTextFile(dir.file("matterbridge.toml"), sample);
    const ignored = await Deno.readTextFile(new URL("../../.gitignore", import.meta.url));
    assert.ok(ignored.split("\n").includes("/matterbridge.local.toml"));

    const command = [Deno.execPath(), "run", "-A", "--no-prompt", MAIN, "init"];
    const env = { HOME, MATTERBRIDGE_DATA_DIR: dir.file("data") };
    await using terminal = new PseudoTerminal({ command, cwd: dir.path, env });
    await terminal.answer(/IRC server .*: $/, "irc.example.org");
    await terminal.answer(/nick there: $/, "relay");
    await terminal.answer(/IRC channel .*: $/, "#films");
    await terminal.answer(/Kosmi room.*: $/, "@movienight");
    await terminal.answer(/E-mail .*: $/, "bot@example.org");
    await terminal.answer(/Password of .*: $/, SECRET);
    await terminal.answer(/\[Y\/n\] $/, "n");
    assert.equal(await terminal.ended(), 0);

    assert.equal(await Deno.readTextFile(dir.file("matterbridge.toml")), sample);
    const written = dir.file("matterbridge.local.toml");
    assert.ok((await Deno.readTextFile(written)).includes(SECRET));
    assert.equal(((await Deno.stat(written)).mode ?? 0) & 0o777, 0o600);
    const check = await inFolder(dir.path, "check");
    assert.match(check.stdout, /^matterbridge\.local\.toml is valid: 2 accounts, 1 gateway\.$/m);
    assert.equal(check.stderr, "");

    await Deno.chmod(written, 0o644);
    const open = await inFolder(dir.path, "check");
    assert.match(
      open.stderr,
      /others on this machine can read it.*: chmod 600 matterbridge\.local\.toml/,
    );
  },
);

Deno.test("an empty -conf is a fault in a sentence; -v and version tell the version", async () => {
  await using dir = await tempDir("first-");
  const empty = await inFolder(dir.path, "check", "-conf", "");
  assert.equal(empty.code, 2);
  assert.match(empty.stderr, /option '--conf <file>' argument '' is invalid\. It names no file\./);
  assert.doesNotMatch(empty.stderr, /\.ts:\d/);
  const [short, word] = [await inFolder(dir.path, "-v"), await inFolder(dir.path, "version")];
  assert.match(short.stdout, /^kosmi-relay \d/);
  assert.equal(short.stdout, word.stdout);
  const help = await inFolder(dir.path, "--help");
  assert.doesNotMatch(help.stdout, /default: false/);
});

Deno.test("TLS at a port without it: the log says so, and what to set", async () => {
  await using irc = await startIrcServer();
  const plain = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const greeting = (async () => {
    // As most servers do: in plain text, and at once.
    for await (const connection of plain) {
      await connection.write(new TextEncoder().encode(":irc.test NOTICE * :Looking up\r\n"));
      connection.close();
    }
  })();
  const account = (name: string, tls: boolean) => {
    const { port } = tls && plain.addr.transport === "tcp" ? plain.addr : irc;
    return `[irc.${name}]\nServer="127.0.0.1:${port}"\nUseTLS=${tls}\nNick="${name}"\n`;
  };
  const gateway = '[[gateway]]\nname="g"\nenable=true\ninout=[{account="irc.wrong",channel="#a"},' +
    '{account="irc.right",channel="#b"}]\n';
  await using relay = await startRelay({
    config: account("wrong", true) + account("right", false) + gateway,
  });
  await relay.waitForLog(
    /not connected: .*does not speak TLS at port \d+: use its port for TLS \(mostly 6697\), or UseTLS=false.*account=irc\.wrong/,
  );
  assert.doesNotMatch(relay.output, /Next try in 0 s/);
  plain.close();
  await greeting.catch(() => {});
});
