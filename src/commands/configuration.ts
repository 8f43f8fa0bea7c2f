import { type Fault, formatFault, loadConfig } from "../config/load.ts";
import { readConfigFile } from "../config/read_config_file.ts";
import type { Config } from "../config/types.ts";
import { printErrorLine } from "../observability/terminal.ts";
import { mayRead, refusal } from "./refusal.ts";

/** A configuration that holds, with what a person should know of it all the same. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly Fault[];
}

/** Reads and checks the configuration. Prints every fault and answers null when it does not hold. */
export async function loadOrExplain(file: string): Promise<LoadedConfig | null> {
  if (!await mayRead(file)) {
    printErrorLine(refusal({ kind: "config", path: file }));
    return null;
  }
  const source = await readConfigFile(file);
  if ("fault" in source) {
    printErrorLine(source.fault);
    return null;
  }
  const { config, faults, warnings } = loadConfig({
    text: source.text,
    file,
    env: Deno.env.toObject(),
  });
  for (const fault of faults) printErrorLine(formatFault(fault));
  if (config === null || faults.length > 0) {
    // A misspelt key is often the reason for what is missing.
    for (const warning of warnings) printErrorLine(`warning: ${formatFault(warning)}`);
    const found = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    printErrorLine(`${file} can't be used: ${found}. Nothing was started.`);
    return null;
  }
  return { config, warnings };
}
