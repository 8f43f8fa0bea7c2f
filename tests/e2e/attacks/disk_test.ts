import assert from "node:assert/strict";
import { binaryTests } from "../../support/binary.ts";
import { RelayProcess } from "../../support/relay_process.ts";
import { needs } from "../../support/skip.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";
import { runProgram } from "../support/run_program.ts";

const SECRET = "s3cr3t!krone-Apfel";

/** Every file that the relay reads or writes in its data directory. */
const FILES = [
  ...["kosmi_token_cache.json", "kosmi-relay.lock", "kosmi-relay.db", "kosmi-relay.db-wal"],
  ...["kosmi-relay.db-shm", "sts_policies.json", "health.json", "reload.request", "reload.answer"],
  ...["kosmi_protocol.json", "kosmi_visitor_token.kosmi.victim.json", "client.pem"],
];

const CONFIG = `
[irc.victim]
Server="127.0.0.1:1"
UseTLS=true
Nick="relay"
TLSClientCertificate="data/client.pem"
[kosmi.victim]
RoomURL="http://127.0.0.1:1/room/@movienight"
AppURL="http://127.0.0.1:1"
HTTPEndpoint="http://127.0.0.1:1/"
WSEndpoint="ws://127.0.0.1:1/"
Email="bot@victim.example"
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.victim"
channel="#films"
[[gateway.inout]]
account="kosmi.victim"
channel="main"
`;

/** A file of somebody else's outside, and the name in the data directory as a link to it. */
async function withLink(
  name: string,
  run: (home: TempDir) => Promise<string>,
): Promise<void> {
  await using home = await tempDir("attack-link-");
  await using outside = await tempDir("attack-outside-");
  const target = outside.file("theirs");
  await Deno.writeTextFile(target, SECRET, { mode: 0o644 });
  await Deno.mkdir(home.file("data"), { mode: 0o700 });
  await Deno.symlink(target, home.file(`data/${name}`));
  await Deno.writeTextFile(home.file("matterbridge.toml"), CONFIG, { mode: 0o600 });
  const output = await run(home);
  assert.equal(output.includes(SECRET), false, `${name}: ${output}`);
  assert.equal(await Deno.readTextFile(target), SECRET, `${name} was written through`);
  assert.equal(((await Deno.stat(target)).mode ?? 0) & 0o777, 0o644, `${name}: mode changed`);
}

/** Runs it for a moment: it may go on without the file, or end. */
async function output(program: string, args: string[], home: TempDir): Promise<string> {
  const child = new Deno.Command("timeout", {
    args: ["--signal=TERM", "--kill-after=5", "2", program, ...args],
    cwd: home.path,
    clearEnv: true,
    env: { HOME: home.path, PATH: "/usr/bin:/bin", NO_COLOR: "1", MATTERBRIDGE_DATA_DIR: "data" },
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const always = needs("timeout");
const binary = await binaryTests();

binary(
  always,
  "attack: no file of the data directory is opened through a link out of it",
  async ({ binary }) => {
    for (let at = 0; at < FILES.length; at += 4) {
      await Promise.all(
        FILES.slice(at, at + 4).map((name) =>
          withLink(name, async (home) => {
            const said = await output(binary, [], home) +
              await output(binary, ["health"], home) +
              await output(binary, ["token", "status"], home);
            return said;
          })
        ),
      );
    }
  },
);

binary(
  always,
  "attack: the binary reads no file of the system, whatever names it",
  async ({ binary }) => {
    await using home = await tempDir("attack-system-");
    await Deno.mkdir(home.file("data"), { mode: 0o700 });
    const run = (args: string[], env: Record<string, string> = {}) =>
      runProgram(binary, args, { cwd: home.path, env: { HOME: home.path, ...env } });
    for (
      const path of ["/proc/self/environ", "/etc/passwd", "data/../../../etc/passwd", "/dev/stdin"]
    ) {
      const { code, stdout, stderr } = await run(["check", "-conf", path], { LEAK: SECRET });
      assert.notEqual(code, 0, path);
      assert.doesNotMatch(stdout + stderr, /root:|krone/, path);
      assert.match(stderr, /may not read|only the one|can't be read|Cannot/, path);
    }
    for (const folder of ["/etc", "/proc/self", "/"]) {
      const { code, stdout, stderr } = await run(["health"], { MATTERBRIDGE_DATA_DIR: folder });
      assert.notEqual(code, 0, folder);
      assert.doesNotMatch(stdout + stderr, /root:/, folder);
    }
    const files = [...Deno.readDirSync(home.path)].map(({ name }) => name);
    assert.deepEqual(files, ["data"]);
  },
);

binary(
  always,
  "attack: the binary runs nothing but a browser at a usual place, with no flags of others",
  async ({ binary }) => {
    await using home = await tempDir("attack-run-");
    const marker = home.file("ran");
    await Deno.writeTextFile(home.file("evil"), `#!/bin/sh\ntouch '${marker}'\n`, { mode: 0o755 });
    await Deno.writeTextFile(home.file("evil.so"), "no library");
    const paths = [
      ...[home.file("evil"), "/bin/sh", "data/evil", "/usr/bin/env"],
      `/usr/bin/chromium --renderer-cmd-prefix=${home.file("evil")}`,
      `/usr/bin/../../${home.file("evil")}`,
    ];
    for (const path of paths) {
      const config = CONFIG.replace(
        'Email="',
        `BrowserPath="${path}"\nPassword="${SECRET}"\nEmail="`,
      )
        .replace('TLSClientCertificate="data/client.pem"\n', "");
      await using relay = await RelayProcess.start({
        config,
        entry: binary,
        env: { CHROME_PATH: home.file("evil"), LD_PRELOAD: home.file("evil.so") },
        args: [],
      });
      await relay.waitForLog(/Cannot (?:start|find)/, { timeoutMs: 20_000 });
      assert.equal(relay.output.includes(SECRET), false, path);
    }
    await assert.rejects(Deno.stat(marker), Deno.errors.NotFound);
  },
);
