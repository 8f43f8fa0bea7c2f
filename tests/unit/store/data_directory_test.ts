import assert from "node:assert/strict";
import {
  dataDirectory,
  DataDirectoryError,
  type DataDirectoryFault,
  openDataDirectory,
} from "../../../src/store/files/data_directory.ts";
import { explainFault, octal, orBeIts } from "../../../src/store/files/data_directory_error.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function mode(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

async function fails(
  work: Promise<unknown>,
  fault: DataDirectoryFault,
  text: RegExp,
): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof DataDirectoryError, String(error));
    assert.equal(error.fault, fault);
    assert.match(error.message, text);
    return true;
  });
}

Deno.test("dataDirectory() is MATTERBRIDGE_DATA_DIR, else ./data for the binary, else ~/.matterbridge", () => {
  const of = (named: string | undefined, standalone: boolean, home: string | null) =>
    dataDirectory({
      env: (name) => name === "MATTERBRIDGE_DATA_DIR" ? named : undefined,
      standalone,
      home,
    });
  assert.equal(of("/app/data", true, "/root"), "/app/data");
  assert.equal(of("/app/data/", false, "/root"), "/app/data");
  assert.equal(of("data", false, "/root"), "data");
  assert.equal(of("/", false, "/root"), "/");
  assert.equal(of(undefined, true, "/home/ada"), "./data");
  assert.equal(of("", true, "/home/ada"), "./data");
  assert.equal(of(" ", false, "/home/ada"), "/home/ada/.matterbridge");
  assert.equal(of(undefined, false, "/home/ada/"), "/home/ada/.matterbridge");
  assert.equal(of(undefined, false, null), "./data");
});

Deno.test("openDataDirectory() makes the folder with mode 0700, and its parents", async () => {
  await using temp = await tempDir();
  await using data = await openDataDirectory({ path: temp.file("a/b"), log: new LogRecorder() });
  assert.equal(await mode(data.path), 0o700);
  assert.equal(data.writable, true);
});

Deno.test("openDataDirectory() keeps a second one out until the first closes, naming the pid", async () => {
  await using temp = await tempDir();
  const log = new LogRecorder();
  const first = await openDataDirectory({ path: temp.path, log });
  const taken = new RegExp(`the process with pid ${Deno.pid} is using it\\. Stop that one first`);
  await fails(openDataDirectory({ path: temp.path, log }), "locked", taken);
  await first.close();
  await first.close();
  await (await openDataDirectory({ path: temp.path, log })).close();
});

Deno.test("openDataDirectory() to look neither creates nor locks", async () => {
  await using temp = await tempDir();
  const log = new LogRecorder();
  const missing = await openDataDirectory({ path: temp.file("no"), log, access: "look" });
  assert.equal(await missing.read("file", 10), null);
  await assert.rejects(Deno.stat(temp.file("no")), Deno.errors.NotFound);
  await using _owner = await openDataDirectory({ path: temp.path, log });
  await using looker = await openDataDirectory({ path: temp.path, log, access: "look" });
  assert.equal(looker.writable, false);
});

Deno.test("openDataDirectory() says that a file is no folder, and warns of one that others can write into", async () => {
  await using temp = await tempDir();
  const log = new LogRecorder();
  await Deno.writeTextFile(temp.file("file"), "");
  await fails(openDataDirectory({ path: temp.file("file"), log }), "unsafe", /it is not a folder/);
  await Deno.mkdir(temp.file("open"));
  await Deno.chmod(temp.file("open"), 0o777);
  await using _data = await openDataDirectory({ path: temp.file("open"), log });
  assert.match(log.texts("warn").join(), /Other users can write .*mode 0777.*chmod 700/);
});

Deno.test("openDataDirectory() removes what a crash left, and nothing else", async () => {
  await using temp = await tempDir();
  for (const name of [".tmp-1-abc", "kosmi_token_cache.json", "mine.tmp"]) {
    await Deno.writeTextFile(temp.file(name), "{}", { mode: 0o600 });
  }
  await Deno.mkdir(temp.file(".scratch-1/Default"), { recursive: true });
  await using data = await openDataDirectory({ path: temp.path, log: new LogRecorder() });
  assert.deepEqual((await data.list()).sort(), [
    "kosmi-relay.lock",
    "kosmi_token_cache.json",
    "mine.tmp",
  ]);
});

Deno.test("DataDirectory narrows a file's permissions with a warning before it reads it", async () => {
  await using temp = await tempDir();
  const log = new LogRecorder();
  await using data = await openDataDirectory({ path: temp.path, log });
  await Deno.writeTextFile(temp.file("file"), "text");
  await Deno.chmod(temp.file("file"), 0o644);
  assert.equal(new TextDecoder().decode(await data.read("file", 10) ?? undefined), "text");
  assert.equal(await mode(temp.file("file")), 0o600);
  assert.deepEqual(log.texts("warn"), [
    `Permissions of ${temp.path}/file were 0644: others could read it; narrowed to 0600`,
  ]);
  await data.read("file", 10);
  assert.equal(log.texts("warn").length, 1);
});

Deno.test("DataDirectory opens nothing through a link, whatever the call", async () => {
  await using temp = await tempDir();
  await Deno.writeTextFile(temp.file("outside"), "precious");
  await using data = await openDataDirectory({ path: temp.file("data"), log: new LogRecorder() });
  await Deno.symlink(temp.file("outside"), `${data.path}/link`);
  await fails(data.read("link", 10), "unsafe", /symbolic link, and nothing is opened through one/);
  await fails(data.prepareFile("link"), "unsafe", /symbolic link/);
  await fails(data.prepareFile("db", ["link"]), "unsafe", /symbolic link/);
  await data.write("link", new TextEncoder().encode("new"));
  assert.equal(await Deno.readTextFile(temp.file("outside")), "precious");
  await Deno.remove(`${data.path}/link`);
  await Deno.symlink(temp.file("gone"), `${data.path}/link`);
  await fails(data.read("link", 10), "unsafe", /symbolic link/);
  assert.equal(await data.remove("link"), true);
});

Deno.test("openDataDirectory() does not lock through a link", async () => {
  await using temp = await tempDir();
  await Deno.mkdir(temp.file("data"));
  await Deno.symlink(temp.file("outside"), temp.file("data/kosmi-relay.lock"));
  await fails(
    openDataDirectory({ path: temp.file("data"), log: new LogRecorder() }),
    "unsafe",
    /symbolic link/,
  );
  await assert.rejects(Deno.stat(temp.file("outside")), Deno.errors.NotFound);
});

Deno.test("DataDirectory refuses what is not a plain name, a folder in place of a file, and too large files", async () => {
  await using temp = await tempDir();
  await using data = await openDataDirectory({ path: temp.path, log: new LogRecorder() });
  for (const name of ["", ".", "..", "a/b", "../x", "a\\b", "a\0b"]) {
    await assert.rejects(async () => await data.read(name, 10), TypeError);
    await assert.rejects(async () => await data.write(name, new Uint8Array()), TypeError);
  }
  await Deno.mkdir(temp.file("folder"));
  await fails(data.read("folder", 10), "unsafe", /it is not a file/);
  await data.write("file", new Uint8Array(11));
  await fails(data.read("file", 10), "unsafe", /larger than 10 bytes/);
  assert.equal((await data.read("file", 11))?.length, 11);
});

Deno.test("DataDirectory.prepareFile() creates with 0600, and narrows what is there", async () => {
  await using temp = await tempDir();
  await using data = await openDataDirectory({ path: temp.path, log: new LogRecorder() });
  assert.equal(await mode(await data.prepareFile("db")), 0o600);
  await Deno.chmod(temp.file("db"), 0o666);
  assert.equal(await mode(await data.prepareFile("db")), 0o600);
});

Deno.test("explainFault() turns the binary's sandbox and foreign owners into what to do", async () => {
  await using temp = await tempDir();
  const sandbox = await explainFault(
    new Deno.errors.NotCapable("Requires read access"),
    "use",
    "/x",
  );
  assert.equal(sandbox.fault, "sandbox");
  assert.match(sandbox.message, /Cannot use \/x: .*Start it in the folder that holds "data"/);
  const denied = await explainFault(
    new Deno.errors.PermissionDenied("no"),
    "write to",
    `${temp.path}/a/b`,
  );
  assert.equal(denied.fault, "denied");
  assert.match(denied.message, /belongs to uid \d+.*Run: ch(own|mod) /);
  const full = await explainFault(
    new Error("No space left on device (os error 28)"),
    "write to",
    "/x",
  );
  assert.equal(full.fault, "broken");
  assert.match(full.message, /No space left/);
});

Deno.test("octal() writes a mode as chmod takes it, without the kind of file", () => {
  assert.deepEqual([0o100600, 0o40755, 0o7777, 0o7, 0].map(octal), [
    "0600",
    "0755",
    "7777",
    "0007",
    "0000",
  ]);
});

Deno.test("orBeIts() never proposes to be root", () => {
  assert.equal(orBeIts(0), "");
  assert.match(orBeIts(1000), /KOSMI_RELAY_UID=1000 in \.env/);
});
