import assert from "node:assert/strict";
import { circles, importFaults } from "./import_rules.ts";
import { type Import, importsOfSrc, readProjectFile, trackedFiles } from "./module_graph.ts";
import { machineFaults, sourceFaults } from "./text_rules.ts";

const NONE: string[] = [];

Deno.test("every module imports only what its rule allows", async () => {
  const imports = await importsOfSrc();
  assert.ok(imports.length > 100, "the graph was read");
  assert.deepEqual(importFaults(imports), NONE);
  assert.deepEqual(circles(imports), NONE);
});

Deno.test("no module prints, exits, reaches into the system or names a protocol where it may not", async () => {
  const paths = await trackedFiles((path) => /^src\/.*\.ts$/.test(path));
  const faults = await Promise.all(
    paths.map(async (path) => sourceFaults(path, await readProjectFile(path))),
  );
  assert.deepEqual(faults.flat(), NONE);
});

Deno.test("no file tells of the machine it was written on", async () => {
  const paths = await trackedFiles((path) => !/\.(?:png|ico|woff2?|jpg|webp|gz|der)$/.test(path));
  const faults = await Promise.all(
    paths.map(async (path) => machineFaults(path, await readProjectFile(path))),
  );
  assert.deepEqual(faults.flat(), NONE);
});

const one = (from: string, to: string, how: Partial<Import> = {}): Import => ({
  from: `src/${from}`,
  to,
  typeOnly: false,
  dynamic: false,
  ...how,
});

Deno.test("importFaults() allows what the rules say", () => {
  const allowed = [
    one("main.ts", "src/commands/run/run.ts"),
    one("commands/run/run.ts", "src/bridges/irc/bridge.ts"),
    one("relay/hub.ts", "src/base/clock.ts"),
    one("bridges/irc/bridge.ts", "src/relay/port/bridge.ts"),
    one("bridges/irc/a.ts", "npm:irc-framework"),
    one("bridges/kosmi/a.ts", "npm:@types/ws", { typeOnly: true }),
    one("auth/browser.ts", "npm:puppeteer-core", { dynamic: true }),
    one("auth/browser.ts", "npm:puppeteer-core", { typeOnly: true }),
    one("auth/cache.ts", "src/store/files/token_cache.ts", { typeOnly: true }),
    one("store/sqlite/a.ts", "src/relay/port/store.ts", { typeOnly: true }),
  ];
  assert.deepEqual(importFaults(allowed), NONE);
});

Deno.test("importFaults() names each import that a module may not have", () => {
  const forbidden = [
    one("base/a.ts", "src/relay/port/ids.ts"),
    one("relay/a.ts", "src/store/a.ts", { typeOnly: true }),
    one("relay/a.ts", "node:fs"),
    one("bridges/irc/a.ts", "src/bridges/kosmi/a.ts"),
    one("bridges/irc/a.ts", "src/relay/hub.ts"),
    one("bridges/irc/a.ts", "src/relay/bridge_of_sighs.ts"),
    one("bridges/kosmi/a.ts", "src/auth/token.ts", { typeOnly: true }),
    one("bridges/kosmi/a.ts", "npm:irc-framework"),
    one("auth/a.ts", "src/store/a.ts"),
    one("auth/a.ts", "npm:puppeteer-core"),
    one("store/a.ts", "src/relay/port/ids.ts"),
    one("relay/a.ts", "node:sqlite"),
    one("commands/a.ts", "npm:smol-toml"),
    one("store/a.ts", "npm:@logtape/logtape"),
    one("relay/a.ts", "npm:commander"),
    one("main.ts", "tests/support/wait.ts"),
    one("relay/port/a.ts", "src/relay/intake/b.ts"),
    one("bridges/irc/wire/a.ts", "src/bridges/irc/session.ts"),
    one("bridges/irc/nowhere/a.ts", "src/bridges/irc/link/b.ts"),
    one("store/files/a.ts", "src/store/sqlite/b.ts"),
    one("elsewhere/a.ts", "src/base/clock.ts"),
  ];
  for (const each of forbidden) assert.equal(importFaults([each]).length, 1, JSON.stringify(each));
  const twice = ["a", "b"].map((name) => one(`bridges/irc/${name}.ts`, "npm:irc-framework"));
  assert.equal(importFaults(twice).length, 1);
});

Deno.test("circles() finds files that import each other, but for types and late imports", () => {
  const three = [one("a.ts", "src/b.ts"), one("b.ts", "src/c.ts"), one("c.ts", "src/a.ts")];
  assert.deepEqual(circles(three), ["src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts"]);
  assert.deepEqual(circles(three.slice(0, 2)), NONE);
  assert.deepEqual(
    circles([...three.slice(0, 2), one("c.ts", "src/a.ts", { typeOnly: true })]),
    NONE,
  );
});

Deno.test("sourceFaults() finds what a module may not say", () => {
  const faulty: readonly (readonly [path: string, text: string])[] = [
    ["src/relay/a.ts", "// as on IRC"],
    ["src/relay/a.ts", "const ircLine = 1;"],
    ["src/relay/a.ts", "function toIrc() {}"],
    ["src/relay/a.ts", "const isKosmi = 1;"],
    ["src/relay/a.ts", "const KOSMI_ROOM = 1;"],
    ["src/relay/a.ts", "Deno.env.get('X')"],
    ["src/store/a.ts", "console.log(1)"],
    ["src/commands/a.ts", "Deno.exit(1)"],
    ["src/bridges/irc/a.ts", "Deno.writeTextFile('x')"],
  ];
  for (const [path, text] of faulty) assert.equal(sourceFaults(path, text).length > 0, true, text);
  const fine: readonly (readonly [path: string, text: string])[] = [
    ["src/relay/a.ts", "const circuit = circle; // a circular queue"],
    ["src/store/a.ts", "// not console.log"],
    ["src/main.ts", "Deno.exit(1)"],
    ["src/bridges/irc/a.ts", "throw new Deno.errors.NotFound(url)"],
  ];
  for (const [path, text] of fine) assert.deepEqual(sourceFaults(path, text), NONE);
});

Deno.test("machineFaults() finds paths of one machine and hosts of registries", () => {
  const faulty = [
    `cd ${"/wo" + "rk"}/x`,
    `"${"/ro" + "ot"}/.cache"`,
    `${"/ho" + "me"}/carol/src`,
    `https://${"regi" + "stry"}.example.org/x`,
  ];
  for (const text of faulty) assert.equal(machineFaults("a", text).length, 1, text);
  const fine = [
    "/app/data",
    "https://a.test/work/x",
    "./work/x",
    "/home/you/relay/",
    "the registry.",
  ];
  for (const text of fine) assert.deepEqual(machineFaults("a", text), NONE);
});
