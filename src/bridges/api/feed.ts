import type { Receipt } from "../../relay/port/bridge.ts";
import type { MessageId } from "../../relay/port/ids.ts";

/** One message for the clients. */
interface Entry {
  readonly place: number;
  readonly id: MessageId;
  /** Its JSON, on one line. */
  readonly frame: string;
  /** By the monotonic clock. */
  readonly addedAtMs: number;
  /** The client that posted it; null for what the relay delivers. */
  readonly author: Reader | null;
  /** Called with its outcome; null once that is known. */
  settle: ((receipt: Receipt) => void) | null;
  /** Readers skip it. */
  withdrawn: boolean;
}

/** All frames together, in UTF-16 code units; beyond it, messages that were taken are forgotten early. */
const MOST_LENGTH = 16 * 1024 * 1024;
/** How much a reader gets at once, so that a slow one holds little. */
const BATCH_LENGTH = 64 * 1024;

/**
 * The messages for all clients, in one order. Each reader has its own place in it and delays no other: one that falls
 * behind what is kept ends. A message is confirmed when the first reader has taken it, and with it all before it.
 */
export class Feed {
  /** How many messages stay readable after a reader has taken them. */
  readonly #keep: number;
  /** Marks the ids of this run of the program: places of another run mean nothing here. */
  readonly #run = crypto.randomUUID().slice(0, 8);
  readonly #readers = new Set<Reader>();
  #entries: Entry[] = [];
  /** Place of the first entry that is kept. */
  #first = 0;
  /** Everything before it was taken by a reader. */
  #taken = 0;
  /** Everything before it was handed to a reader. */
  #handed = 0;
  #length = 0;

  constructor(keep: number) {
    this.#keep = keep;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** True when so much is held that no more should be added. */
  get isHeavy(): boolean {
    return this.#length > MOST_LENGTH;
  }

  /** Adds a message. The returned function withdraws it if no reader has got it yet. */
  add(
    frameOf: (id: MessageId) => string,
    nowMs: number,
    settle: (receipt: Receipt) => void,
  ): () => void {
    const entry = this.#append(frameOf, nowMs, null, settle);
    return () => this.#withdraw(entry, "it was withdrawn");
  }

  /** Adds what a client posted, for the other readers that see posts. */
  share(frameOf: (id: MessageId) => string, nowMs: number, author: Reader): void {
    this.#append(frameOf, nowMs, author, null);
  }

  /** An id for a message that a client posts. */
  newPostId(): MessageId {
    return `${this.#run}-${crypto.randomUUID().slice(24)}` as MessageId;
  }

  /**
   * A reader from the message after `since`, or from the first that no reader has taken. `isResumed` is false if
   * `since` is not kept, so that messages may be missing.
   */
  open(
    since: string | null,
    seesPosts = false,
  ): { readonly reader: Reader; readonly isResumed: boolean } {
    const place = since === null ? null : this.#placeAfter(since);
    const isResumed = place !== null && place >= this.#first;
    const reader: Reader = new Reader(isResumed ? place : this.#taken, {
      next: (from) => this.#next(from, reader, seesPosts),
      taken: (until) => this.#take(until),
      closed: () => void this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return { reader, isResumed };
  }

  /** Rejects what has waited for a reader since before `untilMs`. */
  expire(untilMs: number, reason: string): void {
    for (const entry of this.#waiting()) {
      if (entry.addedAtMs > untilMs) return;
      entry.withdrawn = true;
      settle(entry, { outcome: "rejected", reason });
    }
  }

  /** Ends all readers once they have got what they were handed; the rest is unsent. */
  close(): void {
    for (const entry of this.#waiting()) this.#withdraw(entry, "the API has stopped");
    for (const reader of [...this.#readers]) reader.close();
  }

  /** After `close`: what readers were handed and did not take is of unknown outcome. The feed can be used again. */
  end(): void {
    for (const entry of this.#waiting()) {
      settle(entry, { outcome: "unknown", reason: "no client finished reading it" });
    }
    this.#taken = this.#handed = this.#first + this.#entries.length;
    this.#forget();
  }

  #append(
    frameOf: (id: MessageId) => string,
    addedAtMs: number,
    author: Reader | null,
    settle: ((receipt: Receipt) => void) | null,
  ): Entry {
    const place = this.#first + this.#entries.length;
    const id = `${this.#run}.${place}` as MessageId;
    const frame = frameOf(id);
    const entry = { place, id, frame, addedAtMs, author, settle, withdrawn: false };
    this.#entries.push(entry);
    this.#length += frame.length;
    this.#forget();
    for (const reader of this.#readers) reader.wake();
    return entry;
  }

  #placeAfter(id: string): number | null {
    const [, run, place] = /^(\w+)\.(\d{1,15})$/.exec(id) ?? [];
    if (run !== this.#run || place === undefined) return null;
    return Number(place) < this.#first + this.#entries.length ? Number(place) + 1 : null;
  }

  /** At most one batch of what follows from this place on; null if that is no longer kept. */
  #next(from: number, reader: Reader, seesPosts: boolean): Batch | null {
    if (from < this.#first) return null;
    const frames: string[] = [];
    let length = 0;
    let until = from;
    for (let at = from - this.#first; at < this.#entries.length && length < BATCH_LENGTH; at++) {
      const entry = this.#entries[at];
      until++;
      if (entry === undefined || entry.withdrawn) continue;
      if (entry.author !== null && (!seesPosts || entry.author === reader)) continue;
      frames.push(entry.frame);
      length += entry.frame.length;
    }
    this.#handed = Math.max(this.#handed, until);
    return { frames, until };
  }

  #take(until: number): void {
    for (const entry of this.#waiting()) {
      if (entry.place >= until) break;
      settle(entry, { outcome: "confirmed", id: entry.id });
    }
    this.#taken = Math.max(this.#taken, until);
    this.#forget();
  }

  #waiting(): readonly Entry[] {
    return this.#entries.slice(Math.max(0, this.#taken - this.#first))
      .filter((entry) => entry.settle !== null);
  }

  /** No effect on what a reader was handed: it may have been read. */
  #withdraw(entry: Entry, reason: string): void {
    if (entry.settle === null || entry.place < this.#handed) return;
    entry.withdrawn = true;
    settle(entry, { outcome: "unsent", reason });
  }

  /** Drops the oldest of what was taken, and the readers that had not read it. */
  #forget(): void {
    let drop = 0;
    while (this.#first + drop < this.#taken) {
      if (this.#entries.length - drop <= this.#keep && !this.isHeavy) break;
      this.#length -= this.#entries[drop]?.frame.length ?? 0;
      drop++;
    }
    if (drop === 0) return;
    this.#entries.splice(0, drop);
    this.#first += drop;
    for (const reader of [...this.#readers]) reader.keepUp(this.#first);
  }
}

function settle(entry: Entry, receipt: Receipt): void {
  const settle = entry.settle;
  entry.settle = null;
  settle?.(receipt);
}

interface Batch {
  readonly frames: readonly string[];
  /** The place after the last of them. */
  readonly until: number;
}

interface Source {
  next(from: number): Batch | null;
  taken(until: number): void;
  closed(): void;
}

/** One client's place in the feed. */
export class Reader {
  readonly #source: Source;
  #place: number;
  #wake: (() => void) | null = null;
  #closed = false;
  #isTooSlow = false;

  constructor(place: number, source: Source) {
    this.#place = place;
    this.#source = source;
  }

  /** True when it ended because messages that it had not read are no longer kept. */
  get isTooSlow(): boolean {
    return this.#isTooSlow;
  }

  /** The next frames as soon as there are any; null at the end. Asking for more confirms those given before. */
  async next(): Promise<readonly string[] | null> {
    while (true) {
      this.taken();
      const frames = this.now();
      if (frames === null || frames.length > 0) return frames;
      if (this.#closed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** The frames that are there now, at most one batch; null when it was too slow. */
  now(): readonly string[] | null {
    const batch = this.#isTooSlow ? null : this.#source.next(this.#place);
    if (batch === null) return null;
    this.#place = batch.until;
    return batch.frames;
  }

  /** What was given out has reached the client. */
  taken(): void {
    if (!this.#isTooSlow) this.#source.taken(this.#place);
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** What stands before `first` is gone: a reader that is still there could not keep up. */
  keepUp(first: number): void {
    if (this.#place >= first) return;
    this.#isTooSlow = true;
    this.close();
  }

  /** It gets nothing new, and `next` ends once it has got what is there. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#source.closed();
    this.wake();
  }
}
