/** The seed document, "Token Persistence Guide", line by line: each step quotes what it says. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { dataDirectory } from "../../src/store/files/data_directory.ts";
import { needs } from "../support/skip.ts";
import { SandboxWorld } from "./support/sandbox_world.ts";

const ROOT = new URL("../../", import.meta.url);
const EMAIL = "bot@example.org";
const DAY_MS = 86_400_000;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

interface Cache {
  readonly token: string;
  readonly email: string;
  readonly expires_at: string;
  readonly saved_at: string;
}

async function projectFile(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

Deno.test("Docker (Production): ./data/kosmi_token_cache.json (mounted from your host machine)", async () => {
  const { services } = parse(await projectFile("docker-compose.yml"));
  const service = services["kosmi-relay"];
  assert.ok(service.volumes.includes("./data:/app/data:z"), "volumes: - ./data:/app/data:z");
  assert.ok(service.environment.includes("MATTERBRIDGE_DATA_DIR=/app/data"));
  assert.ok(service.volumes.some((one: string) => one.startsWith("./matterbridge.toml:")));
  assert.equal(service.build.target, "browser", "the bridge will launch a headless browser");
});

Deno.test("Local Development: ~/.matterbridge/kosmi_token_cache.json", () => {
  const choice = { standalone: false, home: "/home/ada" };
  assert.equal(dataDirectory({ ...choice, env: () => undefined }), "/home/ada/.matterbridge");
  assert.equal(dataDirectory({ ...choice, env: () => "/app/data" }), "/app/data");
});

Deno.test("If you commit your code to version control, add data/ to .gitignore", async () => {
  const lines = (await projectFile(".gitignore")).split("\n");
  assert.ok(lines.includes("/data/*"));
});

Deno.test("File Structure: data/, docker-compose.yml and matterbridge.toml beside each other", async () => {
  for (const path of ["data", "docker-compose.yml", "matterbridge.toml"]) {
    const info = await Deno.stat(new URL(path, ROOT));
    assert.equal(info.isDirectory, path === "data", path);
  }
});

needs("chromium")("Token Lifecycle, Usage, Troubleshooting and Security Notes", async (context) => {
  await using world = await SandboxWorld.create({
    kosmi: `Email="${EMAIL}"\nPassword="s3cr3t horse"`,
  });
  const { relay, kosmi } = world;
  const file = `${relay.dir}/.matterbridge/kosmi_token_cache.json`;
  const cached = async (): Promise<Cache> => JSON.parse(await Deno.readTextFile(file));
  const logins = () => kosmi.counters.logins;
  const restart = async () => {
    await relay.stop();
    const since = relay.mark();
    relay.start();
    await relay.waitForLog(/msg="in main"/, { since, timeoutMs: 30_000 });
    return relay.output.slice(since);
  };

  await context.step(
    "First Run: launch a headless browser, authenticate, extract and cache",
    () => {
      assert.equal(logins(), 1);
      const said = relay.output.split("\n").map((line) => line.replace(/^time=\S+ /, ""));
      const lines = [
        /^level=info msg="No cached token found, performing authentication\.\.\."/,
        /^level=info msg="Starting browser automation for authentication\.\.\."/,
        /^level=info msg="💾 Token cached \(expires in 87(?:60|59)h\)"/,
      ];
      const places = lines.map((line) => said.findIndex((one) => line.test(one)));
      assert.ok(!places.includes(-1), relay.output);
      assert.deepEqual(places, [...places].sort((one, other) => one - other));
    },
  );

  await context.step("Token Cache Structure: token, email, expires_at, saved_at", async () => {
    const cache = await cached();
    assert.deepEqual(Object.keys(cache).sort(), ["email", "expires_at", "saved_at", "token"]);
    assert.equal(cache.email, EMAIL);
    assert.match(cache.token, /^eyJ/);
    assert.match(cache.expires_at, RFC3339);
    assert.match(cache.saved_at, RFC3339);
    // "Kosmi JWT tokens expire after 1 year"
    const lifeMs = Date.parse(cache.expires_at) - Date.parse(cache.saved_at);
    assert.ok(Math.abs(lifeMs - 365 * DAY_MS) < DAY_MS);
  });

  await context.step("File permissions are 0600; the cache directory is created", async () => {
    assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    assert.equal(((await Deno.stat(`${relay.dir}/.matterbridge`)).mode ?? 0) & 0o777, 0o700);
  });

  await context.step("Subsequent Runs: uses it immediately (no browser needed)", async () => {
    const said = await restart();
    assert.match(said, /level=info msg="✅ Using cached token \(expires in \d+h\)"/);
    assert.doesNotMatch(said, /browser automation/);
    assert.equal(logins(), 1);
  });

  await context.step(
    "Benefits: restarts leave the token as it is, and the machine alone",
    async () => {
      const before = await Deno.readTextFile(file);
      for (let start = 0; start < 3; start++) {
        assert.doesNotMatch(await restart(), /browser automation|level=(?:warning|error)/);
      }
      assert.equal(await Deno.readTextFile(file), before);
      assert.equal(logins(), 1);
      const names = [...Deno.readDirSync(`${relay.dir}/.matterbridge`)].map(({ name }) => name);
      assert.ok(names.includes("kosmi_token_cache.json"), "stored on the machine itself");
      assert.ok(!names.some((name) => name.includes("profile")), "no browser left anything");
    },
  );

  const close = kosmi.issueToken({ email: EMAIL, expInDays: 6 });
  await context.step(
    "Token Refresh: within 7 days it authenticates afresh and updates",
    async () => {
      await relay.stop();
      const expires_at = new Date(Date.now() + 6 * DAY_MS).toISOString().replace(/\.\d+Z/, "Z");
      const cache = { ...await cached(), token: close, expires_at };
      await Deno.writeTextFile(file, JSON.stringify(cache));
      const said = await restart();
      const soon = `Cached token expires soon \\(${
        expires_at.slice(0, 16)
      }:\\d\\dZ\\), will refresh`;
      assert.match(said, new RegExp(`level=info msg="${soon}"`));
      assert.match(said, /level=info msg="Starting browser automation for authentication\.\.\."/);
      await relay.waitForLog(/level=info msg="💾 Token cached \(expires in 87(?:60|59)h\)"/);
      assert.equal(logins(), 2);
      assert.notEqual((await cached()).token, close);
    },
  );

  await context.step("If expired, it performs fresh authentication", async () => {
    await relay.stop();
    const token = kosmi.issueToken({ email: EMAIL, expInDays: -1 });
    const expires_at = new Date(Date.now() - DAY_MS).toISOString().replace(/\.\d+Z/, "Z");
    await Deno.writeTextFile(file, JSON.stringify({ ...await cached(), token, expires_at }));
    await restart();
    assert.equal(logins(), 3);
  });

  await context.step("Force Token Refresh: rm ./data/kosmi_token_cache.json", async () => {
    await relay.stop();
    await Deno.remove(file);
    const said = await restart();
    assert.match(said, /No cached token found, performing authentication\.\.\./);
    assert.equal(logins(), 4);
  });

  await context.step("Check Token Status: cat ./data/kosmi_token_cache.json | jq .", async () => {
    const { saved_at, expires_at, email } = await cached();
    assert.ok(Date.now() - Date.parse(saved_at) < DAY_MS);
    assert.ok(Date.parse(expires_at) > Date.now());
    assert.equal(email, EMAIL);
  });

  await context.step("Persistence: neither token nor password reaches the log", async () => {
    assert.ok(!relay.output.includes((await cached()).token));
    assert.ok(!relay.output.includes(close));
    assert.doesNotMatch(relay.output, /s3cr3t/);
  });
});
