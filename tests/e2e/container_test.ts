import assert from "node:assert/strict";
import { binaryTests } from "../support/binary.ts";
import { needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/wait.ts";
import { ImageStore } from "./support/container/store.ts";
import { startDebuggedBrowser } from "./support/debugged_browser.ts";
import { runProgram } from "./support/run_program.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";
import { type Wrapper, wrapper } from "./support/wrapper.ts";

const test = await binaryTests();

/** One for all tests: to make the images that others start from takes long. */
let opened: Promise<ImageStore> | null = null;
Deno.test.afterAll(async () => await (await opened)?.[Symbol.asyncDispose]());
const UID = 65532;
const MOST_BYTES = 125_000_000;

/** Runs the container as docker-compose.yml does: no capabilities, ./data and ./matterbridge.toml of the working folder. */
function containerIn(
  store: ImageStore,
  container: string,
  setUp: string,
  uid = UID,
): Promise<Wrapper> {
  const env = Object.entries(store.env).map(([name, value]) => `${name}=${value}`).join(" ");
  const run =
    `buildah run --isolation chroot --user ${uid}:${uid} --cap-drop all -v "$PWD/data:/app/data" ` +
    `-v "$PWD/matterbridge.toml:/app/matterbridge.toml:ro" ${container} -- /usr/local/bin/kosmi-relay`;
  // The arguments of the relay from source are not for it: the container has its configuration in its own place.
  return wrapper(`sh -c 'mkdir -p data; ${setUp}; exec env ${env} ${run} "$CONTAINER_COMMAND"'`);
}

const OWN_ALL = `chown -R ${UID} data matterbridge.toml`;

/** buildah ends what it runs by force; the relay's own process can be asked. */
async function stopGently(world: World): Promise<void> {
  const pid = Number(await Deno.readTextFile(`${world.relay.dir}/data/kosmi-relay.lock`));
  Deno.kill(pid, "SIGTERM");
  await world.relay.waitForExit();
}

async function relaysBothWays(world: World, tag: string): Promise<void> {
  world.kosmi.say(ROOM, { name: "Zoë" }, `from Kosmi ${tag}`);
  await world.alice.waitForMessage(CHANNEL, `[Kosmi] <Zoë> from Kosmi ${tag}`);
  await world.alice.say(CHANNEL, `from IRC ${tag}`);
  const seen = () =>
    world.kosmi.messages(ROOM).some(({ text }) => text === `[IRC] <alice> from IRC ${tag}`);
  await until(seen, "the line in Kosmi");
}

test(
  needs("buildah", "chromium", "ngircd", "apt-cache"),
  "the minimal image is small and closed, relays, says what to do, and keeps its login over a rebuild",
  async ({ context }) => {
    const store = await (opened ??= ImageStore.open());
    let container = await store.build("first", "minimal");

    await context.step("it holds the binary and what that needs of a system", async () => {
      const facts = await store.facts(container);
      assert.equal(facts.user, `${UID}:${UID}`);
      assert.ok(facts.env.includes("MATTERBRIDGE_DATA_DIR=/app/data"));
      assert.deepEqual(facts.volumes, ["/app/data"]);
      assert.deepEqual(facts.entrypoint, ["/usr/local/bin/kosmi-relay"]);
      assert.deepEqual(facts.healthcheck, ["CMD", "/usr/local/bin/kosmi-relay", "health"]);
      assert.ok(facts.bytes < MOST_BYTES, `${facts.bytes} bytes`);
      const programs = facts.files.filter((path) => /(^|\/)s?bin\//.test(path));
      assert.deepEqual(programs, ["usr/local/bin/kosmi-relay"]);
      assert.ok(facts.files.includes("etc/ssl/certs/ca-certificates.crt"));
      assert.ok(facts.files.includes("usr/share/zoneinfo/Europe/Berlin"));
    });

    await context.step("it tells the chown to run for a folder of somebody else's", async () => {
      await using folder = await tempDir();
      await Deno.chmod(folder.path, 0o755);
      await Deno.copyFile(
        new URL("../../matterbridge.toml", import.meta.url),
        folder.file("matterbridge.toml"),
      );
      await using foreign = await containerIn(store, container, "chown 0 data");
      const { code, stderr } = await runProgram(foreign.path, [], {
        cwd: folder.path,
        env: { PATH: Deno.env.get("PATH") ?? "", CONTAINER_COMMAND: "run" },
      });
      assert.notEqual(code, 0);
      assert.match(
        stderr,
        /\/app\/data belongs to uid 0, this program runs as uid 65532\. Run: chown -R 65532 \/app\/data \(for a container: on the host\)/,
      );
    });

    await context.step(
      "it tells the chown to run for a configuration that it may not read",
      async () => {
        await using folder = await tempDir();
        await Deno.chmod(folder.path, 0o755);
        await Deno.writeTextFile(folder.file("matterbridge.toml"), "", { mode: 0o600 });
        await using foreign = await containerIn(store, container, `chown ${UID} data`);
        const { stderr } = await runProgram(foreign.path, [], {
          cwd: folder.path,
          env: { PATH: Deno.env.get("PATH") ?? "", CONTAINER_COMMAND: "check" },
        });
        assert.match(
          stderr,
          /^matterbridge\.toml: the file can't be read: .*: it belongs to uid 0, this program runs as uid 65532\. Run: chown 65532 matterbridge\.toml \(for a container: on the host\)\n/,
        );
      },
    );

    await using browser = await startDebuggedBrowser();
    await using first = await containerIn(store, container, OWN_ALL);
    await using world = await World.create({
      server: "ngircd",
      entry: first.path,
      env: { CONTAINER_COMMAND: "run" },
      kosmiAccount:
        `MessageDelay=0\nEmail="bot@example.org"\nPassword="s3cr3t horse"\nBrowserURL="${browser.url}"`,
    });

    await context.step("it logs in through BrowserURL, relays, and tells its health", async () => {
      await relaysBothWays(world, "first");
      assert.equal(world.kosmi.counters.logins, 1);
      const command = { cwd: world.relay.dir, env: { PATH: Deno.env.get("PATH") ?? "" } };
      const run = (name: string) =>
        runProgram(first.path, [], {
          ...command,
          env: { ...command.env, CONTAINER_COMMAND: name },
        });
      const health = await until(
        async () => {
          const answer = await run("health");
          return answer.stdout.includes("kosmi.test: relaying") ? answer : null;
        },
        "the account to relay, as its health has it",
      );
      assert.match(
        health.stdout,
        /^irc\.test: relaying for \d+ s\nkosmi\.test: relaying for \d+ s\n/,
      );
      assert.equal(health.code, 0);
      assert.match((await run("--version")).stdout, /^commit first$/m);
    });

    await context.step("a rebuilt one uses the cached token and logs in nowhere", async () => {
      await stopGently(world);
      const before = world.relay.mark();
      await store.buildah("rm", container);
      container = await store.build("second", "minimal");
      const script = await Deno.readTextFile(first.path);
      assert.ok(script.includes(container), "the new container has the name of the old one");
      world.relay.start();
      await world.ready(before);
      await world.relay.waitForLog(/Using cached token/, { since: before });
      await relaysBothWays(world, "second");
      assert.equal(world.kosmi.counters.logins, 1);
      await stopGently(world);
      await store.buildah("rm", container);
    });
  },
);

/** Whose folder it is on most machines. */
const PERSON = 1000;

test(
  needs("buildah", "chromium", "ngircd", "apt-cache"),
  "the browser image logs in by itself on its first run, and again when the cache is removed",
  async ({ context }) => {
    const store = await (opened ??= ImageStore.open());
    const container = await store.build("first", "browser");
    // As docker compose does for somebody whose uid is 1000: nothing is chowned but what git would have made.
    const own = `chown -R ${PERSON} . && chmod 600 matterbridge.toml`;
    await using image = await containerIn(store, container, own, PERSON);
    await using world = await World.create({
      server: "ngircd",
      entry: image.path,
      env: { CONTAINER_COMMAND: "run", MATTERBRIDGE_GENERAL_BROWSERSANDBOX: "auto" },
      kosmiAccount: 'MessageDelay=0\nEmail="bot@example.org"\nPassword="s3cr3t horse"',
    });
    const cache = `${world.relay.dir}/data/kosmi_token_cache.json`;

    await context.step("the first start has no token, starts Chromium and caches one", async () => {
      await world.relay.waitForLog(/No cached token found, performing authentication\.\.\./);
      await world.relay.waitForLog(/Starting browser automation for authentication\.\.\./);
      await world.relay.waitForLog(/Token cached \(expires in \d+h\)/);
      await relaysBothWays(world, "first");
      const { mode, uid } = await Deno.stat(cache);
      assert.equal((mode ?? 0) & 0o777, 0o600);
      assert.equal(uid, PERSON);
      assert.equal(world.kosmi.counters.logins, 1);
    });

    await context.step("a restart uses it", async () => {
      await stopGently(world);
      const before = world.relay.mark();
      world.relay.start();
      await world.ready(before);
      await world.relay.waitForLog(/Using cached token \(expires in \d+h\)/, { since: before });
      assert.equal(world.kosmi.counters.logins, 1);
    });

    await context.step("without the cache the next start logs in again", async () => {
      await stopGently(world);
      await Deno.remove(cache);
      const before = world.relay.mark();
      world.relay.start();
      await world.ready(before);
      await world.relay.waitForLog(/Token cached/, { since: before });
      await relaysBothWays(world, "again");
      assert.equal(world.kosmi.counters.logins, 2);
      await stopGently(world);
    });
  },
);
