import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { formatFault } from "../../config/file/fault.ts";
import type { Config } from "../../config/options/config.ts";
import type { Logging } from "../../log/logging.ts";
import { Relay } from "../../relay/relay.ts";
import { type DataDirectory, DataDirectoryError } from "../../store/files/data_directory.ts";
import { openRelayStore } from "../../store/sqlite/sqlite_store.ts";
import { keepHeartbeat } from "../health/heartbeat.ts";
import { serviceManager } from "../health/service_manager.ts";
import { watchForReloads } from "../reload/reload_watch.ts";
import { SetupError } from "../setup/accounts.ts";
import { setUpStatus } from "../setup/status.ts";
import { VERSION } from "../shared/build_info.ts";
import { type CommonOptions, EXIT, type ExitCode, type Registrar } from "../shared/command.ts";
import { openOurDataDirectory } from "../shared/open_data_directory.ts";
import { loadOrExplain } from "../shared/read_configuration.ts";
import { catchStrayFaults, startOurLogging } from "../shared/start_logging.ts";
import { keepHeapSmall } from "./heap_keeper.ts";
import { LiveConfig } from "./live_config.ts";

/** Message links and the ids of known messages are kept for a week: later edits and replies find no target. */
const KEEP_LINKS_MS = 7 * 86_400_000;
const STORE_FILE = "kosmi-relay.db";

export function registerRun({ program, common, done, stopping }: Registrar): void {
  program.command("run", { isDefault: true })
    .description("run the relay (default)")
    .addHelpText(
      "after",
      "\nExamples:\n  kosmi-relay run\n  kosmi-relay run -debug",
    )
    .action(async () => done(await run(common(), stopping)));
}

/** Relays until `stopping` aborts. */
async function run(options: CommonOptions, stopping: AbortSignal): Promise<ExitCode> {
  const loaded = await loadOrExplain(options.conf);
  if (loaded === null) return EXIT.usage;
  const { config, warnings } = loaded;
  await using logging = await startOurLogging(config, options.debug);
  const log = logging.logger("relay");
  for (const warning of warnings) log.warn("{warning}", { warning: formatFault(warning) });
  log.info("kosmi-relay {version} starts, as {file} says", {
    version: VERSION,
    file: options.conf,
  });
  const caught = catchStrayFaults(log);
  try {
    await using data = await openOurDataDirectory(logging.logger("store"));
    await relayWith(config, options.conf, data, logging, stopping);
    log.info("stopped");
    return EXIT.ok;
  } catch (error) {
    return explain(error, options.conf, log);
  } finally {
    caught.stop();
  }
}

function explain(error: unknown, file: string, log: Logger): ExitCode {
  if (error instanceof SetupError) {
    for (const fault of error.faults) log.error("{file}: {fault}", { file, fault });
    return EXIT.usage;
  }
  if (error instanceof DataDirectoryError) {
    log.error("{fault}", { fault: error.message });
    return EXIT.failed;
  }
  log.error("Cannot continue: {error}", { error: describeError(error) });
  return EXIT.failed;
}

async function relayWith(
  config: Config,
  file: string,
  data: DataDirectory,
  logging: Logging,
  stopping: AbortSignal,
): Promise<void> {
  const storePath = data.writable
    ? await data.prepareFile(STORE_FILE, [`${STORE_FILE}-wal`, `${STORE_FILE}-shm`])
    : null;
  const log = logging.logger("relay");
  const clock = systemClock;
  let relay: Relay;
  const live = await LiveConfig.open(config, { file, data, logging, clock, relay: () => relay });
  const store = openRelayStore({ path: storePath, clock, log: logging.logger("store") });
  const manager = serviceManager({ env: (name) => Deno.env.get(name), folder: data.path, log });
  const ended = new AbortController();
  const background = [live.keepTokens(ended.signal)];
  try {
    const status = await setUpStatus({
      general: config.general,
      live: () => live.live,
      store,
      logging,
      clock,
      relay: () => relay,
    });
    relay = new Relay({
      ...live.plan,
      store,
      keepLinksMs: KEEP_LINKS_MS,
      clock,
      random: Math.random,
      log,
      observer: status.observer,
    });
    const running = relay.run(stopping);
    background.push(
      status.run(ended.signal),
      keepHeapSmall({ clock, log }, ended.signal),
      keepHeartbeat(
        { pulse: relay, data, manager, version: VERSION, clock, log },
        AbortSignal.any([stopping, ended.signal]),
      ),
      watchForReloads({ live, data, clock, log }, ended.signal),
    );
    await running;
  } finally {
    ended.abort();
    await Promise.all(background);
    store.close();
    await manager.close();
  }
}
