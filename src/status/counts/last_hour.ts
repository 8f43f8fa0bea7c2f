/** So many minutes are kept. */
const MINUTES = 60;
/** Delivery times are counted in steps of the square root of two from 1 ms on: to 12 hours. */
const STEPS = 52;
const STEP = Math.SQRT2;

/** What happened in one minute. */
export interface MinuteView {
  readonly delivered: number;
  readonly dropped: number;
  /** From acceptance to confirmation: half of the deliveries were not slower; null where there were none. */
  readonly medianMs: number | null;
  /** 19 of 20 were not slower. */
  readonly slowMs: number | null;
}

interface Minute {
  /** Minutes since the UNIX epoch. */
  at: number;
  delivered: number;
  dropped: number;
  readonly latencies: Uint32Array;
}

/** Deliveries of the last hour, by the minute: a ring, so that counting costs nothing worth naming. */
export class LastHour {
  readonly #ring: Minute[] = Array.from({ length: MINUTES }, () => ({
    at: -1,
    delivered: 0,
    dropped: 0,
    latencies: new Uint32Array(STEPS),
  }));

  delivered(atMs: number, tookMs: number): void {
    const minute = this.#minute(atMs);
    if (minute === null) return;
    minute.delivered++;
    const step = stepOf(tookMs);
    minute.latencies[step] = (minute.latencies[step] ?? 0) + 1;
  }

  dropped(atMs: number, count: number): void {
    const minute = this.#minute(atMs);
    if (minute !== null) minute.dropped += count;
  }

  /** The minutes up to this one, oldest first. */
  view(nowMs: number): MinuteView[] {
    const now = Math.floor(nowMs / 60_000);
    return Array.from({ length: MINUTES }, (_, i) => {
      const at = now - MINUTES + 1 + i;
      const minute = this.#ring[slotOf(at)];
      return minute === undefined || minute.at !== at ? EMPTY : viewOf(minute);
    });
  }

  #minute(atMs: number): Minute | null {
    const at = Math.floor(atMs / 60_000);
    const minute = this.#ring[slotOf(at)];
    if (minute === undefined) return null;
    if (minute.at !== at) {
      minute.at = at;
      minute.delivered = 0;
      minute.dropped = 0;
      minute.latencies.fill(0);
    }
    return minute;
  }
}

const EMPTY: MinuteView = { delivered: 0, dropped: 0, medianMs: null, slowMs: null };

function slotOf(minute: number): number {
  return ((minute % MINUTES) + MINUTES) % MINUTES;
}

function viewOf(minute: Minute): MinuteView {
  return {
    delivered: minute.delivered,
    dropped: minute.dropped,
    medianMs: quantile(minute, 0.5),
    slowMs: quantile(minute, 0.95),
  };
}

function stepOf(tookMs: number): number {
  const step = Math.ceil(Math.log(Math.max(1, tookMs)) / Math.log(STEP));
  return Math.min(STEPS - 1, step);
}

/** The upper end of the step in which this share of the deliveries is reached. */
function quantile({ latencies, delivered }: Minute, share: number): number | null {
  if (delivered === 0) return null;
  let left = Math.ceil(delivered * share);
  for (const [step, count] of latencies.entries()) {
    left -= count;
    if (left <= 0) return Math.round(STEP ** step);
  }
  return Math.round(STEP ** (STEPS - 1));
}
