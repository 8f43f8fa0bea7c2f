import { systemClock } from "../../base/clock.ts";
import type { AppReading } from "../../bridges/kosmi/learning/read_app.ts";
import { driftOf } from "../../bridges/kosmi/link/drift.ts";
import { isConfigured } from "../../bridges/kosmi/protocol/known_operations.ts";
import { type KosmiProtocol, OPERATION_NAMES } from "../../bridges/kosmi/protocol/protocol.ts";
import { printErrorLine, printLine } from "../../log/terminal.ts";
import { whoHolds } from "../../store/files/lock.ts";
import { protocolOf } from "../setup/kosmi.ts";
import { TokenSources } from "../setup/tokens.ts";
import { type CommonOptions, EXIT, type ExitCode, type Registrar } from "../shared/command.ts";
import { ourDataDirectory } from "../shared/open_data_directory.ts";
import { withTokenSession } from "../token/token_session.ts";

export function registerLearn({ program, common, done, stopping }: Registrar): void {
  const command = program.command("learn")
    .argument("[account]", "only this Kosmi account")
    .description("read in Kosmi's web app how it speaks to the server now")
    .option("--json", "print JSON: everything that was found")
    .addHelpText(
      "after",
      `
Reads the web app's page and scripts (AppURL) without running them, and prints each operation that the relay uses beside what is
built in. What was found is kept in kosmi_protocol.json in the data directory and used from the next start on; a running relay
reads the app by itself when Kosmi refuses what it sends.

Exit status: 0 operations were found, 1 none could be read.

Examples:
  kosmi-relay learn
  kosmi-relay learn --json | jq '.accounts[].others'`,
    );
  command.action(async (account: string | undefined) => {
    const { json = false } = command.opts<{ json?: boolean }>();
    done(await learn({ ...common(), json, account: account ?? null }, stopping));
  });
}

interface LearnOptions extends CommonOptions {
  readonly json: boolean;
  readonly account: string | null;
}

async function learn(options: LearnOptions, stopping: AbortSignal): Promise<ExitCode> {
  const isHeld = await whoHolds(ourDataDirectory()).catch(() => null) !== null;
  return await withTokenSession(options, isHeld ? "look" : "own", async (session) => {
    const { config, data, accounts } = session;
    const sources = new TokenSources(config, { ...session, data, clock: systemClock });
    const found: unknown[] = [];
    let count = 0;
    for (const account of accounts) {
      const { appUrl } = account.options;
      const protocol = protocolOf(account);
      const { readApp } = await import("../../bridges/kosmi/learning/read_app.ts");
      const reading = await readApp({ appUrl, protocol, clock: systemClock }, stopping);
      const app = sources.webApp(account);
      await app.opened();
      app.adopt(reading);
      await app.saved();
      count += Object.keys(reading.operations).length;
      if (options.json) {
        found.push({ account: account.id, appUrl, ...forPrograms(protocol, reading) });
      } else tell(account.id, protocol, reading);
    }
    if (options.json) printLine(JSON.stringify({ accounts: found }, null, 2));
    else if (isHeld) printErrorLine("A relay runs on the data directory: nothing was stored.");
    return count > 0 ? EXIT.ok : EXIT.failed;
  });
}

/** How each of our operations is said, beside what is built in. */
function compared(protocol: KosmiProtocol, reading: AppReading) {
  return OPERATION_NAMES.map((name) => {
    const spec = protocol.operations[name];
    const plan = reading.operations[name] ?? null;
    const drift = plan === null ? null : driftOf(protocol, spec, plan);
    return {
      operation: name,
      builtIn: `${spec.kind} ${spec.names[0]}`,
      configured: isConfigured(protocol, name),
      learned: plan === null ? null : `${plan.kind} ${plan.title} (${plan.field})`,
      differences: drift === null ? [] : [...drift.changes, ...drift.missing],
      document: plan?.text ?? null,
    };
  });
}

function forPrograms(protocol: KosmiProtocol, reading: AppReading) {
  const { v, r, routes, persisted, faults, files, characters } = reading;
  const used = new Set(Object.values(reading.operations).map(({ text }) => text));
  return {
    version: v,
    r,
    routes,
    operations: compared(protocol, reading),
    anonLogin: reading.anonLogin?.text ?? null,
    others: reading.all.filter(({ text }) => !used.has(text)).map(signatureOf),
    persisted,
    read: { files, characters, faults },
  };
}

/** An operation of the app in a form that is short: what it is, and what it takes. */
export function signatureOf({ kind, title, field, variables }: AppReading["all"][number]): string {
  const takes = variables.map(({ name, type }) => `${name}: ${type}`).join(", ");
  return `${kind} ${title === "" ? field : title} { ${field}${takes === "" ? "" : `(${takes})`} }`;
}

function tell(account: string, protocol: KosmiProtocol, reading: AppReading): void {
  const { v, all, persisted, faults, files } = reading;
  printLine(
    `${account}: ${all.length} operations in ${files} files of the web app, version ${
      v ?? "unknown"
    }`,
  );
  for (const fault of faults) printLine(`  ${fault}`);
  if (persisted.length > 0) {
    printLine(`  ${persisted.length} operations stand there only as hashes, which can't be read`);
  }
  for (const row of compared(protocol, reading)) {
    const state = row.learned === null
      ? "not found: as built in"
      : row.configured
      ? `${row.learned}, but the configuration's overrides count`
      : row.differences.length === 0
      ? "as built in"
      : `${row.learned}: ${row.differences.join(", ")}`;
    printLine(`  ${row.operation.padEnd(16)}${state}`);
  }
}
