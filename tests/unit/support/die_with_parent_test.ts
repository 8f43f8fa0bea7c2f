import assert from "node:assert/strict";
import { dieWithParent } from "../../support/die_with_parent.ts";
import { needs } from "../../support/skip.ts";
import { until } from "../../support/wait.ts";

needs("setpriv", "sleep")(
  "dieWithParent() ends the program when its starter is killed",
  async () => {
    const [command, args] = dieWithParent("sleep", ["60"]);
    const code = `const child = new Deno.Command(${JSON.stringify(command)}, { args: ${
      JSON.stringify(args)
    } }).spawn(); console.log(child.pid); setInterval(() => {}, 1000);`;
    const starter = new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      stdout: "piped",
    }).spawn();
    const reader = starter.stdout.getReader();
    const { value } = await reader.read();
    const pid = Number(new TextDecoder().decode(value));
    await until(() => commandOf(pid).startsWith("sleep"), "the program");
    starter.kill("SIGKILL");
    await starter.status;
    await reader.cancel();
    await until(() => commandOf(pid) === "", "the program's end");
    assert.ok(pid > 0);
  },
);

/** Empty for a process that is gone (or dead and not yet fetched by init). */
function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return "";
  }
}
