import assert from "node:assert/strict";
import { type KosmiSandbox, startKosmi } from "../sandbox/kosmi/mod.ts";
import { browserProcesses } from "../support/browser_processes.ts";
import { type RelayProcess, startRelay } from "../support/relay_process.ts";
import { findProgram, needs } from "../support/skip.ts";
import { until } from "../support/wait.ts";

const EMAIL = "bot@example.org";
const PASSWORD = "s3cr3t horse";
const FILE = "kosmi_token_cache.json";
const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const browserTest = needs("chromium");

function configOf(kosmi: KosmiSandbox, login: string): string {
  return `
[kosmi.movienight]
RoomURL="${kosmi.appUrl}/room/@movienight"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"
${login}

[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="kosmi.movienight"
channel="main"
[[gateway.inout]]
account="kosmi.movienight"
channel="${kosmi.appUrl}/room/956fp3"
`;
}

/** A relay with an account that logs in, in a folder of its own. */
class Scene implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly kosmi: KosmiSandbox;
  readonly relay: RelayProcess;

  static async open(
    options: { password?: string; email?: string; start?: boolean } = {},
  ): Promise<Scene> {
    const { password = PASSWORD, email = EMAIL, start = true } = options;
    const stack = new AsyncDisposableStack();
    const kosmi = stack.use(await startKosmi());
    const config = configOf(kosmi, `Email="${email}"\nPassword="${password}"`);
    const relay = stack.use(
      await startRelay({ config, env: { MATTERBRIDGE_DATA_DIR: "data" }, args: ["-debug"] }),
    );
    if (!start) await relay.stop("SIGKILL");
    return new Scene(stack, kosmi, relay);
  }

  constructor(stack: AsyncDisposableStack, kosmi: KosmiSandbox, relay: RelayProcess) {
    this.#stack = stack;
    this.kosmi = kosmi;
    this.relay = relay;
  }

  /** Waits until the relay shows itself in the room. */
  async connected(since = 0): Promise<void> {
    await this.relay.waitForLog(/msg="in main"/, { since, timeoutMs: 30_000 });
  }

  async cacheFile(): Promise<Record<string, string>> {
    return JSON.parse(await Deno.readTextFile(`${this.relay.dir}/data/${FILE}`));
  }

  async writeCache(token: string, expiresInDays: number): Promise<void> {
    const at = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z/, "Z");
    const content = {
      token,
      email: EMAIL,
      expires_at: at(Date.now() + expiresInDays * 86_400_000),
      saved_at: at(Date.now()),
    };
    await Deno.mkdir(`${this.relay.dir}/data`, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(`${this.relay.dir}/data/${FILE}`, JSON.stringify(content), {
      mode: 0o600,
    });
  }

  /** One of the token commands, with this relay's configuration and data. */
  async command(
    args: readonly string[],
    input = "",
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, "-conf", this.relay.configPath, "token", ...args],
      cwd: this.relay.dir,
      env: { MATTERBRIDGE_DATA_DIR: "data", NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  browsers(): Promise<number[]> {
    return browserProcesses(this.relay.dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function seedLines(output: string): string[] {
  return Array.from(
    output.matchAll(/level=(?:info|warn|error) msg="[^"]*(?:token|authentication)[^"]*"/gi),
    ([line]) => line,
  );
}

browserTest(
  "token: the first start logs in through a browser, the next uses the cache, nothing leaks",
  async () => {
    await using scene = await Scene.open();
    const { kosmi, relay } = scene;
    await scene.connected();
    assert.match(relay.output, /connected as Relay Bot/);
    assert.deepEqual(seedLines(relay.output), [
      'level=info msg="No cached token found, performing authentication..."',
      'level=info msg="Starting browser automation for authentication..."',
      'level=info msg="💾 Token cached (expires in 8760h)"',
    ]);
    const { token = "", email } = await scene.cacheFile();
    assert.equal(email, EMAIL);
    assert.equal(((await Deno.stat(`${relay.dir}/data`)).mode ?? 0) & 0o777, 0o700);
    assert.equal(((await Deno.stat(`${relay.dir}/data/${FILE}`)).mode ?? 0) & 0o777, 0o600);
    await relay.stop();

    const second = relay.mark();
    relay.start();
    await scene.connected(second);
    assert.deepEqual(seedLines(relay.output.slice(second)), [
      'level=info msg="✅ Using cached token (expires in 8760h)"',
    ]);
    assert.equal(kosmi.counters.logins, 1);
    await relay.stop();
    for (
      const secret of [PASSWORD, token, token.split(".")[1] ?? token, token.split(".")[2] ?? token]
    ) {
      assert.equal(relay.output.includes(secret), false);
    }
  },
);

browserTest("token: the login needs no more than the compiled binary may", async () => {
  await using kosmi = await startKosmi();
  const browser = findProgram("chromium") ?? "chromium";
  await using relay = await startRelay({
    config: configOf(kosmi, `Email="${EMAIL}"\nPassword="${PASSWORD}"`),
    env: { MATTERBRIDGE_DATA_DIR: "data" },
    permissions: [
      "--allow-net",
      "--allow-env",
      `--allow-read=./data,./matterbridge.toml,${browser}`,
      "--allow-write=./data",
      `--allow-run=${browser}`,
    ],
  });
  await relay.waitForLog(/msg="in main"/, { timeoutMs: 30_000 });
  assert.equal(kosmi.counters.logins, 1);
});

browserTest("token: one that expires within 7 days is renewed at the start", async () => {
  await using scene = await Scene.open({ start: false });
  const { kosmi, relay } = scene;
  const old = kosmi.issueToken({ email: EMAIL, expInDays: 5 });
  await scene.writeCache(old, 5);
  const since = relay.mark();
  relay.start();
  await scene.connected(since);
  assert.match(
    relay.output.slice(since),
    /level=info msg="Cached token expires soon \(\d{4}-[^)]*Z\), will refresh"/,
  );
  assert.notEqual((await scene.cacheFile())["token"], old);
});

browserTest(
  "token: one that the server refuses is discarded and replaced by one login",
  async () => {
    await using scene = await Scene.open({ start: false });
    const { kosmi, relay } = scene;
    const revoked = kosmi.issueToken({ email: EMAIL });
    kosmi.revokeToken(revoked);
    await scene.writeCache(revoked, 365);
    const since = relay.mark();
    relay.start();
    await scene.connected(since);
    assert.equal(kosmi.counters.logins, 1);
    assert.notEqual((await scene.cacheFile())["token"], revoked);
    assert.equal(relay.output.includes(revoked), false);
  },
);

browserTest("token: a wrong password is said loudly once and not tried again", async () => {
  await using scene = await Scene.open({ password: "hunter2-wrong" });
  const { kosmi, relay } = scene;
  // The wait before the next try is in the same line: a quarter of an hour.
  await relay.waitForLog(
    /level=error .*Invalid email or password.*(900 s|15 min|waitSeconds=900)/,
    {
      timeoutMs: 30_000,
    },
  );
  assert.equal(kosmi.counters.failedLogins, 1);
  assert.equal(relay.running, true);
  assert.equal(relay.output.includes("hunter2-wrong"), false);
});

browserTest(
  "token: two processes that start at once make one login, and the second says who is there",
  async () => {
    await using scene = await Scene.open({ start: false });
    const { kosmi, relay } = scene;
    const since = relay.mark();
    relay.start();
    const other = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        MAIN,
        "-conf",
        relay.configPath,
      ],
      cwd: relay.dir,
      env: { MATTERBRIDGE_DATA_DIR: "data", NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const ends = await Promise.race([
      other.status.then(() => "other"),
      relay.waitForExit(30_000).then(() => "relay", () => "relay"),
    ]);
    // Whichever came second ended; the first one goes on.
    if (ends === "other") {
      const { code, stdout, stderr } = await other.output();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.equal(code, 1);
      assert.match(said, new RegExp(`the process with pid ${relay.pid} is using it`));
      await scene.connected(since);
    } else {
      assert.match(
        relay.output.slice(since),
        new RegExp(`the process with pid ${other.pid} is using it`),
      );
      await until(() => scene.cacheFile().catch(() => null), "the other's token", 30_000);
      other.kill("SIGKILL");
      await other.output();
    }
    assert.equal(kosmi.counters.logins, 1);
  },
);

browserTest("token: no browser outlives the relay, stopped or killed in mid-login", async () => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await using scene = await Scene.open({ start: false });
    const { kosmi, relay } = scene;
    kosmi.setVariant({ login: { tokenAfterMs: null } });
    const since = relay.mark();
    relay.start();
    await relay.waitForLog(/waiting for the token/, { since, timeoutMs: 30_000 });
    assert.ok((await scene.browsers()).length > 0);
    await relay.stop(signal, 5_000);
    await until(async () => (await scene.browsers()).length === 0, `no browser after ${signal}`);

    // The next start finds the lock free and the profile's remains gone.
    kosmi.setVariant({ login: { tokenAfterMs: 50 } });
    const again = relay.mark();
    relay.start();
    await scene.connected(again);
    const left = Array.from(Deno.readDirSync(`${relay.dir}/data`), ({ name }) => name)
      .filter((name) => name.startsWith(".scratch"));
    assert.deepEqual(left, []);
  }
});

Deno.test("token commands: import, status and clear, beside each other and never showing the token", async () => {
  await using scene = await Scene.open({ start: false });
  const { kosmi } = scene;
  const none = await scene.command(["status"]);
  assert.match(none.stdout, /kosmi\.movienight +login +none +bot@example\.org/);

  const token = kosmi.issueToken({ email: EMAIL, expInDays: 100 });
  const imported = await scene.command(["import"], `"${token}"\n`);
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(
    imported.stdout,
    /token cached for bot@example\.org, expires .*\(in (99|100) days\)/,
  );
  assert.equal((await scene.cacheFile())["token"], token);

  const status = await scene.command(["status", "--json"]);
  const [report] = JSON.parse(status.stdout);
  assert.equal(report.account, "kosmi.movienight");
  assert.equal(report.state, "valid");
  assert.match(report.userId, /^[0-9a-f-]{36}$/);
  assert.ok(report.daysLeft >= 99 && report.daysLeft <= 100);
  const table = await scene.command(["status", "--account", "movienight"]);
  assert.match(
    table.stdout,
    /^ACCOUNT +SOURCE +STATE +EMAIL +SAVED +EXPIRES +DAYS LEFT +USER ID\n/,
  );

  const bad = await scene.command(["import"], "not a token");
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /not a token/);
  const expired = await scene.command(["import"], kosmi.issueToken({ expInDays: -1 }));
  assert.match(expired.stderr, /expired at/);
  assert.equal((await scene.cacheFile())["token"], token);

  const cleared = await scene.command(["clear"]);
  assert.match(cleared.stdout, /cached token removed/);
  await assert.rejects(scene.cacheFile(), Deno.errors.NotFound);
  for (const output of [imported, status, table, bad, expired, cleared]) {
    assert.equal((output.stdout + output.stderr).includes(token), false);
  }
});

browserTest(
  "token commands: status works beside a running relay, the others say who is there; refresh logs in",
  async () => {
    await using scene = await Scene.open();
    const { kosmi, relay } = scene;
    await scene.connected();
    const { token } = await scene.cacheFile();
    assert.match((await scene.command(["status"])).stdout, / cache +valid /);
    for (const name of ["refresh", "clear", "import"]) {
      const refused = await scene.command([name]);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        new RegExp(
          `the process with pid ${relay.pid} is using it.*\\n.*renews its tokens by itself`,
        ),
      );
    }
    await relay.stop();
    const refreshed = await scene.command(["refresh"]);
    assert.equal(refreshed.code, 0, refreshed.stderr);
    assert.match(
      refreshed.stdout,
      /new token of bot@example\.org cached, expires .*\(in 36\d days\)/,
    );
    assert.notEqual((await scene.cacheFile())["token"], token);
    assert.equal(kosmi.counters.logins, 2);
  },
);
