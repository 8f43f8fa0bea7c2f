import assert from "node:assert/strict";
import { type BrowserSandbox, startBrowser } from "../../../src/auth/browser/local_browser.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { needs } from "../../support/skip.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";

/** The arguments of each start of a browser that never comes up. */
async function startsOf(temp: TempDir, sandbox: BrowserSandbox, log: LogRecorder) {
  const executable = temp.file("chromium");
  const starts = temp.file(`starts-${sandbox}`);
  const script = `#!/bin/sh\necho "$@" >> '${starts}'\nexit 1\n`;
  await Deno.writeTextFile(executable, script, { mode: 0o755 });
  const makeScratch = async () => {
    const folder = temp.file(`profile-${sandbox}`);
    await Deno.mkdir(folder);
    // Whose the folder is tells who we are: root is another case.
    if (Deno.uid() === 0) await Deno.chown(folder, 65_534, 65_534);
    return folder;
  };
  const started = startBrowser(
    { executable, folders: { makeScratch }, sandbox, clock: systemClock, log },
    new AbortController().signal,
  );
  const error = await started.then(() => assert.fail("it started"), (thrown) => String(thrown));
  return { error, lines: (await Deno.readTextFile(starts)).trim().split("\n") };
}

needs("sh")(
  "attack: a browser that can't have its sandbox is not started without, unless allowed",
  async () => {
    await using temp = await tempDir("browser-sandbox-");
    const log = new LogRecorder();
    const on = await startsOf(temp, "on", log);
    assert.equal(on.lines.length, 1);
    assert.equal(on.lines[0]?.includes("--no-sandbox"), false);
    assert.match(on.error, /BrowserSandbox="auto" lets it run without its sandbox/);
    assert.equal(log.texts().join("\n"), "");
    const auto = await startsOf(temp, "auto", log);
    assert.deepEqual(auto.lines.map((line) => line.includes("--no-sandbox")), [false, true]);
    assert.match(log.texts().join("\n"), /runs without its sandbox: it did not start with it/);
    const off = await startsOf(temp, "off", log);
    assert.deepEqual(off.lines.map((line) => line.includes("--no-sandbox")), [true]);
    assert.match(log.texts().at(-1) ?? "", /BrowserSandbox="off"/);
  },
);
