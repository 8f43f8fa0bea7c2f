import { setImmediate } from "node:timers";

interface Appointment {
  readonly atMs: number;
  readonly order: number;
  act: (() => void) | null;
}

/** Takes an appointment back. Idempotent. */
export type Cancel = () => void;

/** All times are multiples of this part of a millisecond, so that sums and differences of them are exact. */
const PARTS = 1024;

export function exactly(ms: number): number {
  return Math.ceil(ms * PARTS) / PARTS;
}

/**
 * The world's time: it stands still while anything can run, and then goes to the next appointment. Two appointments of
 * one instant come in the order in which they were made.
 */
export class Timeline {
  readonly #heap: Appointment[] = [];
  #nowMs = 0;
  #made = 0;
  #live = 0;

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many wait. */
  get size(): number {
    return this.#live;
  }

  at(atMs: number, act: () => void): Cancel {
    const appointment: Appointment = { atMs: exactly(atMs), order: this.#made++, act };
    this.#push(appointment);
    this.#live++;
    return () => {
      if (appointment.act === null) return;
      appointment.act = null;
      this.#live--;
    };
  }

  after(waitMs: number, act: () => void): Cancel {
    return this.at(this.#nowMs + Math.max(0, waitMs), act);
  }

  /** Somebody holds everything up: what was due meanwhile comes late. */
  block(forMs: number): void {
    this.#nowMs += exactly(forMs);
  }

  /** Plays until `endMs`, or until `isOver` says so; it is asked after each appointment. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    const endMs = exactly(untilMs);
    await allRun();
    for (let next = this.#peek(); next !== undefined && next.atMs <= endMs; next = this.#peek()) {
      this.#pop();
      const act = next.act;
      if (act === null) continue;
      next.act = null;
      this.#live--;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      act();
      await allRun();
      if (isOver()) return;
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #peek(): Appointment | undefined {
    return this.#heap[0];
  }

  #push(appointment: Appointment): void {
    const heap = this.#heap;
    let at = heap.push(appointment) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, appointment)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = appointment;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, child)) {
        below++;
        child = right;
      }
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(one: Appointment, other: Appointment): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** A turn of the event loop comes when no promise is left that could run. */
function allRun(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
