import assert from "node:assert/strict";
import { startKosmi } from "../sandbox/kosmi/mod.ts";
import { startRelay } from "../support/relay_process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { Changes } from "../support/wait.ts";

const LISTENER = new URL("./support/notify_listener.ts", import.meta.url).pathname;

/** A service manager's end of the notification protocol: what it was told, oldest first. */
async function startManager() {
  const folder = await tempDir();
  const path = folder.file("notify");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", LISTENER, path],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const changes = new Changes();
  const told: string[] = [];
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      told.push(...lines.map((line) => JSON.parse(line)));
      changes.notify();
    }
  })();
  const heard = (pattern: RegExp) =>
    changes.until(
      () => told.find((text) => pattern.test(text)),
      String(pattern),
      20_000,
      () => told.join("\n"),
    );
  await heard(/^listening$/);
  return {
    path,
    heard,

    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await Promise.all([child.status, reading]);
      await folder.remove();
    },
  };
}

Deno.test("the relay tells its service manager that it is ready, that it lives, how it stands, and that it stops", async () => {
  await using manager = await startManager();
  await using kosmi = await startKosmi();
  await using relay = await startRelay({
    config: `
[kosmi.test]
RoomURL="${kosmi.roomUrl("@movienight")}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="kosmi.test"
channel="main"
[[gateway.inout]]
account="kosmi.test"
channel="956fp3"
`,
    permissions: ["-A", "--unstable-net"],
    env: { MATTERBRIDGE_DATA_DIR: "data", NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "4000000" },
  });
  await manager.heard(/^READY=1$/);
  await manager.heard(/WATCHDOG=1/);
  await manager.heard(/^STATUS=kosmi\.test: relaying/);
  assert.equal((await relay.stop()).code, 0);
  await manager.heard(/^STOPPING=1/);
  const left = await Array.fromAsync(Deno.readDir(`${relay.dir}/data`), ({ name }) => name);
  assert.deepEqual(left.filter((name) => /notify|health/.test(name)), []);
});

Deno.test("without --unstable-net the relay says that it can't tell its service manager, and relays", async () => {
  await using relay = await startRelay({
    config: `
[irc.test]
Server="127.0.0.1:1"
Nick="relay"
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.test"
channel="#a"
[[gateway.inout]]
account="irc.test"
channel="#b"
`,
    env: { MATTERBRIDGE_DATA_DIR: "data", NOTIFY_SOCKET: "/nowhere/notify" },
  });
  await relay.waitForLog(/Cannot tell the service manager at \/nowhere\/notify .* --unstable-net/);
  await relay.waitForLog(/not connected/);
});
