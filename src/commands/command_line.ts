import { Command, CommanderError } from "commander";
import { printErrorLine, printText } from "../observability/terminal.ts";
import { check } from "./check.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { run } from "./run.ts";
import { tokenClear, tokenImport, tokenRefresh, tokenStatus } from "./token.ts";
import { VERSION } from "./version.ts";

/** Options of every command. */
export interface CommonOptions {
  readonly conf: string;
  readonly debug: boolean;
}

/** Runs the command that the arguments name and answers the exit status. `stopping` aborts when the program must end. */
export async function runCommandLine(
  args: readonly string[],
  stopping: AbortSignal,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = commandLine((ended) => code = ended, stopping);
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
  return args.map((arg) => arg.replace(/^-(conf|debug|version)(?==|$)/, "--$1"));
}

function commandLine(done: (code: ExitCode) => void, stopping: AbortSignal): Command {
  const program = new Command("kosmi-relay")
    .description("Relays chat between Kosmi rooms and IRC channels.")
    .version(VERSION, "--version", "print the version")
    .option("--conf <file>", "configuration file", "matterbridge.toml")
    .option("--debug", "log everything that may help to find a fault", false)
    .enablePositionalOptions(false)
    .showHelpAfterError("(kosmi-relay --help shows what there is)")
    .exitOverride()
    .configureOutput({ writeOut: printText, writeErr: (text) => printErrorLine(text.trimEnd()) });
  program.command("run", { isDefault: true })
    .description("relay until stopped (this is what happens without a command)")
    .action(async () => done(await run(common(program), stopping)));
  program.command("check")
    .description("say what is wrong with the configuration, without connecting anywhere")
    .action(async () => done(await check(common(program))));
  addTokenCommands(program, done, stopping);
  program.addHelpText(
    "after",
    `
Flags may be written with one dash, as Matterbridge has them: -conf FILE, -debug, -version.

Examples:
  kosmi-relay                                 relay as ./matterbridge.toml says
  kosmi-relay -conf /etc/kosmi-relay.toml     … as another file says
  kosmi-relay check                           look for faults in ./matterbridge.toml
  kosmi-relay token status                    how long the Kosmi logins last

Exit status: 0 done, 1 could not go on, 2 command line or configuration is wrong.`,
  );
  return program;
}

function addTokenCommands(
  program: Command,
  done: (code: ExitCode) => void,
  stopping: AbortSignal,
): void {
  const token = program.command("token").description("look at and change the cached Kosmi tokens");
  const add = (name: string, description: string) =>
    token.command(name).description(description)
      .option("--account <account>", "only this account, such as kosmi.movienight");
  const options = (command: Command) => ({
    ...common(program),
    account: command.opts<{ account?: string }>().account ?? null,
  });
  const status = add("status", "tell whose the tokens are and when they expire; never the token")
    .option("--json", "for programs", false);
  status.action(async () =>
    done(await tokenStatus({ ...options(status), json: status.opts<{ json: boolean }>().json }))
  );
  const refresh = add("refresh", "log in now and cache the new token");
  refresh.action(async () => done(await tokenRefresh(options(refresh), stopping)));
  const clear = add("clear", "forget the cached token: the next start logs in");
  clear.action(async () => done(await tokenClear(options(clear))));
  const fromInput = add("import", "cache a token that is read from standard input");
  fromInput.action(async () => done(await tokenImport(options(fromInput))));
}

function common(program: Command): CommonOptions {
  const { conf, debug } = program.opts<CommonOptions>();
  return { conf, debug };
}
