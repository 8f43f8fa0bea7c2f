// The token commands by themselves, as processes of their own: COMMAND CONF [ACCOUNT] [--json].
import { tokenClear, tokenImport, tokenRefresh, tokenStatus } from "../../../src/commands/token.ts";

const [command = "", conf = "", ...rest] = Deno.args;
const account = rest.find((word) => !word.startsWith("--")) ?? null;
const options = { conf, debug: rest.includes("--debug"), account };
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort(new Error("stopping")));

async function run(): Promise<number> {
  switch (command) {
    case "status":
      return await tokenStatus({ ...options, json: rest.includes("--json") });
    case "refresh":
      return await tokenRefresh(options, stop.signal);
    case "clear":
      return await tokenClear(options);
    case "import":
      return await tokenImport(options);
    default:
      return 2;
  }
}

Deno.exit(await run());
