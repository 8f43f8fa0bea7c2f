import type { Command } from "commander";
import { printErrorLine, printText } from "../observability/terminal.ts";
import { type CommandWords, completionScript, SHELLS } from "./completion_scripts.ts";
import { EXIT } from "./exit_code.ts";
import type { Registrar } from "./registration.ts";

/** `completions SHELL` */
export function registerCompletions({ program, done }: Registrar): void {
  program.command("completions")
    .description("print what makes a shell complete this program's commands and options")
    .argument("<shell>", SHELLS.join(", "))
    .addHelpText(
      "after",
      `
Examples:
  kosmi-relay completions bash > ~/.local/share/bash-completion/completions/kosmi-relay
  kosmi-relay completions zsh > ~/.zfunc/_kosmi-relay       with fpath+=~/.zfunc before compinit in ~/.zshrc
  kosmi-relay completions fish > ~/.config/fish/completions/kosmi-relay.fish`,
    )
    .action((shell: string) => {
      const script = completionScript(shell, wordsOf(program));
      if (script === null) {
        printErrorLine(`error: unknown shell '${shell}': there are ${SHELLS.join(", ")}`);
        return done(EXIT.usage);
      }
      printText(script);
      done(EXIT.ok);
    });
}

function wordsOf(command: Command): CommandWords {
  return {
    name: command.name(),
    about: command.description(),
    options: command.options.flatMap(({ long, description, required }) =>
      typeof long === "string" ? [{ name: long, about: description, takesValue: required }] : []
    ),
    commands: command.commands.map(wordsOf),
  };
}
