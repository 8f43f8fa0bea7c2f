import { formatFault } from "../../config/fault.ts";
import type { Config } from "../../config/types.ts";
import { readConfiguration } from "../configuration.ts";
import type { RowWriter } from "./row.ts";

/** Does the configuration hold? One row for each fault; null when it does not hold. */
export async function checkConfiguration(file: string, rows: RowWriter): Promise<Config | null> {
  const check = "configuration";
  const reading = await readConfiguration(file);
  for (const warning of reading.warnings) {
    rows.warn(check, formatFault(warning), "correct the line, or take it out");
  }
  if (!reading.ok) {
    for (const fault of reading.faults) {
      rows.broken(
        check,
        formatFault(fault),
        `correct ${file} (kosmi-relay check tells all faults)`,
      );
    }
    return null;
  }
  const { accounts, gateways } = reading.config;
  rows.ok(check, `${file} holds: accounts ${accounts.length}, gateways ${gateways.length}`);
  await checkPrivacy(file, rows);
  return reading.config;
}

/** It may hold passwords. */
async function checkPrivacy(file: string, rows: RowWriter): Promise<void> {
  const mode = await Deno.stat(file).then((info) => info.mode, () => null);
  if (mode === null || (mode & 0o004) === 0) return;
  const text = await Deno.readTextFile(file).catch(() => "");
  if (!/^\s*(?:\w*password|token)\s*=\s*["'][^"']/im.test(text)) return;
  rows.warn(
    "configuration",
    `${file} holds a password or token, and every user of this machine may read it`,
    `chmod 600 ${file}`,
  );
}
