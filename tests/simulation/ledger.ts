import type { EndpointId } from "../../src/relay/port/ids.ts";
import type { Piece } from "./hidden.ts";
import { hashOf } from "./random.ts";

/** A message of a person, as the simulation knows it. Times are the world's, in milliseconds. */
export interface Said {
  readonly number: number;
  readonly origin: EndpointId;
  readonly speaker: string;
  readonly saidMs: number;
  /** An edit of that message, else null. */
  readonly edits: number | null;
  readonly text: string;
  /** Nothing of it can be relayed: it is empty. */
  readonly empty: boolean;
  /** It has several lines, and all of them are the same words. */
  readonly repeats: boolean;
  /** Something is thrown when it is handled there. */
  readonly poison: "render" | "compose" | null;
  /** When it was taken back. */
  deletedMs: number | null;
  /** When the relay heard that it was taken back. */
  deletionHeardMs: number | null;
  /** When it was handed to a living relay as it was said. */
  heardMs: number | null;
  /** It was heard before the channel was entered for good. */
  isEarly: boolean;
  /** When histories showed it to a living relay. */
  readonly readMs: number[];
  /** When and by which process it was taken over. */
  takenMs: number | null;
  takenBy: number | null;
  /** Where it was to go when it was taken over. */
  takenFor: readonly EndpointId[];
  /** The service forgot it before it was read. */
  forgotten: boolean;
  /** It stood in a history, behind what is read of one. */
  cut: boolean;
}

/** A line of ours that a service took. */
export interface Shown {
  readonly endpoint: EndpointId;
  readonly pieces: readonly Piece[];
  /** What people read, for lines that bear no number. */
  readonly text: string;
  /** When the core gave it to its bridge: from here on it can't be taken back. */
  readonly sentMs: number;
  /** When the service took it. */
  readonly takenMs: number;
  /** When people see it; null when they never do. */
  shownMs: number | null;
  /** When the relay was told that it is shown. */
  confirmedMs: number | null;
  /** When histories showed it to a living relay, with the text that was sent. */
  readonly readMs: number[];
  deletedMs: number | null;
}

export interface Dropped {
  readonly endpoint: EndpointId;
  readonly numbers: readonly number[];
  readonly deliveries: number;
  readonly cause: string;
  readonly atMs: number;
  readonly acceptedMs: number;
}

/** Something that left the relay and that its service never took. */
export interface LostOnWay {
  readonly endpoint: EndpointId;
  readonly numbers: readonly number[];
  readonly sentMs: number;
}

/** The end of a process that nobody asked for, and what it took along. */
export interface Death {
  readonly process: number;
  readonly atMs: number;
  /** In the middle of which call of the store; null for none. */
  readonly storeCall: string | null;
  /** Since when it could not write to the disk; null when it could. */
  readonly unwrittenSinceMs: number | null;
}

/** Everything that happened, as it is told to the judge; and the trace, byte for byte the same for the same seed. */
export class Ledger {
  readonly said = new Map<number, Said>();
  readonly shown: Shown[] = [];
  readonly dropped: Dropped[] = [];
  readonly deaths: Death[] = [];
  /** When a process stopped as it was asked to, or an account was replaced. */
  readonly endsMs: number[] = [];
  readonly lostOnWay: LostOnWay[] = [];
  /** "endpoint number" -> when the core gave it to its bridge for the first time. */
  readonly given = new Map<string, number>();
  /** Of what was refused or lost: "endpoint number" -> the texts that were sent. */
  readonly unseen = new Map<string, string[]>();
  /** "endpoint number" of what a service refused for good. */
  readonly refused = new Set<string>();
  /** What must not happen at all: a promise that nobody caught, a link that does not come back … */
  readonly faults: string[] = [];
  readonly errors: string[] = [];
  readonly lines: string[] = [];
  readonly counts = new Map<string, number>();
  #hash = 0;
  readonly #keepsLines: boolean;
  readonly #now: () => number;

  constructor(now: () => number, keepsLines: boolean) {
    this.#now = now;
    this.#keepsLines = keepsLines;
  }

  /** What tells two runs apart. */
  get fingerprint(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  /** The core gives a part to its bridge. */
  give(endpoint: EndpointId, pieces: readonly Piece[]): void {
    for (const { number } of pieces) {
      const key = `${endpoint} ${number}`;
      if (!this.given.has(key)) this.given.set(key, this.#now());
    }
  }

  /** Throws as a bridge would that can't render one of these. */
  mustRender(numbers: readonly number[]): void {
    if (numbers.some((number) => this.said.get(number)?.poison === "render")) {
      throw new Error("cannot render this");
    }
  }

  /** A line that nobody saw. */
  unseenLine(endpoint: EndpointId, numbers: readonly number[], text: string): void {
    for (const number of numbers) {
      const key = `${endpoint} ${number}`;
      this.unseen.set(key, [...this.unseen.get(key) ?? [], text]);
    }
  }

  trace(what: string): void {
    const line = `${this.#now().toFixed(1)} ${what}`;
    this.#hash = hashOf(this.#hash, line);
    if (this.#keepsLines) this.lines.push(line);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  fault(what: string): void {
    this.faults.push(what);
    this.trace(`FAULT ${what}`);
  }
}
