import { systemClock } from "../../base/clock.ts";
import { silentLogger } from "../../base/log.ts";
import { printErrorLine, printLine } from "../../log/terminal.ts";
import { type DataDirectory, DataDirectoryError } from "../../store/files/data_directory.ts";
import { EXIT, type ExitCode, type Registrar } from "../shared/command.ts";
import { openOurDataDirectory } from "../shared/open_data_directory.ts";
import { decodeHealth, HEALTH_FILE, judgeHealth } from "./health_record.ts";

const MAX_BYTES = 1024 * 1024;

export function registerHealth({ program, done }: Registrar): void {
  program.command("health")
    .description("check the health of the running relay")
    .addHelpText(
      "after",
      `
Reads only the data directory of that relay. For health checks of containers and monitoring.

Exit status: 0 every account is connected and in its channels, or has been away for less than a minute; 1 not so, or no
relay runs there.

Example:
  kosmi-relay health || echo "the relay does not relay"`,
    )
    .action(async () => done(await health()));
}

/** Tells how the relay stands that runs on our data directory. Connects nowhere and changes nothing. */
async function health(): Promise<ExitCode> {
  try {
    await using data = await openOurDataDirectory(silentLogger, "look");
    const bytes = await data.read(HEALTH_FILE, MAX_BYTES);
    const record = bytes === null ? null : decodeHealth(bytes);
    if (record === null) {
      printErrorLine(`No relay runs on ${data.path}${elsewhere(data.path)}.`);
      return EXIT.failed;
    }
    const verdict = judgeHealth(record, await beatOf(data), systemClock.now());
    for (const line of verdict.lines) (verdict.healthy ? printLine : printErrorLine)(line);
    return verdict.healthy ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error;
    printErrorLine(error.message);
    return EXIT.failed;
  }
}

async function beatOf(data: DataDirectory): Promise<number> {
  const { mtime } = await Deno.stat(`${data.path}/${HEALTH_FILE}`);
  return mtime?.getTime() ?? 0;
}

/** The folder counts from where this command is run. */
function elsewhere(path: string): string {
  return path.startsWith("/")
    ? ""
    : ": run this in the folder where the relay was started (of the systemd service: /var/lib/kosmi-relay)";
}
