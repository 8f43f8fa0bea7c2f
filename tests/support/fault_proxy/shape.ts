/** Seen from the proxy: from the client to the server, or back. */
export type Direction = "toServer" | "toClient" | "both";

/** How one direction treats what goes through. */
export interface Way {
  stalled: boolean;
  delayMs: number;
  /** Infinity: without limit. */
  bytesPerSecond: number;
}

export interface Shape {
  toServer: Way;
  toClient: Way;
}

/** Lets everything through. */
export function newShape(): Shape {
  const open = (): Way => ({ stalled: false, delayMs: 0, bytesPerSecond: Infinity });
  return { toServer: open(), toClient: open() };
}
