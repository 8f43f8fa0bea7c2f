import type { Command } from "commander";
import { printErrorLine, printText } from "../log/terminal.ts";
import { EXIT, type Registrar } from "./shared/command.ts";

/** `completions SHELL` */
export function registerCompletions({ program, done }: Registrar): void {
  program.command("completions")
    .description("print a shell completion script")
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

/** A command as a shell completes it. */
interface CommandWords {
  readonly name: string;
  readonly about: string;
  readonly options: readonly {
    readonly name: string;
    readonly about: string;
    readonly takesValue: boolean;
  }[];
  readonly commands: readonly CommandWords[];
}

const SHELLS: readonly string[] = ["bash", "zsh", "fish"];

/** The script for one shell; null for one that is not known. */
function completionScript(shell: string, program: CommandWords): string | null {
  switch (shell) {
    case "bash":
      return bashScript(program);
    case "zsh":
      return zshScript(program);
    case "fish":
      return fishScript(program);
    default:
      return null;
  }
}

/** What may come after each chain of commands: `""`, `"token"`, `"token status"`. */
function places(program: CommandWords): { path: string; words: readonly string[] }[] {
  const shared = program.options.map(({ name }) => name);
  const walk = (command: CommandWords, path: string): { path: string; words: string[] }[] => {
    const own = command.options.map(({ name }) => name);
    const names = command.commands.map(({ name }) => name);
    const inner = command.commands.flatMap((child) => walk(child, `${path} ${child.name}`.trim()));
    return [{ path, words: [...new Set([...names, ...own, ...shared, "--help"])] }, ...inner];
  };
  return walk(program, "");
}

function commandNames(program: CommandWords): string[] {
  return program.commands.flatMap((child) => [child.name, ...commandNames(child)]);
}

function bashScript(program: CommandWords): string {
  const cases = places(program).map(({ path, words }) =>
    `    "${path}") words="${(path === "completions" ? SHELLS : words).join(" ")}" ;;`
  );
  return `# bash completion of kosmi-relay
_kosmi_relay() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words=""
  if [[ $previous == --conf || $previous == -conf ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      ${commandNames(program).join("|")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _kosmi_relay kosmi-relay
`;
}

function zshScript(program: CommandWords): string {
  const cases = places(program).map(({ path, words }) =>
    `    "${path}") choices=(${(path === "completions" ? SHELLS : words).join(" ")}) ;;`
  );
  return `#compdef kosmi-relay
_kosmi_relay() {
  local chain="" word
  local -a choices
  if [[ "\${words[CURRENT-1]}" == (--conf|-conf) ]]; then
    _files
    return
  fi
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in
      ${commandNames(program).join("|")}) chain="\${chain:+$chain }$word" ;;
    esac
  done
  case "$chain" in
${cases.join("\n")}
  esac
  compadd -- "\${choices[@]}"
}
if [[ "\${funcstack[1]}" == _kosmi-relay ]]; then
  _kosmi_relay "$@"
else
  compdef _kosmi_relay kosmi-relay
fi
`;
}

function fishScript(program: CommandWords): string {
  const top = program.commands.map(({ name }) => name).join(" ");
  const lines = ["# fish completion of kosmi-relay", "complete -c kosmi-relay -f"];
  for (const option of program.options) lines.push(fishOption("", option));
  for (const command of program.commands) {
    lines.push(
      `complete -c kosmi-relay -n 'not __fish_seen_subcommand_from ${top}' -a ${command.name}` +
        ` -d ${quoted(command.about)}`,
    );
    const here = `__fish_seen_subcommand_from ${command.name}`;
    for (const option of command.options) lines.push(fishOption(here, option));
    const inner = command.commands.map(({ name }) => name).join(" ");
    for (const child of command.commands) {
      lines.push(
        `complete -c kosmi-relay -n '${here}; and not __fish_seen_subcommand_from ${inner}'` +
          ` -a ${child.name} -d ${quoted(child.about)}`,
      );
      for (const option of child.options) {
        lines.push(fishOption(`${here}; and __fish_seen_subcommand_from ${child.name}`, option));
      }
    }
  }
  lines.push(
    `complete -c kosmi-relay -n '__fish_seen_subcommand_from completions' -a '${SHELLS.join(" ")}'`,
  );
  return `${lines.join("\n")}\n`;
}

function fishOption(
  condition: string,
  option: CommandWords["options"][number],
): string {
  const where = condition === "" ? "" : ` -n '${condition}'`;
  const value = option.takesValue ? option.name === "--conf" ? " -r -F" : " -x" : "";
  return `complete -c kosmi-relay${where} -l ${option.name.slice(2)}${value} -d ${
    quoted(option.about)
  }`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
