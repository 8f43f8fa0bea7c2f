import type { Registrar } from "../shared/command.ts";
import type { DoctorOptions } from "./doctor.ts";

export function registerDoctor({ program, common, done, stopping }: Registrar): void {
  const command = program.command("doctor")
    .description("check everything the relay depends on and suggest fixes")
    .option("--json", "print JSON")
    .option("--login", "log in by browser where no good token is cached")
    .option("--verbose", "tell also what Kosmi's web app has that the relay does not use")
    .option(
      "--report <file>",
      "write what a maintainer needs when Kosmi has changed: no text, name, id, token or address",
    )
    .option("--send", "say a line in every room and channel, to see whether it is shown")
    .addHelpText(
      "after",
      `
Checks the configuration, the data directory, each IRC server (as a nick of its own: yours + -doctor) and each Kosmi
account. Works beside a running relay. Without --send nothing is said in chat; without --login nobody is logged in.

Exit status: 0 all is well, 1 warnings, 2 something is broken.

Examples:
  kosmi-relay doctor
  kosmi-relay doctor --report kosmi.json
  kosmi-relay doctor --json | jq '.rows[] | select(.state == "broken")'`,
    );
  command.action(async () => {
    const { doctor } = await import("./doctor.ts");
    const asked = command.opts<Partial<DoctorOptions>>();
    const off = { json: false, login: false, send: false, verbose: false };
    done(await doctor({ ...common(), ...off, ...asked }, stopping));
  });
}
