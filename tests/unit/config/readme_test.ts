import assert from "node:assert/strict";
import { parse } from "yaml";
import { faultsOf, load } from "./sample.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const exists = (path: string) => Deno.stat(new URL(path, ROOT)).then(() => true, () => false);

Deno.test("README.md is short, and every page and file that it names is there", async () => {
  const text = await read("README.md");
  assert.ok(text.split("\n").length - 1 < 150, "under 150 lines");
  for (const [, path = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
    assert.ok(await exists(path), path);
  }
});

Deno.test("the configuration that README.md shows loads", async () => {
  const [, toml = ""] = /```toml\n(.*?)```/s.exec(await read("README.md")) ?? [];
  assert.deepEqual(faultsOf(await load(toml)), []);
});

Deno.test("README.md gives the commands of each way to start, init first", async () => {
  const text = await read("README.md");
  const command = (name: string) =>
    new RegExp(`<!-- command: ${name} -->\n\`\`\`sh\n(.*?)\`\`\``, "s").exec(text)?.[1] ?? "";
  const { tasks } = JSON.parse(await read("deno.json"));
  for (const name of ["demo", "test", "binary", "deb"]) {
    const [, task = ""] = /task ([\w:]+)/.exec(command(name)) ?? [];
    assert.ok(task in tasks, `${name}: ${task}`);
  }
  for (const name of ["binary", "container"]) {
    const relay = command(name).split("\n").filter((line) => /kosmi-relay( |$)/.test(line));
    assert.match(relay[0] ?? "", /kosmi-relay init$/);
  }
});

Deno.test("docker-compose.yml runs as the owner of the folder, with nothing that it does not need", async () => {
  const { services } = parse(await read("docker-compose.yml"));
  assert.deepEqual(Object.keys(services), ["kosmi-relay"]);
  const service = services["kosmi-relay"];
  assert.equal(service.user, "${KOSMI_RELAY_UID:-1000}:${KOSMI_RELAY_GID:-1000}");
  assert.equal(service.read_only, true);
  assert.deepEqual(service.cap_drop, ["ALL"]);
  assert.deepEqual(service.ulimits, { core: 0 });
  assert.ok(service.mem_limit && service.pids_limit);
  assert.equal(service.ports, undefined);
  const dockerfile = await read("Dockerfile");
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
  assert.ok(stages.includes(service.build.target));
  assert.equal(stages.at(-1), "minimal");
});

Deno.test("git ignores whatever may hold a secret", async () => {
  const lines = (await read(".gitignore")).split("\n");
  for (const path of ["/data/*", "/.env", "/matterbridge.local.toml"]) {
    assert.ok(lines.includes(path));
  }
  assert.doesNotMatch(await read("matterbridge.toml"), /^(?:Password|Token) = "[^"]+"/m);
});
