import type { Part, Receipt } from "../../../relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";

/** A line that has left and whose fate is not known. */
export interface Flight {
  readonly channel: ChannelId;
  readonly part: Part;
  /** The text of this very line; a part that became too long takes several. */
  readonly text: string;
  readonly label: string | null;
  readonly sentAtMs: number;
  /** The name that RELAYMSG was to show; null for PRIVMSG. */
  readonly speaker: string | null;
  /** The last line of its part: it settles the whole. */
  readonly last: boolean;
  readonly settle: (receipt: Receipt) => void;
  /** Sends the part again, ahead of what waits for its channel. */
  readonly again: (how: Again) => void;
  /** Set once a fence stands behind the line. */
  fenced: boolean;
  /** What came back by the bouncer's word alone: proves nothing until the network answers. */
  echo: Shown | null;
  /** Lines under our nick with other words: the echo as the server altered it, or another client's. */
  strange: Strange[];
}

/** How the service showed a line; `atMs` by its clock. */
export interface Shown {
  readonly id: MessageId | null;
  readonly atMs: number | null;
}

/** A line under our own nick; `otherwise` is called when it is no echo of ours. */
export interface Strange extends Shown {
  readonly otherwise: () => void;
}

/** How a refused part is sent again. */
export interface Again {
  /** Without formatting. */
  readonly plain?: boolean;
  /** Each line by itself. */
  readonly single?: boolean;
  /** With a name that is easier to take, or under our own nick. */
  readonly name?: "repaired" | "ours";
  readonly waitMs?: number;
}

/** Lines under way, oldest first, and how the server's answers find theirs. */
export class Flights {
  #list: Flight[] = [];

  get size(): number {
    return this.#list.length;
  }

  get oldestUnfenced(): Flight | null {
    return this.#list.find((flight) => !flight.fenced) ?? null;
  }

  has(flight: Flight): boolean {
    return this.#list.includes(flight);
  }

  add(flight: Flight): void {
    this.#list.push(flight);
  }

  /** Lines that no fence stands behind yet; from now on one does. */
  takeUnfenced(): readonly Flight[] {
    const unfenced = this.#list.filter((flight) => !flight.fenced);
    for (const flight of unfenced) flight.fenced = true;
    return unfenced;
  }

  labelled(label: string): Flight | null {
    return this.#list.find((flight) => flight.label === label) ?? null;
  }

  of(channel: ChannelId): readonly Flight[] {
    return this.#list.filter((flight) => flight.channel === channel);
  }

  /** Messages under way to a channel. */
  messagesOf(channel: ChannelId): readonly Flight[] {
    return this.of(channel).filter((flight) => flight.part.kind === "message");
  }

  topicOf(channel: ChannelId): Flight | null {
    return this.of(channel).find((flight) => flight.part.kind === "topic") ?? null;
  }

  /**
   * The one line that an answer without a label can mean: that to this channel (to any, where the server names none).
   * Null where there are several: a guess would end the wrong one.
   */
  only(channel: ChannelId | null): Flight | null {
    const here = channel === null ? this.#list : this.of(channel);
    const parts = new Set(here.map((flight) => flight.part));
    return parts.size === 1 ? here[0] ?? null : null;
  }

  /** Everything so far has been worked off and nothing was refused. */
  confirmAll(): void {
    for (const flight of [...this.#list]) this.confirm(flight, flight.echo);
  }

  confirm(flight: Flight, shown: Shown | null): void {
    if (!this.remove(flight) || !flight.last) return;
    const atMs = shown?.atMs ?? null;
    const when = atMs === null ? {} : { atMs };
    flight.settle({ outcome: "confirmed", id: shown?.id ?? null, ...when });
  }

  /** Ends a line, and with it its part. */
  settle(flight: Flight, receipt: Receipt): void {
    if (!this.remove(flight)) return;
    this.#list = this.#list.filter((other) => other.part !== flight.part);
    flight.settle(receipt);
  }

  /** Takes a line and the others of its part out without settling them. False when it was settled before. */
  retract(flight: Flight): boolean {
    if (!this.remove(flight)) return false;
    this.#list = this.#list.filter((other) => other.part !== flight.part);
    return true;
  }

  /** Takes a line out without settling it. False when it was settled before. */
  remove(flight: Flight): boolean {
    const index = this.#list.indexOf(flight);
    if (index === -1) return false;
    this.#list.splice(index, 1);
    return true;
  }

  /** The link has ended: nobody knows what became of them. */
  end(reason: string): void {
    const left = this.#list;
    this.#list = [];
    for (const flight of left) flight.settle({ outcome: "unknown", reason });
  }
}
