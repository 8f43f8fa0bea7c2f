import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { EndpointId } from "../port/ids.ts";
import type { RelayObserver } from "../port/observer.ts";
import type { OutboxLimits, RelayStore } from "../port/store.ts";

interface HousekeepingOptions {
  readonly store: RelayStore;
  /** As the plan wants it at that moment. */
  readonly outbox: () => OutboxLimits;
  /** Message links and known ids are kept so long. */
  readonly keepLinksMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: RelayObserver;
  /** Something for this endpoint was dropped. */
  readonly dropped: (endpoint: EndpointId) => void;
}

/** Seldom more than a comparison; what is dropped must be dropped before a destination that comes back is sent it. */
const TRIM_EVERY_MS = 1_000;
const FORGET_EVERY_MS = 3_600_000;

/** Keeps the store within its bounds until `signal` aborts. */
export async function keepHouse(options: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  const { clock, store, keepLinksMs } = options;
  let forgetAtMs = 0;
  while (!signal.aborted) {
    trim(options);
    if (clock.monotonic() >= forgetAtMs) {
      store.forget(clock.now() - keepLinksMs);
      forgetAtMs = clock.monotonic() + FORGET_EVERY_MS;
    }
    await clock.sleep(TRIM_EVERY_MS, signal).catch(() => {});
  }
}

function trim(options: HousekeepingOptions): void {
  const { store, outbox, clock, log, observer } = options;
  const counts = new Map<EndpointId, number>();
  for (const delivery of store.trim(outbox(), clock.now())) {
    const { endpoint, gateway } = delivery;
    counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    observer.dropped(endpoint, gateway, [delivery], {
      cause: "limits",
      words: "too old or too many",
    });
  }
  for (const [endpoint, count] of counts) {
    log.warn("Dropped {count} messages for {endpoint}: over OutboxMaxAge or OutboxMaxMessages", {
      count,
      endpoint,
    });
    options.dropped(endpoint);
  }
}
