import { Command, CommanderError, InvalidArgumentError } from "commander";
import { didYouMean } from "../config/values/did_you_mean.ts";
import {
  paint,
  printErrorLine,
  printText,
  stderrIsTerminal,
  stdoutIsTerminal,
  wantsColour,
} from "../log/terminal.ts";
import { registerCheck } from "./check.ts";
import { registerCompletions } from "./completions.ts";
import { registerDoctor } from "./doctor/command.ts";
import { registerHealth } from "./health/health.ts";
import { registerInit } from "./init/init.ts";
import { registerLearn } from "./learn/learn.ts";
import { registerReload } from "./reload/reload.ts";
import { registerRun } from "./run/run.ts";
import { fullVersion, isFree } from "./shared/build_info.ts";
import { usualConfig } from "./shared/usual_config.ts";
import { type CommonOptions, EXIT, type ExitCode, type Registration } from "./shared/command.ts";
import { registerToken } from "./token/token.ts";

/** Every command, in the order in which help shows them. */
const COMMANDS: readonly Registration[] = [
  registerRun,
  registerInit,
  registerCheck,
  registerDoctor,
  registerToken,
  registerLearn,
  registerHealth,
  registerReload,
  registerCompletions,
];

/** Runs the command that the arguments name and answers the exit status. `stopping` aborts when the program must end. */
export async function runCommandLine(
  args: readonly string[],
  stopping: AbortSignal,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = commandLine(await usualConfig(), (ended) => code = ended, stopping);
  try {
    await program.parseAsync(withLongFlags(args), { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** Matterbridge writes its flags with one dash, as Go programs do. */
function withLongFlags(args: readonly string[]): string[] {
  return args.map((arg) => arg.replace(/^-(conf|debug|version|help)(?==|$)/, "--$1"));
}

function commandLine(
  usual: string,
  done: (code: ExitCode) => void,
  stopping: AbortSignal,
): Command {
  const program = newProgram()
    .description("Relays chat between Kosmi rooms and IRC channels.")
    .version(fullVersion(), "-v, --version", "print version, commit, Deno and V8")
    .option("--conf <file>", `configuration file (default: ${usual})`, fileName)
    .option("--debug", "enable debug logging")
    .addHelpText("after", help());
  const common = () => {
    const { conf = usual, debug = false } = program.opts<Partial<CommonOptions>>();
    return { conf, debug };
  };
  for (const register of COMMANDS) register({ program, stopping, done, common });
  program.command("version").description("print version, commit, Deno and V8")
    .action(() => void printText(`${fullVersion()}\n`));
  refuseUnknownCommands(program);
  return program;
}

function fileName(given: string): string {
  if (given.trim() === "") throw new InvalidArgumentError("It names no file.");
  return given;
}

function newProgram(): Command {
  return new Command("kosmi-relay")
    .enablePositionalOptions(false)
    .showHelpAfterError("Run kosmi-relay --help for usage.")
    .exitOverride()
    .configureHelp({
      sortSubcommands: false,
      styleTitle: (title) => paint(title, "bold", wantsColour(stdoutIsTerminal())),
    })
    .configureOutput({
      writeOut: printText,
      writeErr: (text) => printErrorLine(text.trimEnd()),
      getOutHasColors: () => wantsColour(stdoutIsTerminal()),
      getErrHasColors: () => wantsColour(stderrIsTerminal()),
    });
}

/** `run` is what happens without a command: a misspelt one would look to it like an argument too many. */
function refuseUnknownCommands(program: Command): void {
  const run = program.commands.find((command) => command.name() === "run");
  run?.allowExcessArguments(true).hook("preAction", (_run, command) => {
    const [unknown] = command.args;
    if (unknown === undefined) return;
    const names = program.commands.map((each) => each.name());
    program.error(`error: unknown command '${unknown}'${didYouMean(unknown, names)}`);
  });
}

function help(): string {
  // The binary may read the configuration that it was built with, and no other.
  const other = isFree()
    ? "\n  kosmi-relay -conf relay.toml                … with another configuration"
    : "";
  return `
Flags may be written with one dash, as Matterbridge has them: -conf FILE, -debug, -version.

Examples:
  kosmi-relay init                            create a configuration
  kosmi-relay check                           check the configuration
  kosmi-relay                                 run the relay${other}
  kosmi-relay doctor                          check everything else that it depends on
  kosmi-relay token status                    show how long the Kosmi logins last
  kosmi-relay health                          check the running relay
  kosmi-relay reload                          reload its configuration

Exit status: 0 done, 1 could not go on, 2 command line or configuration is wrong.`;
}
