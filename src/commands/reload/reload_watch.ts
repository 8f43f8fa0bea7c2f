import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { DataDirectory } from "../../store/files/data_directory.ts";
import { answerReload, type ReloadOutcome, takeRequest, withdrawReload } from "./reload_request.ts";

interface ReloadWatch {
  readonly live: { reload(): Promise<ReloadOutcome> };
  readonly data: DataDirectory;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Result {
  readonly ok: boolean;
  readonly lines: string[];
}

const LOOK_EVERY_MS = 1_000;

/** Reloads at SIGHUP and when `kosmi-relay reload` asks, until `signal` aborts. Never rejects. */
export async function watchForReloads(watch: ReloadWatch, signal: AbortSignal): Promise<void> {
  const { data, clock, log } = watch;
  // Numbered, so that no line of one is taken for a repetition of another's.
  let number = 0;
  const reloadNow = () => reload(watch, ++number);
  const onHangUp = () => void reloadNow();
  const heedsSignal = listen(onHangUp);
  try {
    // What was asked of an earlier run has nobody who waits for its answer.
    if (data.writable) await withdrawReload(data).catch(() => {});
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
      if (!signal.aborted && data.writable) await heedRequest(watch, reloadNow);
    }
  } catch (error) {
    log.error("reloads are no longer possible: {error}", { error: describeError(error) });
  } finally {
    if (heedsSignal) Deno.removeSignalListener("SIGHUP", onHangUp);
  }
}

async function heedRequest(
  { data, log }: ReloadWatch,
  reloadNow: () => Promise<Result>,
): Promise<void> {
  try {
    const id = await takeRequest(data);
    if (id === null) return;
    await answerReload(data, { id, ...await reloadNow() });
  } catch (error) {
    log.warn("a reload could not be answered: {error}", { error: describeError(error) });
  }
}

async function reload({ live, log }: ReloadWatch, number: number): Promise<Result> {
  const { ok, lines }: ReloadOutcome = await live.reload();
  if (ok) {
    for (const line of lines) log.info("reload {number}: {line}", { number, line });
    log.info("reload {number}: the configuration was read again and is in effect", { number });
  } else {
    for (const line of lines) log.error("reload {number}: {line}", { number, line });
    log.error(
      "reload {number}: the configuration is invalid; the current one stays in use",
      { number },
    );
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
