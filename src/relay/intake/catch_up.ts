import type { History, HistoryMessage } from "../port/bridge.ts";
import type { MessageEvent } from "../port/event.ts";
import type { CountedCursor } from "../port/store.ts";

export interface CatchUpLimits {
  readonly maxMessages: number;
  readonly maxAgeMs: number;
}

interface CatchUp {
  /** What was missed, oldest first, marked late. */
  readonly events: readonly MessageEvent[];
  /** True when more was said than could be fetched or may be relayed. */
  readonly gap: boolean;
}

/**
 * What of a channel's history was missed. Messages that were taken over already are recognised by their id when they
 * are stored; those without an id by the cursor's time and, among those that bear it, by their number. With no cursor
 * nothing was missed: we were never there.
 */
export function catchUp(
  history: History,
  cursor: CountedCursor | null,
  limits: CatchUpLimits,
  nowMs: number,
): CatchUp {
  if (cursor === null) return { events: [], gap: false };
  const others = history.messages.flatMap((message) => message.own ? [] : [message.event]);
  const missed = missedOf(others, cursor);
  const relayed = missed.filter((event) => nowMs - event.atMs <= limits.maxAgeMs)
    .slice(-limits.maxMessages);
  const times = history.messages.map((message) => message.own ? message.atMs : message.event.atMs);
  const reachesBack = times.some((atMs) => atMs <= cursor.atMs);
  // It ended before the newest: what stands between its end and now was not read.
  const endsEarly = !history.complete && times.length > 0 &&
    times.every((atMs) => atMs < cursor.atMs);
  const cut = missed.some((event) => event.atMs > cursor.atMs && !relayed.includes(event));
  const gap = cut || endsEarly || (!history.complete && !reachesBack && times.length > 0);
  return { events: relayed.map((event) => ({ ...event, late: true })), gap };
}

/** Services count time in whole seconds, and two messages may bear the same one: ids tell those apart later. */
const SAME_TIME_MS = 2_000;

function missedOf(events: readonly MessageEvent[], cursor: CountedCursor): MessageEvent[] {
  let known = cursor.count;
  return events.filter(({ id, atMs }) =>
    id !== null
      ? atMs >= cursor.atMs - SAME_TIME_MS
      : atMs > cursor.atMs || (atMs === cursor.atMs && --known < 0)
  );
}

/**
 * Messages of the first visit's history that a later `catchUp` would take for missed, because they are hardly older
 * than the cursor: to be remembered as taken over.
 */
export function saidBeforeUs(history: History, cursor: CountedCursor): readonly MessageEvent[] {
  return missedOf(
    history.messages.flatMap((message) => message.own ? [] : [message.event]),
    cursor,
  );
}

/**
 * Where the cursor stands at the first visit: at the newest message there is. In an empty history it stands before
 * everything, because our clock and the service's may differ; without a history it stands at now.
 */
export function firstCursor(history: History | null, nowMs: number): CountedCursor {
  if (history === null) return { id: null, atMs: nowMs, count: 0 };
  const newest = history.messages.at(-1);
  if (newest === undefined) return { id: null, atMs: 0, count: 0 };
  const { id, atMs } = newest.own ? newest : newest.event;
  const isSame = (message: HistoryMessage) => !message.own && message.event.atMs === atMs;
  return { id, atMs, count: history.messages.filter(isSame).length };
}
