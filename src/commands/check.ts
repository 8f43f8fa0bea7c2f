import { type Fault, formatFault } from "../config/file/fault.ts";
import { printErrorLine, printLine } from "../log/terminal.ts";
import { type CommonOptions, EXIT, type ExitCode, type Registrar } from "./shared/command.ts";
import { loadOrExplain, readConfiguration } from "./shared/read_configuration.ts";

interface CheckOptions extends CommonOptions {
  readonly json: boolean;
}

export function registerCheck({ program, common, done }: Registrar): void {
  const command = program.command("check")
    .description("check the configuration without connecting anywhere")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Exit status: 0 it holds (there may be warnings), 2 it does not.

Examples:
  kosmi-relay check
  kosmi-relay check --json | jq '.faults[].message'`,
    );
  command.action(async () =>
    done(await check({ ...common(), json: command.opts<{ json?: true }>().json === true }))
  );
}

/** Says what is wrong with the configuration, without connecting anywhere. */
async function check(options: CheckOptions): Promise<ExitCode> {
  return options.json ? await checkForPrograms(options.conf) : await checkForPeople(options.conf);
}

async function checkForPeople(file: string): Promise<ExitCode> {
  const loaded = await loadOrExplain(file);
  if (loaded === null) return EXIT.usage;
  for (const warning of loaded.warnings) printErrorLine(`warning: ${formatFault(warning)}`);
  const { accounts, gateways } = loaded.config;
  printLine(
    `${file} is valid: ${count(accounts.length, "account")}, ${count(gateways.length, "gateway")}.`,
  );
  const { commandPrefix, commandUsers } = loaded.config.general;
  if (commandPrefix !== "" && commandUsers.length === 0) {
    printLine(`${commandPrefix}reconnect is off: nobody is named in CommandUsers.`);
  }
  return EXIT.ok;
}

async function checkForPrograms(file: string): Promise<ExitCode> {
  const reading = await readConfiguration(file);
  const config = reading.ok ? reading.config : null;
  const answer = {
    file,
    valid: reading.ok,
    faults: reading.ok ? [] : reading.faults.map(asData),
    warnings: reading.warnings.map(asData),
    accounts: config?.accounts.map(({ id }) => id) ?? [],
    gateways: config?.gateways.map(({ name }) => name) ?? [],
  };
  printLine(JSON.stringify(answer, null, 2));
  return reading.ok ? EXIT.ok : EXIT.usage;
}

/** Empty parts become null: programs need not know our spelling of nothing. */
function asData({ file, line, key, message }: Fault) {
  return { file: file || null, line, key: key || null, message };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
