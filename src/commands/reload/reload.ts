import { systemClock } from "../../base/clock.ts";
import { silentLogger } from "../../base/log.ts";
import { printErrorLine, printLine } from "../../log/terminal.ts";
import { type DataDirectory, DataDirectoryError } from "../../store/files/data_directory.ts";
import { whoHolds } from "../../store/files/lock.ts";
import { EXIT, type ExitCode, type Registrar } from "../shared/command.ts";
import { openOurDataDirectory } from "../shared/open_data_directory.ts";
import { askForReload, readAnswer, type ReloadAnswer, withdrawReload } from "./reload_request.ts";

const LOOK_EVERY_MS = 100;
const LONGEST_MS = 60_000;

export function registerReload({ program, done, stopping }: Registrar): void {
  program.command("reload")
    .description("reload the running relay's configuration")
    .addHelpText(
      "after",
      `
Accounts whose settings did not change keep their connection. A faulty configuration is refused, and the relay goes on with
the old one. kill -HUP does the same; what came of it then stands in the log.

Exit status: 0 in effect, 1 refused, or no relay runs there.

Example:
  kosmi-relay check && kosmi-relay reload`,
    )
    .action(async () => done(await reload(stopping)));
}

/** Asks the running relay through the data directory, and prints what came of it. */
async function reload(stopping: AbortSignal): Promise<ExitCode> {
  try {
    await using data = await openOurDataDirectory(silentLogger, "look");
    if (await whoHolds(data.path) === null) {
      printErrorLine(`No relay runs on ${data.path}.`);
      return EXIT.failed;
    }
    return tell(await ask(data, stopping));
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error;
    printErrorLine(error.message);
    return EXIT.failed;
  }
}

async function ask(data: DataDirectory, stopping: AbortSignal): Promise<ReloadAnswer | null> {
  const id = await askForReload(data);
  try {
    const untilMs = systemClock.monotonic() + LONGEST_MS;
    while (!stopping.aborted && systemClock.monotonic() < untilMs) {
      const answer = await readAnswer(data, id);
      if (answer !== null) return answer;
      await systemClock.sleep(LOOK_EVERY_MS, stopping).catch(() => {});
    }
    return null;
  } finally {
    await withdrawReload(data);
  }
}

function tell(answer: ReloadAnswer | null): ExitCode {
  if (answer === null) {
    printErrorLine(
      `The relay did not answer within ${LONGEST_MS / 1000} s. See its log, or send SIGHUP.`,
    );
    return EXIT.failed;
  }
  for (const line of answer.lines) (answer.ok ? printLine : printErrorLine)(line);
  if (answer.ok) printLine("The configuration was read again and is in effect.");
  else printErrorLine("Refused: the relay goes on with the old configuration.");
  return answer.ok ? EXIT.ok : EXIT.failed;
}
