import v8 from "node:v8";
import vm from "node:vm";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";

interface HeapKeeperOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes that the JavaScript heap holds, garbage included. */
  readonly heapBytes?: () => number;
  /** Frees what is unused and gives it back to the system; null where the engine does not let us. */
  readonly collect?: (() => void) | null;
}

const LOOK_EVERY_MS = 5_000;
/** Growth that is worth the few milliseconds that a collection takes. */
const GROWTH_BYTES = 6_000_000;

/**
 * Keeps the process small over months: V8 lets the heap of a busy minute grow by 100 MB, collects it only when more is
 * needed, and gives nothing back while the process is quiet, as a relay mostly is. Runs until `signal` aborts.
 */
export async function keepHeapSmall(
  options: HeapKeeperOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, heapBytes = () => v8.getHeapStatistics().total_heap_size } = options;
  const collect = options.collect === undefined ? collector() : options.collect;
  if (collect === null) {
    return log.debug("the engine does not let us give memory back: it decides alone");
  }
  // What only the start needed goes at the first look.
  let smallestBytes = 0;
  try {
    while (true) {
      await clock.sleep(LOOK_EVERY_MS, signal);
      if (heapBytes() - smallestBytes < GROWTH_BYTES) continue;
      collect();
      smallestBytes = heapBytes();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** V8's own collector. It can't be reached but by a flag, which counts for contexts made after it. */
function collector(): (() => void) | null {
  try {
    v8.setFlagsFromString("--expose-gc");
    const found: unknown = vm.runInNewContext("gc");
    return typeof found === "function" ? () => void found() : null;
  } catch {
    return null;
  }
}
