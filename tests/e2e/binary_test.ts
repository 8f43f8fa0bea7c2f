import assert from "node:assert/strict";
import { binaryTests, compileInto } from "../support/binary.ts";
import { needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/wait.ts";
import { COMBINATIONS } from "../unit/bridges/kosmi/learning/app_variants.ts";
import { Patient } from "./doctor/patient.ts";
import { isSystemFile, openedFiles } from "./support/opened_files.ts";
import { PseudoTerminal } from "./support/pseudo_terminal.ts";
import { runProgram } from "./support/run_program.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";
import { wrapper } from "./support/wrapper.ts";

const test = await binaryTests();
const always = needs();

const LOGIN = 'MessageDelay=0\nEmail="bot@example.org"\nPassword="s3cr3t horse"';

async function relaysBothWays(world: World): Promise<void> {
  world.kosmi.say(ROOM, { name: "Zoë" }, "from Kosmi");
  await world.alice.waitForMessage(CHANNEL, "[Kosmi] <Zoë> from Kosmi");
  await world.alice.say(CHANNEL, "from IRC");
  await until(
    () => world.kosmi.messages(ROOM).some(({ text }) => text === "[IRC] <alice> from IRC"),
    "the line in Kosmi",
  );
}

test(
  needs("ngircd"),
  "the binary relays both ways, with an empty environment, in an empty folder",
  async ({ binary }) => {
    await using empty = await wrapper(`env -i ${binary} "$@"`);
    await using world = await World.create({ server: "ngircd", entry: empty.path });
    await relaysBothWays(world);
    const health = await until(
      async () => {
        const answer = await runProgram(binary, ["health"], { cwd: world.relay.dir });
        return /irc\.test: relaying[^]*kosmi\.test: relaying/.test(answer.stdout) ? answer : null;
      },
      "both accounts to relay, as their health has it",
    );
    assert.match(
      health.stdout,
      /^irc\.test: relaying for \d+ s\nkosmi\.test: relaying for \d+ s\n$/,
    );
    assert.equal(health.code, 0);
    assert.equal((await world.relay.stop()).code, 0);
    const { mode } = await Deno.stat(`${world.relay.dir}/data`);
    assert.equal((mode ?? 0) & 0o777, 0o700);
    const stopped = await runProgram(binary, ["health"], { cwd: world.relay.dir });
    assert.equal(
      stopped.stderr,
      "No relay runs on ./data: run this in the folder where the relay was started (of the systemd service: " +
        "/var/lib/kosmi-relay).\n",
    );
    assert.equal(stopped.code, 1);
  },
);

test(
  needs("ngircd", "chromium", "strace"),
  "the binary logs in with Chromium, relays, and opens no file but its own and the system's",
  async ({ binary }) => {
    // Chromium and all that it starts is left alone from its first moment.
    await using traced = await wrapper(
      `env -i strace -D -f -y -b execve -o "$FOLDER/trace" -e trace=%file ${binary} "$@"`,
    );
    await using world = await World.create({
      server: "ngircd",
      entry: traced.path,
      kosmiAccount: LOGIN,
    });
    await relaysBothWays(world);
    assert.equal(world.kosmi.counters.logins, 1);
    assert.equal((await world.relay.stop()).code, 0);

    const { dir, configPath } = world.relay;
    const opened = openedFiles(await Deno.readTextFile(traced.folder.file("trace")), dir);
    const isOurs = ({ path }: { path: string }) => path.startsWith(`${dir}/data/`);
    const read = opened.filter(({ writing }) => !writing);
    assert.ok(read.some(({ path }) => path === configPath), "the trace shows what was opened");
    const mayRead = new Set([configPath, binary, `${dir}/data`]);
    assert.deepEqual(
      read.filter((file) => !isOurs(file) && !mayRead.has(file.path) && !isSystemFile(file.path)),
      [],
    );
    const written = opened.filter(({ writing }) => writing);
    assert.ok(written.some(({ path }) => path.endsWith("/kosmi-relay.db")), "it shows writing too");
    const strange = written.filter((file) => !isOurs(file) && file.path !== `${dir}/data`);
    assert.deepEqual(strange, []);
  },
);

/** A configuration that holds. No server is reached with it. */
function configWith(irc: string, kosmi: string): string {
  return `
[irc.test]
Server="127.0.0.1:1"
Nick="relay"
UseTLS=true
${irc}
[kosmi.test]
RoomURL="http://127.0.0.1:1/room/@x"
AppURL="http://127.0.0.1:1"
HTTPEndpoint="http://127.0.0.1:1/engine/"
WSEndpoint="ws://127.0.0.1:1/gql-ws"
${kosmi}
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.test"
channel="#films"
[[gateway.inout]]
account="kosmi.test"
channel="main"
`;
}

const BUILT_TO =
  "this program was built to touch only its data directory (data in the folder where " +
  "it is started) and its configuration (matterbridge.toml in the folder where it is started)";

test(
  always,
  "the binary says in one sentence what it may not touch, why, and what to do",
  async ({ binary }) => {
    await using folder = await tempDir();
    await using elsewhere = await tempDir();
    const config = folder.file("matterbridge.toml");
    await Deno.writeTextFile(config, configWith("", ""));
    await Deno.copyFile(config, elsewhere.file("other.toml"));
    const refused = async (args: string[], env: Record<string, string> = {}) =>
      await runProgram(binary, args, { cwd: folder.path, env });

    const other = elsewhere.file("other.toml");
    const check = await refused(["check", "-conf", other]);
    assert.equal(check.code, 2);
    assert.equal(
      check.stderr.split("\n")[0],
      `Cannot read the configuration ${other}: ${BUILT_TO}. Move the file there, or rebuild with ` +
        `deno task compile --config=${other}.`,
    );
    assert.deepEqual(await refused(["health"], { MATTERBRIDGE_DATA_DIR: elsewhere.path }), {
      code: 1,
      stdout: "",
      stderr: `Cannot use the data directory ${elsewhere.path}: ${BUILT_TO}. Leave ` +
        "MATTERBRIDGE_DATA_DIR unset or set it to that folder, or rebuild with " +
        `deno task compile --data-dir=${elsewhere.path}.\n`,
    });
    const run = await refused(["run"], { MATTERBRIDGE_DATA_DIR: elsewhere.path });
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /level=error msg="Cannot use the data directory [^"]*--data-dir=[^"]*\."/,
    );

    await Deno.writeTextFile(config, configWith(`TLSClientCertificate="${other}"`, ""));
    const certificate = await refused([]);
    assert.equal(certificate.code, 2);
    assert.ok(certificate.stderr.includes(
      `irc.test: Cannot read ${other}, which TLSClientCertificate names: ${BUILT_TO}. Move the file ` +
        "into the data directory and set TLSClientCertificate to it.",
    ));
    assert.doesNotMatch(certificate.stderr, /NotCapable|--allow|deno compile/);
  },
);

test(
  always,
  "the binary says which browsers it may start when it may not start the configured one",
  async ({ binary }) => {
    await using folder = await tempDir();
    const browser = folder.file("browser");
    await Deno.writeTextFile(browser, "#!/bin/sh\n", { mode: 0o755 });
    const login = `Email="a@example.org"\nPassword="x"\nBrowserPath="${browser}"`;
    await Deno.writeTextFile(folder.file("matterbridge.toml"), configWith("", login));
    const { code, stderr } = await runProgram(binary, ["token", "refresh"], { cwd: folder.path });
    assert.equal(code, 1);
    assert.ok(
      stderr.includes(
        `Cannot start ${browser}: this program may only run browsers at their usual places`,
      ),
    );
  },
);

test(
  needs("ngircd"),
  "a binary built with --data-dir and --config uses these instead",
  async () => {
    await using place = await tempDir();
    const data = place.file("state");
    const config = place.file("relay.toml");
    await using built = await tempDir();
    const flags = [`--data-dir=${data}`, `--config=${config}`];
    const compiled = await compileInto(built.path, flags);
    assert.equal(compiled.kind, "built");
    if (compiled.kind !== "built") return;
    await using moved = await wrapper(
      `sh -c 'cp "$2" "$0"; exec env -i "$1"' ${config} ${compiled.path} "$2"`,
    );
    await using world = await World.create({ server: "ngircd", entry: moved.path });
    await relaysBothWays(world);
    assert.equal((await world.relay.stop()).code, 0);
    assert.ok((await Deno.stat(`${data}/kosmi-relay.db`)).isFile);
    await Deno.writeTextFile(place.file("matterbridge.toml"), configWith("", ""));
    const plain = await runProgram(compiled.path, ["check", "-conf", "matterbridge.toml"], {
      cwd: place.path,
    });
    assert.match(
      plain.stderr,
      new RegExp(`its configuration \\(${config}\\)\\. Move the file there`),
    );
  },
);

test(
  always,
  "the binary tells version, commit, Deno and V8, and what it does not know",
  async ({ binary }) => {
    await using folder = await tempDir();
    const run = (...args: string[]) => runProgram(binary, args, { cwd: folder.path });
    const { version } = JSON.parse(
      await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
    );
    for (const flag of ["--version", "-version"]) {
      const { code, stdout } = await run(flag);
      assert.equal(code, 0);
      const [name, commit, deno, v8] = stdout.split("\n");
      assert.equal(name, `kosmi-relay ${version}`);
      assert.match(commit ?? "", /^commit (?:[0-9a-f]{12}(?:\+changes)?|unknown)$/);
      assert.match(deno ?? "", /^deno \d+\.\d+\.\d+/);
      assert.match(v8 ?? "", /^v8 \d+\./);
    }
    const unknown = await run("chekc");
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /^error: unknown command 'chekc'; did you mean "check"\?\n/);
    const help = await run("--help");
    assert.equal(help.code, 0);
    // deno-lint-ignore no-control-regex -- colours are what must not be there
    assert.doesNotMatch(help.stdout, /\x1b/);
  },
);

test(
  needs("script"),
  "the binary in an empty folder: init makes a configuration, and everything finds it",
  async ({ binary }) => {
    await using folder = await tempDir();
    const run = (...args: string[]) => runProgram(binary, args, { cwd: folder.path });
    const nothing = await run();
    assert.equal(nothing.code, 2);
    assert.match(
      nothing.stderr,
      /^matterbridge\.toml: there is no such file: \.\/kosmi-relay init writes one$/m,
    );
    // What it may not read, no advice names.
    assert.doesNotMatch((await run("--help")).stdout + nothing.stderr, /-conf [/r]/);

    await using terminal = new PseudoTerminal({
      command: [binary, "init"],
      cwd: folder.path,
      env: {},
    });
    await terminal.answer(/IRC server .*: $/, "irc.example.org");
    await terminal.answer(/nick there: $/, "relay");
    await terminal.answer(/IRC channel .*: $/, "#films");
    await terminal.answer(/Kosmi room.*: $/, "@movienight");
    await terminal.answer(/E-mail .*: $/, "");
    await terminal.answer(/\[Y\/n\] $/, "n");
    assert.equal(await terminal.ended(), 0);
    assert.match(terminal.shown, /Wrote .*data\/matterbridge\.toml \(readable only by you\)/);
    assert.match(terminal.shown, /Start the relay with: \.\/kosmi-relay\s/);
    const check = await run("check");
    assert.match(check.stdout, /^\.\/data\/matterbridge\.toml is valid: 2 accounts, 1 gateway\.$/m);
    await Deno.writeTextFile(folder.file("matterbridge.yaml"), "irc: {}\n");
    const yaml = await run("check", "-conf", "matterbridge.yaml");
    assert.match(yaml.stderr, /^matterbridge\.yaml: gateway: there is no \[\[gateway\]\]/m);
  },
);

test(
  always,
  "the binary learns from the web app as the program from source does",
  async ({ binary }) => {
    const variants = { ...COMBINATIONS["everything at once"], introspection: "off" } as const;
    await using patient = await Patient.create({ kosmi: { variants } });
    await using folder = await tempDir();
    await Deno.writeTextFile(folder.file("matterbridge.toml"), patient.config());
    const { code, stdout } = await runProgram(binary, ["learn"], { cwd: folder.path });
    assert.match(stdout, /newMessage +subscription NewMessageSubscription \(roomStream\)/);
    assert.equal(code, 0);
  },
);
