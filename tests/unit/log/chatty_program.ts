import { systemClock } from "../../../src/base/clock.ts";
import { startLogging } from "../../../src/log/logging.ts";
import { printErrorLine, printLine } from "../../../src/log/terminal.ts";

// A program that logs as many lines as its first argument says and prints one, for tests of pipes that break or
// stall. It ends with 3 when nobody read what it printed.
const lines = Number(Deno.args[0]);
printErrorLine("begin");
const logging = await startLogging({
  clock: systemClock,
  level: "info",
  debug: false,
  levels: {},
  format: "auto",
  terminal: Deno.stderr.isTerminal(),
  colour: false,
});
const log = logging.logger("chatty");
for (let n = 0; n < lines; n++) log.info("line {n} {filler}", { n, filler: "x".repeat(100) });
const code = printLine("printed") ? 0 : 3;
await logging[Symbol.asyncDispose]();
// A write that is stuck in a full pipe holds up an end that only waits.
Deno.exit(code);
