import type { Clock } from "../../base/clock.ts";
import { type IrcMessage, serverTimeMs } from "./wire/message.ts";

/** The server's clock is known from its first line to within this. */
const TOLERANCE_MS = 2_000;
/** As long as it is not known, its clock may differ from ours by this much. */
const UNKNOWN_CLOCK_MS = 120_000;

/** Tells lines from before the connection, which bouncers and servers play back, by their time on the server's clock. */
export class PlaybackFilter {
  readonly #clock: Clock;
  /** By the clock that never jumps: somebody may set the other one at any moment. */
  #connectedAtMonotonic = 0;
  /** When the connection began, by the server's clock. */
  #connectedMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  connected(): void {
    this.#connectedAtMonotonic = this.#clock.monotonic();
  }

  /**
   * Learns the server's clock from lines that it writes at this moment; a bouncer replays even its welcome. Some servers
   * stamp only what people do: there our own entry (`own`) tells.
   */
  observe(message: IrcMessage, own: boolean): void {
    const { command } = message;
    if (command !== "PONG" && command !== "CAP" && !(own && command === "JOIN")) return;
    const atMs = serverTimeMs(message);
    if (atMs !== null) this.#connectedMs ??= atMs - this.#livedMs();
  }

  isOld(message: IrcMessage): boolean {
    const atMs = serverTimeMs(message);
    if (atMs === null) return false;
    return this.#connectedMs === null
      ? atMs < this.#clock.now() - this.#livedMs() - UNKNOWN_CLOCK_MS
      : atMs < this.#connectedMs - TOLERANCE_MS;
  }

  #livedMs(): number {
    return this.#clock.monotonic() - this.#connectedAtMonotonic;
  }
}
