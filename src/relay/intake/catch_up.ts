import type { Cursor, History } from "../port/bridge.ts";
import type { MessageEvent } from "../port/event.ts";

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
 * are stored; those without an id by the cursor's time. With no cursor nothing was missed: we were never there.
 */
export function catchUp(
  history: History,
  cursor: Cursor | null,
  limits: CatchUpLimits,
  nowMs: number,
): CatchUp {
  if (cursor === null) return { events: [], gap: false };
  const others = history.messages.flatMap((message) => message.own ? [] : [message.event]);
  const missed = others.filter((event) => isMissed(event, cursor));
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

function isMissed(event: MessageEvent, cursor: Cursor): boolean {
  return event.id === null ? event.atMs > cursor.atMs : event.atMs >= cursor.atMs - SAME_TIME_MS;
}

/**
 * Messages of the first visit's history that a later `catchUp` would take for missed, because they are hardly older
 * than the cursor: to be remembered as taken over.
 */
export function saidBeforeUs(history: History, cursor: Cursor): readonly MessageEvent[] {
  return history.messages.flatMap((message) => message.own ? [] : [message.event])
    .filter((event) => isMissed(event, cursor));
}

/**
 * Where the cursor stands at the first visit: at the newest message there is. In an empty history it stands before
 * everything, because our clock and the service's may differ; without a history it stands at now.
 */
export function firstCursor(history: History | null, nowMs: number): Cursor {
  if (history === null) return { id: null, atMs: nowMs };
  const newest = history.messages.at(-1);
  if (newest === undefined) return { id: null, atMs: 0 };
  return newest.own
    ? { id: newest.id, atMs: newest.atMs }
    : { id: newest.event.id, atMs: newest.event.atMs };
}
