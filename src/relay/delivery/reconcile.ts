import type { Bridge, History, HistoryMessage, Part, WireText } from "../port/bridge.ts";
import type { EndpointId, MessageId } from "../port/ids.ts";
import type { OwnPosition, RelayStore } from "../port/store.ts";
import { ActiveShipment, type Arrived } from "./shipment.ts";

/** One of our own messages, as the service's history shows it. */
type OwnMessage = Extract<HistoryMessage, { own: true }>;

interface Surroundings {
  readonly endpoint: EndpointId;
  readonly store: RelayStore;
  readonly bridge: Bridge;
}

/**
 * What is under way at an endpoint, with what the history of this moment shows of it. `before`: the same as it was known when
 * the link ended; none after a restart.
 */
export function readBack(
  { endpoint, store, bridge }: Surroundings,
  before: readonly ActiveShipment[],
  history: History | null,
): { readonly shipments: readonly ActiveShipment[]; readonly found: number } {
  const stored = store.underWay(endpoint);
  if (stored.length === 0) return { shipments: [], found: 0 };
  const position = store.ownPosition(endpoint);
  const left = stored.map((shipment) => {
    const isOlder = shipment.id <= (position?.lastShipment ?? 0);
    return before.find((one) => one.shipment.id === shipment.id) ??
      new ActiveShipment(shipment, new Map(), isOlder ? shipment.confirmed : 0);
  });
  const ahead = left.map((one) => one.shownAhead());
  const shown = new Set(ahead.flatMap((parts) => [...parts.values()]));
  const knowledge = {
    complete: history?.complete ?? true,
    position,
    isOwn: (id: MessageId) => shown.has(id) || store.isOwn({ endpoint, id }),
  };
  const shownAs = (part: Part) => bridge.shownAs?.(part) ?? [part.wire];
  const arrived = reconcile(left, ownIn(history), knowledge, shownAs)
    .map((parts, at) => new Map([...parts, ...ahead[at] ?? []]));
  return {
    shipments: stored.map((shipment, at) => new ActiveShipment(shipment, arrived[at])),
    found: arrived.reduce((sum, parts) => sum + parts.size, 0),
  };
}

/**
 * Everything that the history shows of us is known from now on; but lines that stand for parts under way are known by their
 * shipments alone, and to be found again should the process die before those end.
 */
export function lookedThrough(
  { endpoint, store }: Surroundings,
  underWay: readonly ActiveShipment[],
  history: History | null,
): void {
  if (history === null) return;
  const shown = new Set(underWay.flatMap((one) => one.shownIds()));
  const isOwn = (id: MessageId) => shown.has(id) || store.isOwn({ endpoint, id });
  const known = { position: store.ownPosition(endpoint), isOwn };
  const { position, ids } = positionBehind(ownIn(history), known);
  store.setOwnPosition(endpoint, position, ids);
}

function ownIn(history: History | null): readonly OwnMessage[] {
  return (history?.messages ?? []).filter((message) => message.own);
}

/** A part that left behind the position; `certain`: it was confirmed, so that one of the lines must be its own. */
interface SentPart {
  readonly shipment: number;
  readonly index: number;
  readonly part: Part;
  readonly certain: boolean;
}

/** What is known of our own lines at an endpoint. */
interface OwnKnowledge {
  /** False when the history begins later than it was asked for. Default: true. */
  readonly complete?: boolean;
  readonly position: OwnPosition | null;
  readonly isOwn: (id: MessageId) => boolean;
}

/**
 * Finds out which unconfirmed parts arrived, by what the service's history shows of us. Text alone decides nothing, because
 * people say the same thing twice: every line that was confirmed takes its own place first. What was confirmed with an id is
 * known by it. The rest was shown in the order in which it was sent: as many lines behind the position as were confirmed
 * before the first doubtful part, then confirmed and doubtful parts as they were sent. `shownAs` tells the texts under
 * which a part may be shown.
 *
 * `shipments` in the order of sending, also those that ended behind a doubtful one. Answers one map for each.
 */
export function reconcile(
  shipments: readonly ActiveShipment[],
  own: readonly OwnMessage[],
  { position, isOwn, complete = true }: OwnKnowledge,
  shownAs: (part: Part) => readonly WireText[] = (part) => [part.wire],
): Arrived[] {
  const hasIds = own.some(({ id }) => id !== null);
  const confirmed = (hasIds ? position?.nameless : position?.since) ?? 0;
  const sent = shipments.flatMap((one, shipment) =>
    sentParts(one, shipment, hasIds, confirmed > 0)
  );
  const counted =
    sent.filter(({ shipment, index, certain }) =>
      certain && shipments[shipment]?.isSettled(index) === true
    ).length;
  const lines = unidentified(own, position, isOwn);
  const before = Math.max(0, confirmed - counted);
  // Of equal texts the first arrived, most likely; where the history has no beginning the last one is in it.
  const reachesBack = complete || before > 0 || own[0] !== lines[0];
  const inOrder = <T>(all: readonly T[]) => reachesBack ? all : all.toReversed();
  const open = lines.slice(before);
  const pairs = align(inOrder(sent), inOrder(open), shownAs);
  // Not every service shows lines in the order in which it took them. How many arrived is known, whichever they are.
  const spare = [...open, ...lines.slice(0, before)].filter((line) => !pairs.has(line));
  let most = spare.length - before;
  const paired = new Set(pairs.values());
  for (const one of sent.filter((part) => !part.certain && !paired.has(part))) {
    if (most <= 0) break;
    const wires = shownAs(one.part);
    const line = spare.find((own) => !pairs.has(own) && wires.includes(own.wire));
    if (line === undefined) continue;
    most--;
    pairs.set(line, one);
  }
  const found = shipments.map(() => new Map<number, MessageId | null>());
  for (const [{ id }, { certain, shipment, index }] of pairs) {
    if (!certain) found[shipment]?.set(index, id);
  }
  return found;
}

/** The parts of a shipment that a line in the history may stand for. */
function sentParts(
  active: ActiveShipment,
  shipment: number,
  hasIds: boolean,
  hasNameless: boolean,
): readonly SentPart[] {
  return active.shipment.parts.flatMap((part, index): SentPart[] => {
    const fate = active.fate(index);
    if (fate === "doubtful") return [{ shipment, index, part, certain: false }];
    if (fate === "of no matter" || part.kind !== "message") return [];
    const isKnown = fate === "shown" ? !hasNameless : fate.id !== null;
    return hasIds && isKnown ? [] : [{ shipment, index, part, certain: true }];
  });
}

/** A confirmed part's place counts more than any number of doubtful ones. */
const CERTAIN = 1_000;

/**
 * Gives lines to parts of the same text, both in order, so that as many parts as can be have one, above all the certain
 * ones; of two equal ones the first.
 */
function align(
  sent: readonly SentPart[],
  lines: readonly OwnMessage[],
  shownAs: (part: Part) => readonly WireText[],
): Map<OwnMessage, SentPart> {
  const texts = sent.map(({ part }) => shownAs(part));
  // best[part][line]: what can be had of the parts and lines from there on.
  const best = [...sent, null].map(() => new Array<number>(lines.length + 1).fill(0));
  const at = (part: number, line: number) => best[part]?.[line] ?? 0;
  const both = (part: number, line: number) => {
    const [one, shown] = [sent[part], lines[line]];
    if (one === undefined || shown === undefined || !texts[part]?.includes(shown.wire)) return 0;
    return (one.certain ? CERTAIN : 1) + at(part + 1, line + 1);
  };
  for (let part = sent.length - 1; part >= 0; part--) {
    for (let line = lines.length - 1; line >= 0; line--) {
      const row = best[part];
      if (row !== undefined) {
        row[line] = Math.max(both(part, line), at(part + 1, line), at(part, line + 1));
      }
    }
  }
  const pairs = new Map<OwnMessage, SentPart>();
  for (let part = 0, line = 0; at(part, line) > 0;) {
    const [one, shown] = [sent[part], lines[line]];
    if (one === undefined || shown === undefined) break;
    if (both(part, line) === at(part, line)) {
      pairs.set(shown, one);
      part++;
      line++;
    } else if (at(part, line + 1) === at(part, line)) line++;
    else part++;
  }
  return pairs;
}

/** A line that bears an id which we don't know is in doubt whatever its time, unless it is from so long before. */
const LONG_BEFORE_MS = 86_400_000;

/** Our own lines that may be news: those whose id is not known; without ids those behind the position. */
function unidentified(
  own: readonly OwnMessage[],
  position: OwnPosition | null,
  isOwn: (id: MessageId) => boolean,
): readonly OwnMessage[] {
  let left = position?.count ?? 0;
  return own.filter(({ id, atMs }) => {
    if (id !== null) {
      return !isOwn(id) && (position === null || atMs > position.atMs - LONG_BEFORE_MS);
    }
    return position === null || atMs > position.atMs || (atMs === position.atMs && --left < 0);
  });
}

/**
 * The position behind all lines of this history, and the ids that are to be remembered: from now on these lines are known.
 * What was confirmed and is not shown yet counts on.
 */
export function positionBehind(
  own: readonly OwnMessage[],
  { position, isOwn }: OwnKnowledge,
): { readonly position: OwnPosition; readonly ids: readonly MessageId[] } {
  const all = unidentified(own, position, isOwn);
  const ids = all.flatMap(({ id }) => id ?? []);
  const left = (count = 0) => Math.max(0, count - all.length);
  const nameless = left(position?.nameless);
  // What was confirmed with an id is found by it, however late it is shown.
  const hasIds = own.some(({ id }) => id !== null);
  const counts = { since: hasIds ? nameless : left(position?.since), nameless };
  const atMs = all.at(-1)?.atMs;
  if (atMs === undefined) return { position: { atMs: 0, count: 0, ...position, ...counts }, ids };
  return {
    position: { atMs, count: own.filter((one) => one.atMs === atMs).length, ...counts },
    ids,
  };
}
