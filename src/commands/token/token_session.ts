import { daysLeft } from "../../auth/tokens/token_source.ts";
import { systemClock } from "../../base/clock.ts";
import { formatRfc3339 } from "../../base/times.ts";
import type { Config, KosmiAccountConfig } from "../../config/options/config.ts";
import type { Logging } from "../../log/logging.ts";
import { printErrorLine } from "../../log/terminal.ts";
import { type DataDirectory, DataDirectoryError } from "../../store/files/data_directory.ts";
import type { CommonOptions } from "../shared/command.ts";
import { EXIT, type ExitCode } from "../shared/command.ts";
import { openOurDataDirectory } from "../shared/open_data_directory.ts";
import { loadOrExplain } from "../shared/read_configuration.ts";
import { startOurLogging } from "../shared/start_logging.ts";

/** Which account a token command is for; null: all of them. As configured ("kosmi.movienight") or its name alone. */
export interface TokenOptions extends CommonOptions {
  readonly account: string | null;
}

/** What a token command works with. */
interface TokenSession {
  readonly config: Config;
  readonly logging: Logging;
  readonly data: DataDirectory;
  readonly accounts: readonly KosmiAccountConfig[];
}

/** "expires 2026-11-02T15:56:23Z (in 364 days)". */
export function lifeOf(expiresAtMs: number): string {
  const days = daysLeft(expiresAtMs, systemClock.now());
  return `expires ${formatRfc3339(expiresAtMs)} (in ${days} ${days === 1 ? "day" : "days"})`;
}

/**
 * Reads the configuration, opens the data directory ("look": beside a running relay) and closes it after `work`. What
 * can't be used is said on standard error.
 */
export async function withTokenSession(
  options: TokenOptions,
  access: "own" | "look",
  work: (session: TokenSession) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = await loadOrExplain(options.conf);
  if (loaded === null) return EXIT.usage;
  const { config } = loaded;
  const accounts = chosen(config, options.account);
  if (accounts === null) return EXIT.usage;
  await using logging = await startOurLogging(config, options.debug);
  try {
    await using data = await openOurDataDirectory(logging.logger("store"), access);
    return await work({ config, logging, data, accounts });
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error;
    printErrorLine(error.message);
    if (error.fault === "locked") {
      printErrorLine("A running relay renews its tokens by itself.");
    }
    return EXIT.failed;
  }
}

function chosen(config: Config, wanted: string | null): readonly KosmiAccountConfig[] | null {
  const all = config.accounts.filter((account) => account.protocol === "kosmi");
  if (wanted === null) {
    if (all.length > 0) return all;
    printErrorLine("The configuration has no Kosmi account.");
    return null;
  }
  const found = all.filter(({ id, name }) => id === wanted || name === wanted);
  if (found.length > 0) return found;
  printErrorLine(
    `There is no Kosmi account ${wanted}: there is ${all.map(({ id }) => id).join(", ")}.`,
  );
  return null;
}
