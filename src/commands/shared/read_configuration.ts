import { readConfigFile } from "../../config/file/read_config_file.ts";
import { channelIdOf } from "../../bridges/irc/channels/channel_name.ts";
import { roomIdOf } from "../../bridges/kosmi/room/room_id.ts";
import { type ChannelRules, type Fault, formatFault, loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/options/config.ts";
import { secretsOf } from "../../config/options/secrets.ts";
import { printErrorLine } from "../../log/terminal.ts";
import { isFree, programName } from "./build_info.ts";
import { foreignFileHint, mayRead, refusal } from "./refusal.ts";

/** A configuration that holds, with what a person should know of it all the same. */
interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly Fault[];
}

/** What came of reading a configuration: it holds, or every fault of it. */
type ConfigReading =
  | ({ readonly ok: true } & LoadedConfig)
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings: readonly Fault[] };

/** What a channel is, only its bridge knows. */
export const CHANNEL_RULES: ChannelRules = { irc: channelIdOf, kosmi: roomIdOf };

/** Reads and checks the configuration. Never throws. */
export async function readConfiguration(file: string): Promise<ConfigReading> {
  const failed = (message: string) => {
    // The sentence names the file already.
    const fault = { file: "", line: null, key: "", message };
    return { ok: false, faults: [fault], warnings: [] } as const;
  };
  if (!await mayRead(file)) return failed(refusal({ kind: "config", path: file }).message);
  const source = await readConfigFile(file);
  if ("fault" in source) return failed(source.fault + await hintFor(file));
  const env = Deno.env.toObject();
  const { text } = source;
  const loaded = await loadConfig({ text, file, env, channels: CHANNEL_RULES });
  const { config, faults, warnings } = loaded;
  if (config !== null && faults.length === 0) {
    return {
      ok: true,
      config,
      warnings: [...await warnOfReaders(file, text, config), ...warnings],
    };
  }
  return { ok: false, faults, warnings };
}

/** What to do about a file that can't be read, as the end of a sentence. */
async function hintFor(file: string): Promise<string> {
  const info = await Deno.stat(file).catch((error) => error);
  if (info instanceof Deno.errors.NotFound) {
    const another = isFree() ? ", or name another with -conf FILE" : "";
    return `: ${programName()} init writes one${another}`;
  }
  return await foreignFileHint(file);
}

/** Others on this machine may read the file, and with it the secrets that stand in it. */
async function warnOfReaders(file: string, text: string, config: Config): Promise<Fault[]> {
  const mode = await Deno.stat(file).then((info) => info.mode, () => null);
  if (mode === null || (mode & 0o077) === 0) return [];
  if (!secretsOf(config).some((secret) => text.includes(secret))) return [];
  const message =
    `others on this machine can read it, and a secret stands in it: chmod 600 ${file}`;
  return [{ file, line: null, key: "", message }];
}

/** Reads and checks the configuration. Prints every fault and answers null when it does not hold. */
export async function loadOrExplain(file: string): Promise<LoadedConfig | null> {
  const reading = await readConfiguration(file);
  if (reading.ok) return reading;
  for (const fault of reading.faults) printErrorLine(formatFault(fault));
  // A misspelt key is often the reason for what is missing.
  for (const warning of reading.warnings) printErrorLine(`warning: ${formatFault(warning)}`);
  const { length } = reading.faults;
  const found = length === 1 ? "1 fault" : `${length} faults`;
  printErrorLine(`${file} has errors: ${found}. The relay was not started.`);
  return null;
}
