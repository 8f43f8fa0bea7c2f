import assert from "node:assert/strict";
import { startIrcServer } from "../sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../sandbox/kosmi/mod.ts";
import { startRelay } from "../support/relay_process.ts";
import { needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";
import { PseudoTerminal } from "./support/pseudo_terminal.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const inTerminal = needs("script");

async function desk() {
  await using stack = new AsyncDisposableStack();
  const irc = stack.use(await startIrcServer());
  const kosmi = stack.use(await startKosmi());
  const dir = stack.use(await tempDir("init-"));
  // The live service's addresses stay out of the file: for the test they come from the environment.
  const env = {
    MATTERBRIDGE_DATA_DIR: dir.file("data"),
    MATTERBRIDGE_KOSMI_ROOM_APPURL: kosmi.appUrl,
    MATTERBRIDGE_KOSMI_ROOM_HTTPENDPOINT: kosmi.httpEndpoint,
    MATTERBRIDGE_KOSMI_ROOM_WSENDPOINT: kosmi.wsEndpoint,
    MATTERBRIDGE_KOSMI_ROOM_IMAGEENDPOINT: kosmi.imageEndpoint,
  };
  const terminal = stack.use(
    new PseudoTerminal({
      command: [Deno.execPath(), "run", "-A", "--no-prompt", MAIN, "init"],
      cwd: dir.path,
      env,
    }),
  );
  const running = stack.move();
  return {
    irc,
    kosmi,
    dir,
    env,
    terminal,
    file: dir.file("matterbridge.toml"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function filesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
}

inTerminal("init asks, tests the answers and writes a configuration that relays", async () => {
  await using bench = await desk();
  const { terminal, irc, kosmi, file, env } = bench;
  await terminal.answer(/IRC server .*: $/, "not a server!");
  await terminal.answer(/Enter a host name, or[^]*IRC server .*: $/, `127.0.0.1:${irc.port}`);
  await terminal.answer(/nick there: $/, "relay");
  await terminal.answer(/IRC channel .*: $/, "films");
  await terminal.answer(/Kosmi room.*: $/, kosmi.roomUrl("@movienight"));
  await terminal.answer(/E-mail .*: $/, "");
  await terminal.answer(/Test these settings now\?.*\[Y\/n\] $/, "");
  await terminal.see(/ok\S* +irc\.network +#films/);
  assert.equal(await terminal.ended(), 0);
  assert.match(terminal.shown, /Wrote .* \(readable only by you\)/);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  await using relay = await startRelay({ config: await Deno.readTextFile(file), env });
  await relay.waitForLog(/msg="in main"/);
  await relay.waitForLog(/msg="in #films"/);
  assert.doesNotMatch(relay.output, /level=warning/);
});

inTerminal("init does not show the password, and tells what is broken", async () => {
  await using bench = await desk();
  const { terminal, irc, kosmi, file } = bench;
  irc.faults.refuseJoins.set("#films", "474");
  await terminal.answer(/IRC server .*: $/, `127.0.0.1:${irc.port}`);
  await terminal.answer(/nick there: $/, "relay");
  await terminal.answer(/IRC channel .*: $/, "#films");
  await terminal.answer(/Kosmi room.*: $/, kosmi.roomUrl("@movienight"));
  await terminal.answer(/E-mail .*: $/, "bot@example.org");
  // With a slip of the finger that is taken back.
  await terminal.answer(/Password of bot@example\.org.*: $/, 'hidden "pazz\x7f\x7fss"');
  await terminal.answer(/\[Y\/n\] $/, "y");
  await terminal.see(/BROKEN\S* +irc\.network +#films .*banned/, 0, 30_000);
  await terminal.answer(/Write the file anyway\? \[y\/N\] $/, "y");
  assert.equal(await terminal.ended(), 0);
  assert.doesNotMatch(terminal.shown, /hidden|pa[sz]{2}/);
  assert.match(await Deno.readTextFile(file), /^Password = "hidden \\"pass\\""$/m);
});

inTerminal("Ctrl+C in init leaves nothing", async () => {
  await using bench = await desk();
  const { terminal, dir } = bench;
  await terminal.answer(/IRC server .*: $/, "irc.example.org");
  await terminal.see(/nick there: $/);
  await terminal.type("\x03");
  assert.equal(await terminal.ended(), 1);
  assert.match(terminal.shown, /Nothing was written/);
  assert.deepEqual(await filesIn(dir.path), []);
});

inTerminal(
  "Ctrl+C at the password of init leaves nothing, and the terminal as it was",
  async () => {
    await using bench = await desk();
    const { terminal, dir } = bench;
    await terminal.answer(/IRC server .*: $/, "irc.example.org");
    await terminal.answer(/nick there: $/, "relay");
    await terminal.answer(/IRC channel .*: $/, "#films");
    await terminal.answer(/Kosmi room.*: $/, "@movienight");
    await terminal.answer(/E-mail .*: $/, "bot@example.org");
    await terminal.see(/Password of .*: $/);
    await terminal.type("half a pass\x03");
    assert.equal(await terminal.ended(), 1);
    assert.doesNotMatch(terminal.shown, /half a/);
    assert.deepEqual(await filesIn(dir.path), []);
  },
);

Deno.test("init refuses to overwrite a configuration", async () => {
  await using relay = await startRelay({ config: "# mine\n", args: ["init"] });
  const { code } = await relay.waitForExit();
  assert.equal(code, 2);
  assert.match(relay.stderr, /already exists/);
  assert.equal(await Deno.readTextFile(relay.configPath), "# mine\n");
});

Deno.test("init says that it needs a terminal", async () => {
  await using relay = await startRelay({ config: null, args: ["init"] });
  const { code } = await relay.waitForExit();
  assert.equal(code, 2);
  assert.match(relay.stderr, /needs a terminal/);
});

Deno.test("check --json tells file, line and key of every fault", async () => {
  await using relay = await startRelay({
    config: '[irc.a]\nServer="x y"\nNick=5\n',
    args: ["check", "--json"],
  });
  assert.equal((await relay.waitForExit()).code, 2);
  const answer = JSON.parse(relay.stdout);
  assert.equal(answer.valid, false);
  assert.ok(
    answer.faults.some((fault: { line: number; key: string }) =>
      fault.line === 2 && fault.key === "irc.a.Server"
    ),
  );
});
