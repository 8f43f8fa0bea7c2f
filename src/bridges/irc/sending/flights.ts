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
  /** Set once a fence stands behind the line. */
  fenced: boolean;
  /** The last line of its part: it settles the whole. */
  readonly last: boolean;
  readonly settle: (receipt: Receipt) => void;
  /** Sends the part again, ahead of what waits; `plain` without formatting. */
  readonly again: (plain: boolean) => void;
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

  add(flight: Flight): void {
    this.#list.push(flight);
  }

  /** Lines that no fence stands behind yet; from now on one does. */
  takeUnfenced(): readonly Flight[] {
    const unfenced = this.#list.filter((flight) => !flight.fenced);
    for (const flight of unfenced) flight.fenced = true;
    return unfenced;
  }

  get unfenced(): number {
    return this.#list.filter((flight) => !flight.fenced).length;
  }

  labelled(label: string): Flight | null {
    return this.#list.find((flight) => flight.label === label) ?? null;
  }

  /**
   * The line whose echo this is: the same text first, else the oldest of that channel, because servers may alter a
   * text (filters, stripped colours) but not the order.
   */
  echoed(channel: ChannelId, text: string): Flight | null {
    const here = this.#list.filter((flight) =>
      flight.channel === channel && flight.part.kind === "message"
    );
    return here.find((flight) => flight.text === text) ?? here[0] ?? null;
  }

  topicOf(channel: ChannelId): Flight | null {
    return this.#list.find((flight) =>
      flight.channel === channel && flight.part.kind === "topic"
    ) ?? null;
  }

  /** Everything so far has been worked off and nothing was refused. */
  confirmAll(): void {
    for (const flight of [...this.#list]) this.confirm(flight, null);
  }

  /** The oldest line of a channel (of any channel, where the server names none). */
  oldestOf(channel: ChannelId | null): Flight | null {
    return this.#list.find((flight) => channel === null || flight.channel === channel) ?? null;
  }

  confirm(flight: Flight, id: MessageId | null): void {
    if (this.remove(flight) && flight.last) flight.settle({ outcome: "confirmed", id });
  }

  reject(flight: Flight, reason: string): void {
    if (this.remove(flight)) flight.settle({ outcome: "rejected", reason });
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
