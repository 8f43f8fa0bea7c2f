import { daysLeft } from "../auth/token_age.ts";
import { systemClock } from "../base/clock.ts";
import type { Config, KosmiAccountConfig } from "../config/types.ts";
import type { Logging } from "../observability/logging.ts";
import { printErrorLine } from "../observability/terminal.ts";
import { type DataDirectory, DataDirectoryError } from "../store/data_directory.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import type { CommonOptions } from "./command_line.ts";
import { loadOrExplain } from "./configuration.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { openOurDataDirectory } from "./our_data_directory.ts";
import { startOurLogging } from "./our_logging.ts";

/** Which account a token command is for; null: all of them. As configured ("kosmi.movienight") or its name alone. */
export interface TokenOptions extends CommonOptions {
  readonly account: string | null;
}

/** What a token command works with. */
export interface TokenSession {
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
