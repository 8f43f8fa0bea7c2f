import { withDeadline } from "../../base/abort.ts";
import { systemClock } from "../../base/clock.ts";
import { describeError, isAbortOf } from "../../base/errors.ts";
import { silentLogger } from "../../base/log.ts";
import type { AccountConfig, Config } from "../../config/options/config.ts";
import { secretsOf } from "../../config/options/secrets.ts";
import type { Logging } from "../../log/logging.ts";
import { Redactor } from "../../log/redactor.ts";
import {
  printErrorLine,
  printLine,
  stdoutIsTerminal,
  terminalColumns,
  wantsColour,
} from "../../log/terminal.ts";
import { type DataDirectory, DataDirectoryError } from "../../store/files/data_directory.ts";
import type { CommonOptions, ExitCode } from "../shared/command.ts";
import { openOurDataDirectory } from "../shared/open_data_directory.ts";
import { catchStrayFaults, startOurLogging } from "../shared/start_logging.ts";
import { checkClock, type DoctorContext } from "./checks.ts";
import { checkApiAccount } from "./api.ts";
import { checkIrcAccount } from "./irc.ts";
import { checkKosmiAccount } from "./kosmi.ts";
import { checkConfiguration, checkDataDirectory, type DataFinding } from "./relay_checks.ts";
import { exitCodeOf, type Report, type Row, RowWriter, Table } from "./rows.ts";

export interface DoctorOptions extends CommonOptions {
  readonly json: boolean;
  /** Log in by browser where no good token is cached. */
  readonly login: boolean;
  /** Say a line in each room and channel, to see whether it is shown. */
  readonly send: boolean;
  /** Tell also what is only good to know. */
  readonly verbose: boolean;
  /** Where to write what a maintainer needs when a service has changed; undefined: nowhere. */
  readonly report?: string;
}

/** One account may take so long; what it has not told by then is told as such. */
const ACCOUNT_MS = 90_000;
const RELAY = "relay";

/** Looks at all that the relay needs, prints what it finds and what to do. Changes nothing, says nothing in chat. */
export async function doctor(options: DoctorOptions, stopping: AbortSignal): Promise<ExitCode> {
  const secrets = new Redactor();
  const rows: Row[] = [];
  const relay = new RowWriter((row) => rows.push(row), RELAY);
  const config = await checkConfiguration(options.conf, relay);
  for (const secret of config === null ? [] : secretsOf(config)) secrets.add(secret);
  const output = outputOf(options, config, secrets, rows);
  const report: Report = (found) => {
    const row = cleaned(found, secrets);
    rows.push(row);
    output.row(row);
  };
  for (const [at, row] of rows.entries()) output.row(rows[at] = cleaned(row, secrets));
  if (config !== null) await examine(config, options, { report, secrets }, stopping);
  output.end();
  return exitCodeOf(rows);
}

interface Output {
  row(row: Row): void;
  end(): void;
}

/** On a terminal rows are shown as they come; for a pipe they are put into the order of the accounts first. */
function outputOf(
  options: DoctorOptions,
  config: Config | null,
  secrets: Redactor,
  rows: readonly Row[],
): Output {
  const terminal = stdoutIsTerminal();
  const subjects = [RELAY, ...(config?.accounts ?? []).map(({ id }) => secrets.text(id))];
  const table = new Table({
    subjects,
    checks: ["data directory"],
    colour: wantsColour(terminal),
    columns: terminal ? terminalColumns() : null,
  });
  const inOrder = () => subjects.flatMap((about) => rows.filter((row) => row.about === about));
  if (options.json) {
    return {
      row: () => {},
      end: () =>
        printLine(JSON.stringify({ exitCode: exitCodeOf(rows), rows: inOrder() }, null, 2)),
    };
  }
  if (terminal) announce(config);
  return {
    row: (row) => {
      if (terminal) printLine(table.line(row));
    },
    end: () => {
      if (!terminal) { for (const row of inOrder()) printLine(table.line(row)); }
      printLine(`\n${table.summary(rows)}`);
    },
  };
}

function announce(config: Config | null): void {
  if (config === null) return;
  printErrorLine(
    "The IRC check uses a nick of its own (your nick + -doctor), which joins the channels briefly.",
  );
}

/** A row without secrets and line breaks. */
export function cleaned(row: Row, secrets: Redactor): Row {
  const text = (value: string) => secrets.text(value.replace(/\s+/g, " ").trim());
  return {
    ...row,
    about: text(row.about),
    check: text(row.check),
    seen: text(row.seen),
    remedy: row.remedy === null ? null : text(row.remedy),
  };
}

async function examine(
  config: Config,
  options: DoctorOptions,
  to: { readonly report: Report; readonly secrets: Redactor },
  stopping: AbortSignal,
): Promise<void> {
  const relay = new RowWriter(to.report, RELAY);
  const found = await checkDataDirectory(relay);
  await using logging = await loggingOf(config, options, to.secrets);
  await using data = await openData(found, options);
  const context: DoctorContext = {
    config,
    data,
    beside: found.beside,
    logging,
    clock: systemClock,
    clocks: [],
    login: options.login,
    send: options.send,
    verbose: options.verbose,
    reports: options.report === undefined ? null : new Map(),
  };
  await checkAccounts(context, to.report, stopping);
  checkClock(context.clocks, relay);
  if (options.report !== undefined && context.reports !== null) {
    await writeReport(options.report, context.reports, relay);
  }
}

/** Writes what a maintainer needs, and shows it first to the person who may send it on. */
async function writeReport(
  file: string,
  reports: ReadonlyMap<string, object>,
  rows: RowWriter,
): Promise<void> {
  const text = `${JSON.stringify([...reports.values()], null, 1)}\n`;
  printErrorLine(text);
  try {
    await Deno.writeTextFile(file, text, { mode: 0o600 });
    rows.ok("report", `written to ${file}: read it (above) before you send it to anybody`);
  } catch (error) {
    rows.broken(
      "report",
      `cannot write ${file}: ${describeError(error)}`,
      "take it from above, or name a file in the data directory",
    );
  }
}

/** Rows for every account of the context's configuration, all at once. */
export async function checkAccounts(
  context: DoctorContext,
  report: Report,
  stopping: AbortSignal,
): Promise<void> {
  const caught = catchStrayFaults(context.logging.logger("doctor"));
  try {
    await Promise.all(
      context.config.accounts.map((account) => checkAccount(account, context, report, stopping)),
    );
  } finally {
    caught.stop();
  }
}

/** With --debug the bridges' own log shows on standard error; else only rows speak. */
export async function loggingOf(
  config: Config,
  options: { readonly debug: boolean },
  redactor: Redactor,
): Promise<Logging> {
  const real = options.debug ? await startOurLogging(config, true) : null;
  return {
    logger: (category) => real?.logger(category) ?? silentLogger,
    secrets: {
      add: (secret) => {
        redactor.add(secret);
        real?.secrets.add(secret);
      },
    },
    redact: (text) => redactor.text(text),
    [Symbol.asyncDispose]: async () => await real?.[Symbol.asyncDispose](),
  };
}

/** Its own only for a login: else a relay that starts meanwhile would find it taken. */
async function openData(
  found: DataFinding,
  { login }: DoctorOptions,
): Promise<DataDirectory | null> {
  if (!found.usable) return null;
  try {
    return await openOurDataDirectory(
      silentLogger,
      login && found.beside === null ? "own" : "look",
    );
  } catch (error) {
    if (error instanceof DataDirectoryError) return null;
    throw error;
  }
}

async function checkAccount(
  account: AccountConfig,
  context: DoctorContext,
  report: Report,
  stopping: AbortSignal,
): Promise<void> {
  let isOver = false;
  // What a check that was given up still tells comes too late to be true.
  const rows = new RowWriter((row) => isOver ? undefined : report(row), account.id);
  const deadline = {
    clock: context.clock,
    signal: stopping,
    limitMs: ACCOUNT_MS,
    action: "finish",
  };
  try {
    await withDeadline(
      deadline,
      (signal) => checkService(account, context, rows, signal),
    );
  } catch (error) {
    const seen = isAbortOf(stopping, error) || stopping.aborted ? "stopped" : describeError(error);
    rows.broken("check", seen, "run the doctor again, with -debug to see more");
  } finally {
    isOver = true;
  }
}

function checkService(
  account: AccountConfig,
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  switch (account.protocol) {
    case "irc":
      return checkIrcAccount(account, context, rows, signal);
    case "kosmi":
      return checkKosmiAccount(account, context, rows, signal);
    case "api":
    case "matterbridge":
      return checkApiAccount(account, context, rows, signal);
  }
}
