import { formatFault } from "../config/fault.ts";
import { printErrorLine, printLine } from "../observability/terminal.ts";
import type { CommonOptions } from "./command_line.ts";
import { loadOrExplain } from "./configuration.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";

/** Says what is wrong with the configuration, without connecting anywhere. */
export async function check(options: CommonOptions): Promise<ExitCode> {
  const loaded = await loadOrExplain(options.conf);
  if (loaded === null) return EXIT.usage;
  for (const warning of loaded.warnings) printErrorLine(`warning: ${formatFault(warning)}`);
  const { accounts, gateways } = loaded.config;
  printLine(
    `${options.conf} holds: ${count(accounts.length, "account")}, ${
      count(gateways.length, "gateway")
    }.`,
  );
  return EXIT.ok;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
