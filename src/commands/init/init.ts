import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import { formatFault, loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/options/config.ts";
import { secretsOf } from "../../config/options/secrets.ts";
import { Redactor } from "../../log/redactor.ts";
import {
  printErrorLine,
  printLine,
  stdinIsTerminal,
  stdoutIsTerminal,
  terminalColumns,
  wantsColour,
} from "../../log/terminal.ts";
import { Asker, AskingEndedError } from "../shared/ask.ts";
import { buildInfo, isFree, programName } from "../shared/build_info.ts";
import { type CommonOptions, EXIT, type ExitCode, type Registrar } from "../shared/command.ts";
import { ourDataDirectory } from "../shared/open_data_directory.ts";
import { CHANNEL_RULES } from "../shared/read_configuration.ts";
import { LOCAL_CONFIG, PLAIN_CONFIG } from "../shared/usual_config.ts";
import { askForAnswers, configText } from "./answers.ts";

export function registerInit({ program, common, done, stopping }: Registrar): void {
  program.command("init")
    .description("create a configuration interactively")
    .addHelpText(
      "after",
      `
Writes a configuration that you alone can read, where the relay finds it: matterbridge.toml; beside the sample of that
name matterbridge.local.toml, which git ignores; ${
        isFree() ? "" : "this program: "
      }matterbridge.toml in the data directory${isFree() ? " for the compiled program" : ""}.
Never overwrites a file. On request it tests your answers against the servers first, without saying anything there.

Example:
  kosmi-relay init`,
    )
    .action(async () => {
      const { conf = null } = program.opts<{ conf?: string }>();
      done(await init(conf, common(), stopping));
    });
}

/** Asks, tests if wanted, writes. Nothing is written before all questions are answered. */
async function init(
  named: string | null,
  options: CommonOptions,
  stopping: AbortSignal,
): Promise<ExitCode> {
  const target = await targetOf(named);
  const there = await whatIsThere(named, target);
  if (there !== null) {
    const another = isFree() ? ", or name another with -conf FILE" : "";
    printErrorLine(
      `${there} already exists. Move it away${another}.`,
    );
    return EXIT.usage;
  }
  if (!stdinIsTerminal() || !stdoutIsTerminal()) {
    printErrorLine(
      "init asks questions and needs a terminal. Without one, copy the sample matterbridge.toml and change what is " +
        `marked there, then run: ${programName()} check`,
    );
    return EXIT.usage;
  }
  try {
    return await converse(named, options, target, stopping);
  } catch (error) {
    if (!(error instanceof AskingEndedError)) throw error;
    printErrorLine("\nNothing was written.");
    return EXIT.failed;
  }
}

async function converse(
  named: string | null,
  options: CommonOptions,
  target: string,
  stopping: AbortSignal,
): Promise<ExitCode> {
  const asker = new Asker(stopping);
  const text = configText(await askForAnswers(asker));
  const { config, faults } = await loadConfig({
    text,
    file: target,
    env: Deno.env.toObject(),
    channels: CHANNEL_RULES,
  });
  for (const fault of faults) printErrorLine(formatFault(fault));
  if (config === null) return EXIT.failed;
  const wantsTest = await asker.yes(
    "\nTest these settings now? This connects to both services but sends no message.",
    true,
  );
  if (wantsTest && !await test(config, options, stopping)) {
    if (stopping.aborted) throw new AskingEndedError("stopped");
    if (!await asker.yes("\nWrite the file anyway?", false)) {
      throw new AskingEndedError("not wanted");
    }
  }
  return await write(named, target, text);
}

/** True when nothing is broken. Only warnings, such as that no token is cached yet, are no reason to stop. */
async function test(
  config: Config,
  options: CommonOptions,
  stopping: AbortSignal,
): Promise<boolean> {
  const { checkAccounts, cleaned, loggingOf } = await import("../doctor/doctor.ts");
  const { Table } = await import("../doctor/rows.ts");
  const secrets = new Redactor();
  for (const secret of secretsOf(config)) secrets.add(secret);
  const subjects = config.accounts.map(({ id }) => id);
  const table = new Table({
    subjects,
    checks: [],
    colour: wantsColour(true),
    columns: terminalColumns(),
  });
  let isBroken = false;
  await using logging = await loggingOf(config, options, secrets);
  const context = { config, data: null, beside: null, logging, clock: systemClock, clocks: [] };
  await checkAccounts(
    { ...context, login: false, send: false, verbose: false, reports: null },
    (found) => {
      isBroken ||= found.state === "broken";
      printLine(table.line(cleaned(found, secrets)));
    },
    stopping,
  );
  return !isBroken;
}

/** Where the relay finds it: the binary may write into its data directory alone, and git must not see a secret. */
async function targetOf(named: string | null): Promise<string> {
  const wanted = named ?? buildInfo().config ?? PLAIN_CONFIG;
  const { state } = await Deno.permissions.query({ name: "write", path: wanted });
  if (state !== "granted") return `${ourDataDirectory()}/${PLAIN_CONFIG}`;
  return named === null && await isSample(wanted) ? LOCAL_CONFIG : wanted;
}

/** What keeps us from writing: the file itself, or another one that the relay would read in its place. */
async function whatIsThere(named: string | null, target: string): Promise<string | null> {
  if (await exists(target)) return target;
  if (named !== null) return await exists(named) ? named : null;
  if (await exists(LOCAL_CONFIG)) return LOCAL_CONFIG;
  const plain = buildInfo().config ?? PLAIN_CONFIG;
  return await exists(plain) && !await isSample(plain) ? plain : null;
}

/** Whether it is the sample of the repository, with nothing filled in. */
async function isSample(path: string): Promise<boolean> {
  return await Deno.readTextFile(path).then(
    (text) => /^RoomURL = ".*@your-room"$/m.test(text),
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => !isMissing(error));
}

/** What we may not look at is taken to be there: nothing is overwritten. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

async function write(named: string | null, target: string, text: string): Promise<ExitCode> {
  try {
    if (target.startsWith(`${ourDataDirectory()}/`)) {
      await Deno.mkdir(ourDataDirectory(), { recursive: true, mode: 0o700 });
    }
    await Deno.writeTextFile(target, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    printErrorLine(`Cannot write ${target}: ${describeError(error)}. Nothing was written.`);
    return EXIT.failed;
  }
  printLine(`\nWrote ${target} (readable only by you).`);
  const built = buildInfo().config;
  const isFound = named === null && (built === null || built === PLAIN_CONFIG);
  const wanted = named ?? built ?? PLAIN_CONFIG;
  if (!isFound && target !== wanted) {
    printLine(`This program may write only there. Move it: mv ${target} ${wanted}`);
  }
  const conf = isFound || wanted === built ? "" : ` -conf ${wanted}`;
  printLine(`Start the relay with: ${programName()}${conf}`);
  return EXIT.ok;
}
