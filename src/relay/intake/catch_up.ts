import { secondOf } from "../../base/times.ts";
import type { History, HistoryMessage } from "../port/bridge.ts";
import type { MessageEvent } from "../port/event.ts";
import type { EndpointId, MessageId } from "../port/ids.ts";
import type { Acceptance, CountedCursor } from "../port/store.ts";

export interface CatchUpLimits {
  readonly maxMessages: number;
  readonly maxAgeMs: number;
}

interface CatchUp {
  /** What was missed, oldest first, marked late. */
  readonly events: readonly MessageEvent[];
  /** What was missed and may not be relayed any more: taken over all the same, so that it is known next time. */
  readonly passedOver: readonly MessageEvent[];
  /** True when more was said than could be fetched or may be relayed. */
  readonly gap: boolean;
}

/**
 * What of a channel's history was missed. Messages that were taken over already are recognised by their id when they
 * are stored; those without an id by the cursor's time and, among those that bear it, by their number. With no cursor
 * nothing was missed: we were never there. `nowMs` is the time at the service, as far as we know it; a history that tells it
 * knows better. `isKnown`: whether a message was taken over, by its id.
 */
export function catchUp(
  history: History,
  cursor: CountedCursor | null,
  limits: CatchUpLimits,
  nowMs: number,
  isKnown: (id: MessageId) => boolean = () => false,
): CatchUp {
  if (cursor === null) return { events: [], passedOver: [], gap: false };
  const others = othersIn(history);
  const missed = history.behindCursor === true ? others : missedOf(others, cursor);
  const thereMs = history.atMs ?? nowMs;
  const young = missed.filter((event) => thereMs - event.atMs <= limits.maxAgeMs);
  const relayed = young.slice(Math.max(0, young.length - limits.maxMessages));
  const passedOver = missed.filter((event) =>
    !relayed.includes(event) && (event.id === null || !isKnown(event.id))
  );
  const times = timesIn(history);
  // It ended before the newest: what stands between its end and now was not read.
  const endsEarly = times.length > 0 && times.every((atMs) => atMs < cursor.atMs);
  const isOpen = times.length > 0 && (endsEarly || !reachesBack(history, cursor));
  const gap = history.lost === true || passedOver.length > 0 || (!history.complete && isOpen);
  return { events: relayed.map((event) => ({ ...event, late: true })), passedOver, gap };
}

/**
 * Where all of it bears one time (a young room, a clock of whole seconds) a bridge can't tell whether the service shows the
 * newest first. What was taken over from others stands before what was missed: where it ends the history, that is the wrong way round.
 */
export function rightWayRound(history: History, isKnown: (id: MessageId) => boolean): History {
  const others = othersIn(history);
  const [first, last] = [others[0], others.at(-1)];
  const isOneTime = new Set(timesIn(history)).size === 1;
  const isReversed = isOneTime && typeof first?.id === "string" && !isKnown(first.id) &&
    typeof last?.id === "string" && isKnown(last.id);
  return isReversed ? { ...history, messages: history.messages.toReversed() } : history;
}

function othersIn({ messages }: History): MessageEvent[] {
  return messages.flatMap((message) => message.own ? [] : [message.event]);
}

function timesIn({ messages }: History): number[] {
  return messages.map((message) => message.own ? message.atMs : message.event.atMs);
}

/** Whether a history shows what was said before the cursor: in whole seconds without ids, others may bear the cursor's. */
function reachesBack({ messages }: History, cursor: CountedCursor): boolean {
  return messages.some((message) => {
    const { id, atMs } = message.own ? message : message.event;
    const isVague = !message.own && id === null && atMs % 1_000 === 0;
    return isVague ? atMs < secondOf(cursor.atMs) : atMs <= cursor.atMs;
  });
}

/** Services count time in whole seconds, and two messages may bear the same one: ids tell those apart later. */
const SAME_TIME_MS = 2_000;

function missedOf(events: readonly MessageEvent[], cursor: CountedCursor): MessageEvent[] {
  const inSeconds = events.every(({ id, atMs }) => id !== null || atMs % 1_000 === 0);
  const cursorMs = inSeconds ? secondOf(cursor.saidAtMs) : cursor.saidAtMs;
  let known = inSeconds ? cursor.inSecond : cursor.count;
  const behind = new Set(behindCursor(events, cursor));
  return events.filter((event) =>
    event.id !== null
      ? behind.has(event) || event.atMs >= cursor.atMs - SAME_TIME_MS
      : event.atMs > cursorMs || (event.atMs === cursorMs && --known < 0)
  );
}

/** What stands behind the cursor's own message, whatever its time; nothing where that message is not shown. */
function behindCursor(events: readonly MessageEvent[], { id }: CountedCursor): MessageEvent[] {
  const at = id === null ? -1 : events.findIndex((event) => event.id === id);
  return at === -1 ? [] : events.slice(at + 1);
}

/**
 * Messages of the first visit's history that a later `catchUp` would take for missed, because they are hardly older
 * than the cursor: to be remembered as taken over.
 */
export function saidBeforeUs(history: History, cursor: CountedCursor): readonly MessageEvent[] {
  return missedOf(othersIn(history), cursor);
}

/** What is taken over and goes nowhere: the cursor stands behind it. */
export function passedOver(
  origin: EndpointId,
  events: readonly MessageEvent[],
  nowMs: number,
): readonly Acceptance[] {
  return events.map(({ id, atMs }) => {
    const cursorAtMs = id === null ? atMs : Math.min(atMs, nowMs);
    return { origin, messageId: id, cursorAtMs, saidAtMs: atMs, deliveries: [] };
  });
}

/** A time so far ahead of our clock is a wrong one, unless all are. */
const MOST_AHEAD_MS = 10 * 60_000;

/**
 * Where the cursor stands at the first visit: at the newest message there is, but for one from the future, which would
 * hide all that is said until then. In an empty history it stands at the service's now or, where that is not known, before
 * everything, because our clock and the service's may differ; without a history it stands at our now.
 */
export function firstCursor(history: History | null, nowMs: number): CountedCursor {
  const emptyAt = (atMs: number) => ({ id: null, atMs, saidAtMs: atMs, count: 0, inSecond: 0 });
  if (history === null) return emptyAt(nowMs);
  const isPlausible = (one: HistoryMessage) => {
    const { id, atMs } = one.own ? one : one.event;
    return id === null || atMs <= nowMs + MOST_AHEAD_MS;
  };
  const newest = history.messages.findLast(isPlausible) ?? history.messages.at(-1);
  if (newest === undefined) return emptyAt(history.atMs ?? 0);
  const { id, atMs } = newest.own ? newest : newest.event;
  const times = history.messages.flatMap((message) => message.own ? [] : [message.event.atMs]);
  const count = times.filter((time) => time === atMs).length;
  return {
    id,
    atMs,
    saidAtMs: atMs,
    count,
    inSecond: times.filter((time) => secondOf(time) === secondOf(atMs)).length,
  };
}

/** So many messages tell how far a service's clock is off: two wrong times among them do not count. */
const SAMPLES = 5;
/** With fewer, the lowest of them counts, and ours. */
const FEWEST_SAMPLES = 3;

/** How far the clocks of the services are ahead of ours, or behind, by the times of what was said last. */
export class ServiceClocks {
  readonly #aheadMs = new Map<EndpointId, readonly number[]>();

  /**
   * How far a message moves the place from where history is read. One from the future must not hide all that is said until
   * then; what is read twice because of that is known by its id. Without ids the service's time is all there is.
   */
  cursorTime(origin: EndpointId, event: MessageEvent, nowMs: number): number {
    if (!event.late) {
      const before = this.#aheadMs.get(origin) ?? [];
      this.#aheadMs.set(origin, [...before, event.atMs - nowMs].slice(-SAMPLES));
    }
    return event.id === null ? event.atMs : Math.min(event.atMs, this.timeAt(origin, nowMs));
  }

  /** What time it is at a service, as its live messages tell. */
  timeAt(origin: EndpointId, nowMs: number): number {
    return nowMs + usual(this.#aheadMs.get(origin) ?? []);
  }
}

function usual(samples: readonly number[]): number {
  if (samples.length < FEWEST_SAMPLES) return Math.min(0, ...samples);
  const inOrder = samples.toSorted((one, other) => one - other);
  return inOrder[Math.floor(samples.length / 2)] ?? 0;
}
