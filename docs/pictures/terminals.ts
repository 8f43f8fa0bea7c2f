import { startIrcServer } from "../../tests/sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../../tests/sandbox/kosmi/mod.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { Recording, type RecordingOptions } from "./terminal.ts";
import { terminalSvg } from "./terminal_svg.ts";

const SIZE = { columns: 100, rows: 44 };
const SHOWN = {
  init: "kosmi-relay init asks five questions, tests the answers and writes a configuration",
  doctor: "kosmi-relay doctor checks everything the relay depends on and says how to fix a problem",
  check: "kosmi-relay check names each error of a configuration with its line",
};
/** The prompt behind the output of a command. */
const PROMPT_AGAIN = /\n\$\n*$/;
const FAULTY = `[irc.libera]
Server = "irc.libera.chat"
UseTLS = true
Nick = "movie relay"
MesageDelay = 1300

[kosmi.movienight]
RoomURL = "https://app.kosmi.io/room/"

[[gateway]]
name = "movienight"
enable = true
inout = [
  { account = "irc.libera", channel = "cinema" },
  { account = "kosmi.movienigth", channel = "main" },
]
`;

/** The compiled relay in a terminal: `init`, `doctor` with a problem, `check` with errors. */
export async function drawTerminals(folder: string, binary: string): Promise<void> {
  await using irc = await startIrcServer({ network: "Example" });
  await using kosmi = await startKosmi({ rooms: [{ id: "@movienight", name: "Movie Night" }] });
  await using dir = await tempDir("terminal-");
  await Deno.symlink(binary, dir.file("kosmi-relay"));
  const variable = "MATTERBRIDGE_KOSMI_ROOM";
  const env = {
    [`${variable}_APPURL`]: kosmi.appUrl,
    [`${variable}_HTTPENDPOINT`]: kosmi.httpEndpoint,
    [`${variable}_WSENDPOINT`]: kosmi.wsEndpoint,
    [`${variable}_IMAGEENDPOINT`]: kosmi.imageEndpoint,
  };
  await draw("init", { ...SIZE, cwd: dir.path, env, file: `${folder}/init.svg` }, async (terminal) => {
    const answers = [
      [/IRC server .*: *$/m, `localhost:${irc.port}`],
      [/nick there: *$/m, "movie-relay"],
      [/IRC channel .*: *$/m, "#cinema"],
      [/Kosmi room.*: *$/m, "@movienight"],
      [/[Ee]-?mail .*: *$/m, ""],
      [/\[Y\/n\] *$/m, "y"],
    ] as const;
    for (const [question, answer] of answers) {
      await terminal.see(question);
      await terminal.type(answer);
    }
  });
  irc.faults.refuseJoins.set("#cinema", "474");
  await draw("doctor", { ...SIZE, cwd: dir.path, env, file: `${folder}/doctor.svg` });

  await using faulty = await tempDir("terminal-");
  await Deno.symlink(binary, faulty.file("kosmi-relay"));
  await Deno.writeTextFile(faulty.file("matterbridge.toml"), FAULTY);
  await draw("check", { ...SIZE, cwd: faulty.path, file: `${folder}/check.svg` });
}

/** Runs a command of the relay and draws the terminal when the prompt is back. */
async function draw(
  command: keyof typeof SHOWN,
  options: RecordingOptions & { file: string },
  answer?: (terminal: Recording) => Promise<void>,
): Promise<void> {
  await using terminal = await Recording.start(options);
  await terminal.type(`./kosmi-relay ${command}`);
  await answer?.(terminal);
  await terminal.see(PROMPT_AGAIN);
  const lines = (await terminal.lines()).slice(0, -1);
  const picture = { columns: SIZE.columns, title: `kosmi-relay ${command}`, description: SHOWN[command] };
  await Deno.writeTextFile(options.file, terminalSvg(lines, picture));
}
