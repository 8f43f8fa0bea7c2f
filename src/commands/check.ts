import { formatFault } from "../config/fault.ts";
import { printErrorLine, printLine } from "../observability/terminal.ts";
import { loadOrExplain } from "./configuration.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import type { CommonOptions, Registrar } from "./registration.ts";

export function registerCheck({ program, common, done }: Registrar): void {
  program.command("check")
    .description("say what is wrong with the configuration, without connecting anywhere")
    .addHelpText(
      "after",
      "\nExamples:\n  kosmi-relay check\n  kosmi-relay check -conf /etc/kosmi-relay.toml",
    )
    .action(async () => done(await check(common())));
}

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
