import { browserProcesses } from "../../support/browser_processes.ts";
import { findProgram } from "../../support/skip.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/wait.ts";

/** A browser with its debugging port open, as in a container of its own. */
export interface DebuggedBrowser extends AsyncDisposable {
  /** For BrowserURL. */
  readonly url: string;
}

export async function startDebuggedBrowser(): Promise<DebuggedBrowser> {
  const profile = await tempDir();
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"];
  const child = new Deno.Command(findProgram("chromium") ?? "chromium", {
    args: [...flags, "--remote-debugging-port=0", `--user-data-dir=${profile.path}`, "about:blank"],
    env: { HOME: profile.path, TMPDIR: profile.path },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const portFile = profile.file("DevToolsActivePort");
  const [port] = (await until(
    () => Deno.readTextFile(portFile).then((text) => text.includes("\n") ? text : null, () => null),
    "the browser's port",
    30_000,
  )).split("\n");
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await until(async () => (await browserProcesses(profile.path)).length === 0, "its end");
      await profile.remove();
    },
  };
}
