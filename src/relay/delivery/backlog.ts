import { withDeadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Bridge, Outgoing, OutgoingMessage } from "../port/bridge.ts";
import type { ChannelId, EndpointId } from "../port/ids.ts";
import { PLAIN, textOf } from "../port/rich_text.ts";
import { type Delivery, type DeliveryId, type RelayStore, turnOf } from "../port/store.ts";

/** More than these are read from the store when their turn comes: it has room, memory has not. */
const MOST_FRESH = 256;
/** As long as no more waits, messages leave as they came: nobody waits long. */
const FEW = 10;
const SHORT = 1_500;
/** A turn of this many characters: a long message, or some short ones that may leave as one. */
const TURN_LENGTH = 300;

/**
 * What waits for one endpoint: oldest first, and where much waits in turns, so that whoever says much does not keep the
 * others waiting; each speaker's own order is kept. The store knows; but what was just stored is remembered, so that a
 * single message need not be read back: that read is a fifth of the time it takes.
 */
export class Backlog {
  readonly #store: RelayStore;
  readonly #endpoint: EndpointId;
  /** False once the store had nothing more: what waits then is in `#fresh`. */
  #mayWait = true;
  #fresh: Delivery[] = [];
  #isMuch = false;
  /** Of each speaker the first that wait, where the store may have more. */
  #ahead: Delivery[] = [];
  /** No delivery up to this one waits: ids ascend, and the oldest always leave first. Null: nobody knows. */
  #leftUpTo: DeliveryId | null = null;
  /** When each speaker had a turn last; empty while the oldest leave first. */
  readonly #lastTurn = new Map<string, number>();
  #turns = 0;

  constructor(store: RelayStore, endpoint: EndpointId) {
    this.#store = store;
    this.#endpoint = endpoint;
  }

  /** These deliveries were stored, behind all earlier ones. */
  add(deliveries: readonly Delivery[]): void {
    // Whoever is among the next has all of theirs in line; somebody else has a turn to come first.
    const next = new Set(this.#ahead.map(turnOf));
    if (deliveries.some((one) => !next.has(turnOf(one)))) this.#ahead = [];
    if (!this.#mayWait && this.#fresh.length + deliveries.length <= MOST_FRESH) {
      this.#fresh.push(...deliveries);
      return;
    }
    this.#mayWait = true;
    this.#fresh = [];
  }

  /** What had left may be waiting again. */
  startAnew(): void {
    this.#mayWait = true;
    this.#fresh = [];
    this.#ahead = [];
    this.#leftUpTo = null;
  }

  get isEmpty(): boolean {
    return !this.#mayWait && this.#fresh.length === 0;
  }

  /** The deliveries whose turn it is; they go on waiting until they have `left`. */
  first(limit: number): readonly Delivery[] {
    if (this.#isMuch && this.#mayWait && this.#ahead.length < limit) this.#readAhead(limit);
    const known = this.#ahead.length > 0 ? this.#ahead : this.#oldest(Math.max(limit, FEW + 1));
    this.#isMuch = this.#ahead.length > 0 || isMuch(known);
    return (this.#isMuch ? this.#inTurns(known) : known).slice(0, limit);
  }

  #readAhead(limit: number): void {
    const count = Math.max(limit, MOST_FRESH);
    const ahead = this.#store.waitingInTurns(this.#endpoint, count);
    this.#mayWait = ahead.length === count;
    if (this.#mayWait) this.#ahead = [...ahead];
    else this.#fresh = ahead.toSorted((one, other) => one.id - other.id);
  }

  #oldest(limit: number): readonly Delivery[] {
    if (!this.#mayWait) return this.#fresh;
    const waiting = this.#store.waiting(this.#endpoint, this.#leftUpTo, limit);
    this.#mayWait = waiting.length > 0;
    return waiting;
  }

  /** These deliveries are in a shipment now. */
  left(deliveries: readonly Delivery[]): void {
    const ids = new Set(deliveries.map(({ id }) => id));
    this.#fresh = this.#fresh.filter(({ id }) => !ids.has(id));
    this.#ahead = this.#ahead.filter(({ id }) => !ids.has(id));
    const isMixed = this.#lastTurn.size > 0;
    this.#leftUpTo = isMixed ? null : deliveries.at(-1)?.id ?? this.#leftUpTo;
    if (this.isEmpty) this.#lastTurn.clear();
    else if (isMixed) {
      for (const one of deliveries) {
        this.#lastTurn.set(turnOf(one), ++this.#turns);
      }
    }
  }

  /** Who has not had a turn for longest is next. */
  #inTurns(known: readonly Delivery[]): readonly Delivery[] {
    const lines = [...Map.groupBy(known, turnOf)];
    if (lines.length < 2) return known;
    for (const [speaker] of lines) {
      if (!this.#lastTurn.has(speaker)) this.#lastTurn.set(speaker, 0);
    }
    const last = (speaker: string) => this.#lastTurn.get(speaker) ?? 0;
    const waiting = lines.sort(([one], [other]) => last(one) - last(other))
      .map(([, line]) => line.values());
    const ordered: Delivery[] = [];
    while (ordered.length < known.length) for (const line of waiting) takeTurn(line, ordered);
    return ordered;
  }
}

function isMuch(waiting: readonly Delivery[]): boolean {
  if (waiting.every(({ speaker }) => speaker === null)) return false;
  return waiting.length > FEW || waiting.reduce((sum, one) => sum + lengthOf(one), 0) > SHORT;
}

function takeTurn(line: Iterator<Delivery>, into: Delivery[]): void {
  for (let length = 0; length < TURN_LENGTH;) {
    const next = line.next();
    if (next.done === true) return;
    into.push(next.value);
    length += lengthOf(next.value);
  }
}

/** A line break is counted as if the line were full: each line leaves by itself. */
function lengthOf({ outgoing }: Delivery): number {
  if (outgoing.kind !== "message") return 1;
  const text = textOf(outgoing.text);
  return text.length + (text.split("\n").length - 1) * TURN_LENGTH;
}

/** Late messages that were written within this time share one mark. */
const LATE_TOGETHER_MS = 10 * 60_000;

/** How consecutive messages of one speaker become one. */
export interface PackingPolicy {
  readonly separator: string;
  /** Longest packed text, in UTF-16 code units, prefix not counted. */
  readonly maxLength: number;
}

/** Deliveries that leave together, and the message that says what they say. */
export interface Pack {
  readonly deliveries: readonly Delivery[];
  readonly outgoing: Outgoing;
}

/**
 * Takes the first delivery and those directly behind it that may share its message: same speaker, same prefix, plain
 * one-line texts that answer nothing. The order of what is said never changes.
 */
export function takePack(waiting: readonly Delivery[], policy: PackingPolicy | null): Pack | null {
  const first = waiting[0];
  if (first === undefined) return null;
  const alone = { deliveries: [first], outgoing: first.outgoing };
  if (policy === null) return alone;
  const head = packable(first);
  if (head === null) return alone;
  const deliveries = [first];
  const text = [...head.text];
  let length = textOf(text).length;
  for (const next of waiting.slice(1)) {
    const message = packable(next);
    if (message === null || !together(first, head, next, message)) break;
    length += policy.separator.length + textOf(message.text).length;
    if (length > policy.maxLength) break;
    text.push({ text: policy.separator, style: PLAIN }, ...message.text);
    deliveries.push(next);
  }
  return { deliveries, outgoing: { ...head, text } };
}

function packable(delivery: Delivery): OutgoingMessage | null {
  const outgoing = delivery.outgoing;
  if (outgoing.kind !== "message" || outgoing.action || outgoing.replyTo !== null) return null;
  const { speaker } = delivery;
  if (speaker === null || speaker.startsWith("~")) return null;
  if (textOf(outgoing.text).includes("\n")) return null;
  return outgoing;
}

function together(
  first: Delivery,
  head: OutgoingMessage,
  next: Delivery,
  message: OutgoingMessage,
): boolean {
  return next.speaker === first.speaker &&
    (textOf(head.prefix) === textOf(message.prefix) || areBothLate(head, message));
}

/** What was caught up bears a time of its own each: said soon after one another, that of the first will do. */
function areBothLate(head: OutgoingMessage, message: OutgoingMessage): boolean {
  if (head.isMarked !== true || message.isMarked !== true) return false;
  const afterMs = (message.atMs ?? Infinity) - (head.atMs ?? Infinity);
  return afterMs >= 0 && afterMs <= LATE_TOGETHER_MS && unmarked(head) === unmarked(message);
}

function unmarked({ prefix }: OutgoingMessage): string {
  return textOf(prefix).replace(/\[[\d: -]+\] $/, "");
}

interface PreparationOptions {
  readonly bridge: Bridge;
  readonly channel: ChannelId;
  readonly clock: Clock;
  readonly log: Logger;
  /** Something that was being made ready is ready, or was given up: ask again. */
  readonly done: () => void;
}

/** How long a message may be held up before it goes out as it stands. */
const LONGEST_MS = 15_000;

/**
 * What a bridge does to a message before it renders it, for one endpoint. It works beside the worker's loop, so that
 * receipts and bad news are not held up, and on one message at a time, so that none overtakes another.
 */
export class Preparation {
  readonly #options: PreparationOptions;
  #isBusy = false;
  #ready: Pack | null = null;

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  /**
   * The pack as it is to be rendered; null while something is being made ready, and `done` tells when that is over. What
   * was made ready is given out as long as its deliveries still lead `waiting`. An aborted `signal` forgets it.
   */
  take(pack: Pack, waiting: readonly Delivery[], signal: AbortSignal): Pack | null {
    if (this.#isBusy) return null;
    const ready = this.#ready;
    this.#ready = null;
    if (ready !== null && leads(ready, waiting)) return ready;
    const work = this.#workOn(pack);
    if (work === null) return pack;
    this.#isBusy = true;
    this.#prepare(pack, work, signal).finally(() => {
      this.#isBusy = false;
      this.#options.done();
    });
    return null;
  }

  #workOn({ outgoing }: Pack): ((signal: AbortSignal) => Promise<Outgoing>) | null {
    const { bridge, channel, log } = this.#options;
    try {
      return bridge.prepare?.(channel, outgoing) ?? null;
    } catch (error) {
      log.warn("a message goes out as it stands: {error}", { error: describeError(error) });
      return null;
    }
  }

  async #prepare(
    pack: Pack,
    work: (signal: AbortSignal) => Promise<Outgoing>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log } = this.#options;
    const action = "make a message ready";
    try {
      const outgoing = await withDeadline({ clock, signal, limitMs: LONGEST_MS, action }, work);
      this.#ready = { ...pack, outgoing };
    } catch (error) {
      if (signal.aborted) return;
      log.warn("a message goes out as it stands: {error}", { error: describeError(error) });
      this.#ready = pack;
    }
  }
}

/** Whether the pack's deliveries are the first that wait: none of them was dropped meanwhile. */
function leads(pack: Pack, waiting: readonly Delivery[]): boolean {
  return pack.deliveries.every((delivery, at) => waiting[at]?.id === delivery.id);
}
