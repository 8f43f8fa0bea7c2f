import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { DataDirectory } from "../store/data_directory.ts";
import type { LiveConfig, ReloadOutcome } from "./live_config.ts";
import { answerReload, takeRequest, withdrawReload } from "./reload_request.ts";

export interface ReloadWatch {
  readonly live: Pick<LiveConfig, "reload">;
  readonly data: DataDirectory;
  readonly clock: Clock;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 1_000;

/** Reloads at SIGHUP and when `kosmi-relay reload` asks, until `signal` aborts. Never rejects. */
export async function watchForReloads(watch: ReloadWatch, signal: AbortSignal): Promise<void> {
  const { data, clock, log } = watch;
  const onHangUp = () => void reload(watch);
  const heedsSignal = listen(onHangUp);
  try {
    // What was asked of an earlier run has nobody who waits for its answer.
    if (data.writable) await withdrawReload(data).catch(() => {});
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
      if (!signal.aborted && data.writable) await heedRequest(watch);
    }
  } catch (error) {
    log.error("reloads are no longer possible: {error}", { error: describeError(error) });
  } finally {
    if (heedsSignal) Deno.removeSignalListener("SIGHUP", onHangUp);
  }
}

async function heedRequest(watch: ReloadWatch): Promise<void> {
  const { data, log } = watch;
  try {
    const id = await takeRequest(data);
    if (id === null) return;
    await answerReload(data, { id, ...await reload(watch) } as const);
  } catch (error) {
    log.warn("a reload could not be answered: {error}", { error: describeError(error) });
  }
}

async function reload({ live, log }: ReloadWatch): Promise<{ ok: boolean; lines: string[] }> {
  const { ok, lines }: ReloadOutcome = await live.reload();
  if (ok) {
    for (const line of lines) log.info("reload: {line}", { line });
    log.info("the configuration was read again and is in effect");
  } else {
    for (const line of lines) log.error("reload: {line}", { line });
    log.error("the new configuration can't be used: the relay goes on with the old one");
  }
  return { ok, lines: [...lines] };
}

/** False on systems without this signal. */
function listen(onHangUp: () => void): boolean {
  try {
    Deno.addSignalListener("SIGHUP", onHangUp);
    return true;
  } catch {
    return false;
  }
}
