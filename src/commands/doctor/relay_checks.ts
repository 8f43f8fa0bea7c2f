import { describeError } from "../../base/errors.ts";
import { silentLogger } from "../../base/log.ts";
import { formatFault } from "../../config/file/fault.ts";
import type { Config } from "../../config/options/config.ts";
import { DataDirectoryError } from "../../store/files/data_directory.ts";
import { octal } from "../../store/files/data_directory_error.ts";
import { openOurDataDirectory, ourDataDirectory } from "../shared/open_data_directory.ts";
import { readConfiguration } from "../shared/read_configuration.ts";
import { adviceOf } from "./checks.ts";
import type { RowWriter } from "./rows.ts";

/** Does the configuration hold? One row for each fault; null when it does not hold. */
export async function checkConfiguration(file: string, rows: RowWriter): Promise<Config | null> {
  const check = "configuration";
  const reading = await readConfiguration(file);
  if (reading.ok) {
    const { accounts, gateways } = reading.config;
    rows.ok(check, `${file} is valid: accounts ${accounts.length}, gateways ${gateways.length}`);
  }
  for (const warning of reading.warnings) {
    rows.warn(check, formatFault(warning), "correct the line, or take it out");
  }
  if (reading.ok) return reading.config;
  const remedy = `correct ${file} (kosmi-relay check tells all faults)`;
  for (const fault of reading.faults) rows.broken(check, formatFault(fault), remedy);
  return null;
}

export interface DataFinding {
  /** False: nothing can be stored or read there. */
  readonly usable: boolean;
  /** Set when a relay runs on it. */
  readonly beside: { readonly pid: number | null } | null;
}

const PROBE = "doctor-probe";
const LOCKED_BY = /the process with pid (\d+)/;

/** Is the data directory there, private, and can it be written? Beside a running relay it only looks. */
export async function checkDataDirectory(rows: RowWriter): Promise<DataFinding> {
  const path = ourDataDirectory();
  // First of all: opening the folder as the relay does narrows what is too wide.
  const modes = await modesOf(path);
  const finding = await tryToWrite(path, rows);
  if (finding.usable) tellModes(path, modes, finding, rows);
  return finding;
}

async function tryToWrite(path: string, rows: RowWriter): Promise<DataFinding> {
  const check = "data directory";
  try {
    await using data = await openOurDataDirectory(silentLogger);
    if (!data.writable) {
      rows.broken(
        check,
        `${path} can't be written or locked: after a restart messages would be lost, and each start would log in anew`,
        `make it writable for this user: chown -R and chmod u+rwX ${path}`,
      );
      return { usable: true, beside: null };
    }
    await data.write(PROBE, new Uint8Array(4_096));
    await data.remove(PROBE);
    rows.ok(check, `${path} can be written`);
    return { usable: true, beside: null };
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error;
    if (error.fault !== "locked") {
      const { seen, remedy } = adviceOf(error, "make the folder usable for this user");
      rows.broken(check, seen, remedy);
      return { usable: false, beside: null };
    }
    const pid = LOCKED_BY.exec(error.message)?.[1];
    const who = pid === undefined ? "a running relay" : `the running relay (pid ${pid})`;
    rows.ok(check, `${path} is in use by ${who}: checked read-only`);
    return { usable: true, beside: { pid: pid === undefined ? null : Number(pid) } };
  }
}

interface Modes {
  readonly folder: number | null;
  /** Files that others than their owner may read. */
  readonly open: readonly { readonly name: string; readonly mode: number }[];
}

async function modesOf(path: string): Promise<Modes> {
  const open: { name: string; mode: number }[] = [];
  try {
    const folder = await Deno.stat(path);
    for await (const entry of Deno.readDir(path)) {
      if (!entry.isFile) continue;
      const { mode } = await Deno.lstat(`${path}/${entry.name}`);
      if (mode !== null && (mode & 0o077) !== 0) open.push({ name: entry.name, mode });
    }
    return { folder: folder.mode, open };
  } catch (error) {
    // What can't be looked at is told by the attempt to use it.
    if (error instanceof TypeError) throw new Error(describeError(error), { cause: error });
    return { folder: null, open };
  }
}

function tellModes(path: string, modes: Modes, finding: DataFinding, rows: RowWriter): void {
  const check = "privacy";
  const { folder, open } = modes;
  const secret = open.filter(({ name }) => /token|\.db/.test(name));
  if (secret.length > 0) {
    const list = secret.map(({ name, mode }) => `${name} (mode ${octal(mode)})`).join(", ");
    const done = finding.beside === null ? "; the relay narrows them when it starts" : "";
    return rows.warn(
      check,
      `other users of this machine may read ${list}${done}`,
      `chmod 600 ${
        secret.map(({ name }) => `${path}/${name}`).join(" ")
      }, and if others were here: kosmi-relay token refresh`,
    );
  }
  if (folder !== null && (folder & 0o022) !== 0) {
    return rows.warn(
      check,
      `other users can write into ${path} (mode ${octal(folder)})`,
      `chmod 700 ${path}`,
    );
  }
  rows.ok(check, "tokens and messages can be read by their owner only");
}
